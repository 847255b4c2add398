"""Confidence intervals of means over cases. Cases of one cluster share a source, so they are not independent."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isclose, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Bounds = tuple[float, float]
Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

RESAMPLES = 10_000
BLOCK = 1_000_000
"""Draws held in memory at once: 16 MB or so, however many clusters there are."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over `n` cases in `clusters` clusters, and its confidence interval."""

    mean: float
    low: float
    high: float
    n: int
    clusters: int
    method: Literal["wilson", "cluster bootstrap"]


def mean_interval(values: Sequence[float], clusters: Sequence[str], confidence: float = 0.95) -> Interval:
    """The mean of `values` (n,) with the interval that suits them; `clusters` (n,) names each value's cluster.

    - 0/1 values, no two in one cluster: Wilson.
    - Anything else: cluster bootstrap.
    - Values in [0, 1] whose clusters don't differ (all found, or a single cluster): a bootstrap would claim certainty.
      Wilson, counting each cluster once: no variable in [0, 1] varies more than a 0/1 one of the same mean.

    Raises:
        ValueError: no value, a value that is not finite, or lengths that differ.
    """
    data, members = _checked(values, clusters)
    n, groups, mean = data.size, int(members.max()) + 1, float(data.mean())
    bounded = bool(((data >= 0) & (data <= 1)).all())
    if groups == n and bool(np.isin(data, (0, 1)).all()):
        return Interval(mean, *wilson_interval(mean * n, n, confidence), n, groups, "wilson")
    low, high = _bootstrap(data, members, confidence, RESAMPLES, seed=0)
    if bounded and (groups == 1 or isclose(low, high, abs_tol=1e-9)):
        return Interval(mean, *wilson_interval(mean * groups, groups, confidence), n, groups, "wilson")
    return Interval(mean, low, high, n, groups, "cluster bootstrap")


def wilson_interval(successes: float, n: int, confidence: float = 0.95) -> Bounds:
    """Score interval of a proportion, within [0, 1]. It holds for small `n` and near 0 and 1; cases are independent.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} is no proportion")
    z, share = _z(confidence), successes / n
    centre = share + z * z / (2 * n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def cluster_bootstrap_interval(
    values: Sequence[float],
    clusters: Sequence[str],
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Bounds:
    """Interval of the mean of `values` (n,), whole clusters drawn with replacement; same seed, same interval.

    Each resample's mean is the ratio of its sum to its number of cases, as clusters differ in size. The percentiles
    are widened for few clusters; one cluster alone says nothing of the spread: (-inf, inf).

    Sources: Field & Welsh, "Bootstrapping clustered data", JRSS B 69(3), 2007; Miller, "Adding error bars to evals",
    arXiv 2411.00640 (why clusters); Hesterberg, "What teachers should know about the bootstrap", The American
    Statistician 69(4), 2015 (the expanded percentile).
    """
    return _bootstrap(*_checked(values, clusters), confidence, resamples, seed)


def _bootstrap(data: Floats, members: Ints, confidence: float, resamples: int, seed: int) -> Bounds:
    sums = np.bincount(members, weights=data)
    counts = np.bincount(members)
    groups = counts.size
    if groups == 1:
        return -inf, inf
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    block = max(1, BLOCK // groups)
    for start in range(0, resamples, block):
        drawn = rng.integers(groups, size=(min(block, resamples - start), groups))
        means[start : start + block] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    tail = _expanded_tail(confidence, groups)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _expanded_tail(confidence: float, groups: int) -> float:
    """Share of resamples below the interval. The plain one is too narrow: by sqrt((g-1)/g), and by z in place of t."""
    from scipy.special import stdtrit

    t = float(stdtrit(groups - 1, 0.5 + confidence / 2))
    return NormalDist().cdf(-t * sqrt(groups / (groups - 1)))


def _checked(values: Sequence[float], clusters: Sequence[str]) -> tuple[Floats, Ints]:
    """The values, and for each the number of its cluster, from 0."""
    data = np.asarray(values, dtype=np.float64)
    if not data.size or data.size != len(clusters):
        raise ValueError(f"{data.size} values in {len(clusters)} named clusters: one cluster for each, at least one")
    if not np.isfinite(data).all():
        raise ValueError("every value must be finite; leave out what was not scored")
    return data, np.unique(np.asarray(clusters), return_inverse=True)[1]


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)
