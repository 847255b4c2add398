"""How many cases a bar needs, and how likely a comparison is to clear it."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, exp, pi, sqrt
from statistics import NormalDist

import numpy as np
from scipy.stats import binom, nct
from scipy.stats import t as student

from eval.stats.clustered import FEW, PRIOR
from eval.stats.paired_binary import discordance_sd, tango_z

MOST = 200_000
"""Cases: a bar that needs more can't be cleared in practice."""
UNLIKELY = 1e-9


@dataclass(frozen=True, slots=True)
class Spread:
    """How much cases differ between two variants: shares gained and lost (binary), or the standard deviation of a case's difference.

    `design`: how many times the variance of the mean is that of as many independent cases (1 without clusters); `per_cluster`:
    cases in an average cluster; `skew`: of a cluster's difference (third moment over the cubed standard deviation).
    """

    gained: float
    lost: float
    sd: float
    design: float = 1.0
    per_cluster: float = 1.0
    binary: bool = True
    skew: float = 0.0

    @classmethod
    def of_discordance(cls, discordance: float, difference: float = 0.0) -> "Spread":
        """Independent yes/no cases of which the share `discordance` ends differently, by `difference` more for the better."""
        if not abs(difference) <= discordance <= 1:
            raise ValueError(f"a difference of {difference} with {discordance} of the cases differing is not possible")
        gained, lost = (discordance + difference) / 2, (discordance - difference) / 2
        return cls(gained, lost, discordance_sd(gained, lost))


def power_to_ship(spread: Spread, n: int, margin: float, difference: float, confidence: float = 0.95) -> float:
    """Probability that `n` cases show the candidate no worse than `margin`, if it truly differs by `difference`."""
    if spread.binary and spread.design == 1.0:
        return _exact(_moved(spread, difference), n, margin, confidence, side=1)
    return _clustered(spread, n, margin, difference, confidence, side=1)


def power_to_reject(spread: Spread, n: int, margin: float, difference: float, confidence: float = 0.95) -> float:
    """Probability that `n` cases show the candidate to be worse by more than `margin`."""
    if spread.binary and spread.design == 1.0:
        return _exact(_moved(spread, difference), n, margin, confidence, side=-1)
    return _clustered(spread, n, margin, difference, confidence, side=-1)


def cases_needed(power: Callable[[int], float], wanted: float) -> int | None:
    """The least number of cases with at least the `wanted` power; None where `MOST` don't give it."""
    low, high = 1, 8
    while power(high) < wanted:
        low, high = high, high * 2
        if high > MOST:
            return None
    while high - low > max(1, low // 200):
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= wanted else (middle, high)
    return high


def _moved(spread: Spread, difference: float) -> tuple[float, float]:
    """Shares gained and lost with the same share that differs, as far as the difference allows."""
    differing = min(1.0, max(spread.gained + spread.lost, abs(difference)))
    return (differing + difference) / 2, (differing - difference) / 2


def _exact(shares: tuple[float, float], n: int, margin: float, confidence: float, side: int) -> float:
    """Summed over what can be seen of n cases: the number that differ, and of those the number gained (a coin of their own).

    `side`: 1 for "no worse than the margin", -1 for "worse". Beyond 2,000 cases the normal distribution of the same score.
    """
    gained, lost = shares
    differing = gained + lost
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    if differing <= 0:
        return float(side * float(tango_z(0, 0, n, -margin)) > z)
    if n > 2000:
        mean, sd = gained - lost + margin, discordance_sd(gained, lost) / sqrt(n)
        return NormalDist().cdf(side * mean / sd - z) if sd else float(side * mean > 0)
    least, most = binom.ppf([UNLIKELY, 1 - UNLIKELY], n, min(differing, 1.0)).astype(int)
    total = 0.0
    for count in range(int(least), int(most) + 1):
        up = np.arange(count + 1, dtype=np.float64)
        passes = side * tango_z(up, count - up, n, -margin) > z
        if passes.any():
            chance = binom.pmf(up, count, gained / differing)
            total += float(binom.pmf(count, n, min(differing, 1.0))) * float(chance[passes].sum())
    return min(1.0, total)


def _clustered(spread: Spread, n: int, margin: float, difference: float, confidence: float, side: int) -> float:
    """Of the interval that so many clusters get; see `paired_interval`."""
    clusters = max(2, round(n / spread.per_cluster))
    if (spread.gained + spread.lost) * clusters < 2 * FEW:
        return _exact(_moved(spread, difference), clusters, margin, confidence, side)
    return _by_t(spread, n, clusters, side * (difference + margin), confidence, side)


def _by_t(spread: Spread, n: int, clusters: int, distance: float, confidence: float, side: int) -> float:
    """Of the clusters' t-statistic: the noncentral t distribution, corrected for skew by the first term of its Edgeworth expansion.

    A skewed mean comes with an error that moves along with it: (z + ncp)(1 - skew z / 2 sqrt(g)) exceeds the critical value from
    a z on that lies lower by skew z c / 2 sqrt(g). Source: P. Hall, "The Bootstrap and Edgeworth Expansion", 1992, section 2.6.
    """
    error = max(sqrt(spread.sd**2 * spread.design / n), 1e-12)
    taken = sqrt(error**2 + 2 * PRIOR / clusters**2)
    critical = float(student.ppf(0.5 + confidence / 2, clusters - 1)) * taken / error
    x, skew = critical - distance / error, side * spread.skew / sqrt(clusters)
    density = exp(-x * x / 2) / sqrt(2 * pi)
    skewed = density * skew * (x * critical / 2 - (x * x - 1) / 6)
    return float(min(1.0, max(0.0, nct.sf(critical, clusters - 1, distance / error) - skewed)))


def more_cases(now: int, needed: int | None) -> int | None:
    """How many cases are missing, in a round number that is no less."""
    if needed is None:
        return None
    missing = max(1, needed - now)
    step = 10 ** max(0, len(str(missing)) - 2)
    return int(ceil(missing / step) * step)
