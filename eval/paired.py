"""Did a change make the same cases better? Differences case by case, so that a case's own difficulty drops out."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose
from typing import Literal

import numpy as np

from eval.stats import Bounds, Floats, cluster_bootstrap_interval, wilson_interval

RESAMPLES = 10_000
EXACT = 13
"""Up to so many clusters that differ, all 2^13 sign patterns are fewer than the draws would be."""


@dataclass(frozen=True, slots=True)
class Difference:
    """After less before, over `n` cases in `clusters` clusters, with its interval and the p-value of "no difference"."""

    before: float
    after: float
    mean: float
    low: float
    high: float
    p: float
    better: int
    worse: int
    equal: int
    n: int
    clusters: int
    method: Literal["wilson", "cluster bootstrap"]


def paired_difference(
    before: Sequence[float], after: Sequence[float], clusters: Sequence[str], confidence: float = 0.95
) -> Difference:
    """The difference of two scores in [0, 1] of the same cases, (n,) each; `clusters` (n,) names each case's cluster.

    The interval is a cluster bootstrap of the differences. Where no cluster differs from another, that would claim
    certainty; see `_without_spread`.

    Raises:
        ValueError: no case, lengths that differ, or a score outside [0, 1].
    """
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if old.size != new.size:
        raise ValueError(f"{old.size} scores before, {new.size} after: one of each for every case")
    if not all(((scores >= 0) & (scores <= 1)).all() for scores in (old, new)):
        raise ValueError("every score must be in [0, 1]; leave out what was not scored")
    change = new - old
    low, high = cluster_bootstrap_interval(change.tolist(), clusters, confidence)
    groups, mean = len(set(clusters)), float(change.mean())
    flat = groups == 1 or isclose(low, high, abs_tol=1e-9)
    if flat:
        low, high = _without_spread(mean, groups, confidence)
    better, worse = int((change > 0).sum()), int((change < 0).sum())
    return Difference(
        float(old.mean()),
        float(new.mean()),
        mean,
        low,
        high,
        sign_flip_p(change.tolist(), clusters),
        better,
        worse,
        change.size - better - worse,
        change.size,
        groups,
        "wilson" if flat else "cluster bootstrap",
    )


def sign_flip_p(changes: Sequence[float], clusters: Sequence[str], seed: int = 0) -> float:
    """Two-sided p-value of a randomisation test: without a difference, before and after could swap in any cluster.

    Exact for up to `EXACT` clusters that differ, else by `RESAMPLES` draws: same seed, same value. 1.0 where none differs.

    Source: Smucker, Allan & Carterette, "A comparison of statistical significance tests for information retrieval
    evaluation", CIKM 2007.
    """
    members = np.unique(np.asarray(clusters), return_inverse=True)[1]
    sums: Floats = np.bincount(members, weights=np.asarray(changes, dtype=np.float64)).astype(np.float64)
    sums = sums[np.abs(sums) > 1e-12]
    if not sums.size:
        return 1.0
    # Sums that are equal in exact arithmetic must not fall below the observed one by rounding.
    reached = np.abs(_flipped(sums, seed)) >= abs(sums.sum()) - 1e-9
    if sums.size <= EXACT:
        return float(reached.mean())
    # What was observed is one of the patterns: a share of drawn ones alone could be 0.
    return float((reached.sum() + 1) / (reached.size + 1))


def _flipped(sums: Floats, seed: int) -> Floats:
    """The total under every sign pattern where they are few, else under drawn ones."""
    if sums.size <= EXACT:
        patterns = np.arange(2**sums.size)[:, None] >> np.arange(sums.size) & 1
    else:
        patterns = np.random.default_rng(seed).integers(2, size=(RESAMPLES, sums.size))
    return np.asarray((2 * patterns - 1) @ sums, dtype=np.float64)


def _without_spread(mean: float, groups: int, confidence: float) -> Bounds:
    """An interval where all clusters changed by the same amount, within [-1, 1].

    None changed: the mean can't be further from 0 than the share of clusters that change, of which 0 of `groups` were seen.
    All changed alike: Wilson, counting each cluster once, as if a change were all or nothing: nothing varies more.
    """
    if isclose(mean, 0, abs_tol=1e-9):
        most = wilson_interval(0, groups, confidence)[1]
        return -most, most
    low, high = wilson_interval((mean + 1) / 2 * groups, groups, confidence)
    return 2 * low - 1, 2 * high - 1
