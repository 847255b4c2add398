"""How many cases a bar needs, and how likely a comparison is to clear it."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

import numpy as np
from scipy.stats import binom, nct
from scipy.stats import t as student

from eval.stats.clustered import PRIOR
from eval.stats.paired_binary import discordance_sd, tango_z

MOST = 200_000
"""Cases: a bar that needs more can't be cleared in practice."""
UNLIKELY = 1e-9


@dataclass(frozen=True, slots=True)
class Spread:
    """How much cases differ between two variants: shares gained and lost (binary), or the standard deviation of a case's difference.

    `design`: how many times the variance of the mean is that of as many independent cases (1 without clusters); `per_cluster`:
    cases in an average cluster.
    """

    gained: float
    lost: float
    sd: float
    design: float = 1.0
    per_cluster: float = 1.0
    binary: bool = True

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
    return _by_t(spread, n, difference + margin, confidence)


def power_to_reject(spread: Spread, n: int, margin: float, difference: float, confidence: float = 0.95) -> float:
    """Probability that `n` cases show the candidate to be worse by more than `margin`."""
    if spread.binary and spread.design == 1.0:
        return _exact(_moved(spread, difference), n, margin, confidence, side=-1)
    return _by_t(spread, n, -(difference + margin), confidence)


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


def _by_t(spread: Spread, n: int, distance: float, confidence: float) -> float:
    """Of the clusters' t-statistic, from the noncentral t distribution."""
    clusters = max(2.0, n / spread.per_cluster)
    own = spread.sd**2 * spread.design / n
    taken = sqrt(own + 2 * PRIOR / clusters**2)
    critical = float(student.ppf(0.5 + confidence / 2, clusters - 1))
    return float(nct.sf(critical * taken / max(sqrt(own), 1e-12), clusters - 1, distance / max(sqrt(own), 1e-12)))


def more_cases(now: int, needed: int | None) -> int | None:
    """How many cases are missing, in a round number that is no less."""
    if needed is None:
        return None
    missing = max(1, needed - now)
    step = 10 ** max(0, len(str(missing)) - 2)
    return int(ceil(missing / step) * step)
