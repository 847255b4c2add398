"""The interval of a mean difference over clusters: graded scores, repeats averaged, or cases that share a source."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import stdtrit

from eval.stats.means import Bounds, Floats, Ints

FEW = 10
"""With fewer clusters that differ, neither bootstrap nor t knows the spread: each cluster then counts as one case, all or nothing."""
RESAMPLES = 4_000
BLOCK = 500
"""Resamples weighed at once where clusters are many."""
PRIOR = 0.25
"""As if a quarter of a cluster had gained and a quarter lost everything: where few clusters differ, the spread seen is too small."""
RESAMPLED_PRIOR = 0.1
"""The same for each resample, in many of which hardly any cluster differs."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Sums of the differences (clusters,) and numbers of cases (clusters,)."""

    sums: Floats
    sizes: Floats

    @classmethod
    def of(cls, differences: Floats, members: Ints) -> "Clusters":
        """`members` (n,): the number of each difference's cluster, from 0."""
        sums = np.bincount(members, weights=differences).astype(np.float64)
        return cls(sums, np.bincount(members).astype(np.float64))

    @property
    def count(self) -> int:
        return int(self.sums.size)

    @property
    def mean(self) -> float:
        return float(self.sums.sum() / self.sizes.sum())

    @property
    def differing(self) -> int:
        return int((np.abs(self.sums) > 1e-12).sum())

    @property
    def skew(self) -> float:
        """Of a cluster's difference: third central moment over the cubed standard deviation; 0 where none differs."""
        residuals = self.sums - self.mean * self.sizes
        spread = float(np.mean(residuals**2))
        return float(np.mean(residuals**3)) / spread**1.5 if spread > 0 else 0.0

    @property
    def error(self) -> float:
        """Standard error of the mean (a ratio: sum of differences to number of cases), by its linearisation."""
        return float(_errors(self, np.ones((1, self.count)), PRIOR)[1][0])


def clustered_interval(clusters: Clusters, tail: float, resamples: int = RESAMPLES, seed: int = 0) -> Bounds:
    """The mean's interval with probability at most `tail` beyond each end, within [-1, 1]: the wider, end by end, of two.

    The bootstrap-t follows the skew of the differences, and is too narrow where few clusters differ; mean ± t standard errors
    is the other way round. `bench/eval.py` shows how often each misses. Same seed, same interval.
    """
    if clusters.count < 2:
        return -1.0, 1.0
    plain, resampled = t_interval(clusters, tail), bootstrap_t_interval(clusters, tail, resamples, seed)
    return max(-1.0, min(plain[0], resampled[0])), min(1.0, max(plain[1], resampled[1]))


def t_interval(clusters: Clusters, tail: float) -> Bounds:
    """Mean ± Student's t with one degree of freedom less than there are clusters.

    Source: A. C. Cameron & D. Miller, "A practitioner's guide to cluster-robust inference", Journal of Human Resources 50, 2015.
    """
    half = float(stdtrit(clusters.count - 1, 1 - tail)) * clusters.error
    return clusters.mean - half, clusters.mean + half


def bootstrap_t_interval(clusters: Clusters, tail: float, resamples: int = RESAMPLES, seed: int = 0) -> Bounds:
    """Whole clusters drawn with replacement, and the t-statistic of each resample.

    Sources: B. Efron & R. Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 12.5; A. C. Cameron, J. Gelbach & D. Miller,
    "Bootstrap-based improvements for inference with clustered errors", Review of Economics and Statistics 90, 2008.
    """
    mean, error = clusters.mean, float(_errors(clusters, np.ones((1, clusters.count)), RESAMPLED_PRIOR)[1][0])
    statistics = [
        (means - mean) / errors
        for start in range(0, resamples, BLOCK)
        for means, errors in [_errors(clusters, _weights(clusters.count, start, resamples, seed), RESAMPLED_PRIOR)]
    ]
    low_t, high_t = np.quantile(np.concatenate(statistics), [tail, 1 - tail])
    # Drawing with replacement spreads a factor of (g-1)/g too little.
    widen = np.sqrt(clusters.count / (clusters.count - 1))
    return mean - float(high_t) * error * widen, mean - float(low_t) * error * widen


@lru_cache(maxsize=64)
def _weights(clusters: int, start: int, resamples: int, seed: int) -> Floats:
    """How often each cluster is drawn, (resamples of this block, clusters)."""
    rng = np.random.default_rng([seed, start])
    size = min(BLOCK, resamples - start)
    return rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=size).astype(np.float64)


def _errors(clusters: Clusters, weights: Floats, prior: float) -> tuple[Floats, Floats]:
    """Mean and standard error with each row of `weights` (rows, clusters)."""
    sums, sizes, count = clusters.sums, clusters.sizes, clusters.count
    totals = weights @ sizes
    means = weights @ sums / totals
    residuals = weights @ sums**2 - 2 * means * (weights @ (sums * sizes)) + means**2 * (weights @ sizes**2)
    pretended = 2 * prior * (totals / count) ** 2
    variance = count / (count - 1) * (np.maximum(residuals, 0) + pretended) / totals**2
    return means, np.sqrt(variance)
