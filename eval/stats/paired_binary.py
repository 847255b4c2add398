"""Two yes/no outcomes of the same cases: methods that hold for small numbers, cases independent of each other.

Of n cases, `gained` fail with the baseline and pass with the candidate, `lost` the other way round; their difference is
(gained - lost) / n.
"""

from math import comb, sqrt

import numpy as np
from scipy.optimize import brentq

from eval.stats.means import Bounds, Floats


def tango_z(gained: Floats | float, lost: Floats | float, n: int, difference: float) -> Floats:
    """Score statistic of "the true difference is `difference`", standard normal under it; arrays are taken element by element.

    The variance is that of the maximum-likelihood estimate under the hypothesis, so that it isn't zero where nothing differed.

    Source: T. Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample
    design", Statistics in Medicine 17, 1998.
    """
    up, down = np.asarray(gained, dtype=np.float64), np.asarray(lost, dtype=np.float64)
    a = 2.0 * n
    b = -up - down + (2 * n - up + down) * difference
    c = -down * difference * (1 - difference)
    # The share of lost cases under the hypothesis.
    q = np.clip((np.sqrt(np.maximum(b * b - 4 * a * c, 0)) - b) / (2 * a), 0, 1)
    variance = np.maximum(n * (2 * q + difference * (1 - difference)), 0)
    distance = up - down - n * difference
    certain = variance <= 0
    z = distance / np.sqrt(np.where(certain, 1, variance))
    return np.where(certain, np.where(np.abs(distance) < 1e-12, 0.0, np.copysign(np.inf, distance)), z)


def tango_interval(gained: float, lost: float, n: int, z: float) -> Bounds:
    """The differences that the score test does not reject at |`tango_z`| > `z`, within [-1, 1]."""
    if n < 1 or gained < 0 or lost < 0 or gained + lost > n:
        raise ValueError(f"{gained} gained and {lost} lost of {n} cases is not possible")
    seen = (gained - lost) / n

    def beyond(difference: float, side: float) -> float:
        return float(tango_z(gained, lost, n, difference)) * side - z

    edge = 1 - 1e-9
    low = -1.0 if beyond(-edge, 1) <= 0 else brentq(beyond, -edge, seen, args=(1,), xtol=1e-10)
    high = 1.0 if beyond(edge, -1) <= 0 else brentq(beyond, seen, edge, args=(-1,), xtol=1e-10)
    return float(low), float(high)


def mcnemar_p(gained: int, lost: int) -> float:
    """Exact two-sided p-value of "as many are gained as lost": the discordant cases are tosses of a fair coin.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions", Psychometrika 12, 1947.
    """
    tosses, least = gained + lost, min(gained, lost)
    tail = sum(comb(tosses, k) for k in range(least + 1)) / 2**tosses
    return float(min(1.0, 2 * tail))


def discordance_sd(gained: float, lost: float) -> float:
    """Standard deviation of one case's difference, from the shares that are gained and lost."""
    return sqrt(max(gained + lost - (gained - lost) ** 2, 0.0))
