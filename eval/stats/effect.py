"""What a change does to a metric: the paired difference, with the method that its cases allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from eval.stats.clustered import FEW, Clusters, clustered_interval
from eval.stats.means import Bounds, Floats, Ints
from eval.stats.paired_binary import mcnemar_p, tango_interval
from eval.stats.randomisation import sign_flip_p

Method = Literal["Tango", "Tango, each cluster once", "cluster bootstrap-t", "e-process", "PPI"]


@dataclass(frozen=True, slots=True)
class Effect:
    """Candidate less baseline over `n` cases in `clusters` clusters; `p` is that of "no difference", two-sided."""

    baseline: float
    candidate: float
    difference: float
    low: float
    high: float
    p: float
    better: int
    worse: int
    equal: int
    n: int
    clusters: int
    method: Method


def effect(
    baseline: Sequence[float], candidate: Sequence[float], clusters: Sequence[str], confidence: float = 0.95
) -> Effect:
    """Scores in [0, 1] of the same cases, (n,) each, repeats of a case averaged before; `clusters` (n,) names each case's cluster.

    - 0/1 scores, no two cases in one cluster: Tango's score interval, McNemar's exact test.
    - Otherwise: cluster bootstrap-t, and a test that flips the signs of whole clusters.
    - Fewer than `FEW` clusters that differ: Tango's interval of the clusters; no variable in [-1, 1] varies more than one that is
      all or nothing.

    Raises:
        ValueError: no case, lengths that differ, or a score outside [0, 1].
    """
    old, new, members = checked(baseline, candidate, clusters)
    change = new - old
    groups = Clusters.of(change, members)
    method, (low, high) = paired_interval(old, new, groups, (1 - confidence) / 2)
    better, worse = int((change > 0).sum()), int((change < 0).sum())
    return Effect(
        float(old.mean()),
        float(new.mean()),
        float(change.mean()),
        low,
        high,
        mcnemar_p(better, worse) if method == "Tango" else sign_flip_p(change.tolist(), clusters),
        better,
        worse,
        change.size - better - worse,
        change.size,
        groups.count,
        method,
    )


def paired_interval(old: Floats, new: Floats, groups: Clusters, tail: float) -> tuple[Method, Bounds]:
    """The method that the scores and the clusters of their differences allow, and its interval."""
    z = NormalDist().inv_cdf(1 - tail)
    if is_binary(old, new) and groups.count == old.size:
        return "Tango", tango_interval(int((new > old).sum()), int((new < old).sum()), old.size, z)
    if groups.differing < FEW:
        return "Tango, each cluster once", clusters_once(groups, z)
    return "cluster bootstrap-t", clustered_interval(groups, tail)


def clusters_once(groups: Clusters, z: float) -> Bounds:
    """Tango's interval of the clusters, each gaining or losing its share of an average cluster."""
    shares = groups.sums / groups.sizes.mean()
    up, down = np.maximum(shares, 0).sum(), np.maximum(-shares, 0).sum()
    excess = max(1.0, (up + down) / groups.count)  # clusters of very different sizes
    return tango_interval(up / excess, down / excess, groups.count, z)


def is_binary(*scores: Floats) -> bool:
    return all(bool(np.isin(each, (0, 1)).all()) for each in scores)


def checked(
    baseline: Sequence[float], candidate: Sequence[float], clusters: Sequence[str]
) -> tuple[Floats, Floats, Ints]:
    """The scores as arrays, and the number of each case's cluster."""
    old, new = np.asarray(baseline, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
    if not old.size or not old.size == new.size == len(clusters):
        raise ValueError(
            f"{old.size} and {new.size} scores in {len(clusters)} named clusters: one of each for every case"
        )
    if not all(((each >= 0) & (each <= 1)).all() for each in (old, new)):
        raise ValueError("every score must be in [0, 1]; leave out what was not scored")
    return old, new, np.unique(np.asarray(clusters), return_inverse=True)[1]
