"""A judge's scores corrected by a person's: prediction-powered inference on the paired difference."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from eval.stats.clustered import FEW, PRIOR, Clusters
from eval.stats.means import Bounds, Floats, Ints

NONE_DIFFER = 1.25
LEAST = 10
"""Labelled clusters: fewer say too little of the judge's errors."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """The difference as a person would find it, with its interval. `weight`: how much the judge is believed, 0 to 1."""

    difference: float
    low: float
    high: float
    weight: float
    labelled: int
    n: int
    labels_only: Bounds
    """The interval from the labels alone, to see what the judge adds."""


def corrected_difference(judged: Floats, human: Floats, members: Ints, tail: float) -> Corrected:
    """`judged` (n,): the judge's difference, candidate less baseline, of every case; `human` (n,): a person's, NaN where not labelled.

    The judge's mean over all cases is corrected by its mean error on the labelled ones, which must be a random part. Its weight
    is the one that gives the shortest interval, so a useless judge is ignored; a bias, also one that differs between the
    variants, cancels. Whole clusters are labelled or not; clusters are independent. Student's t with as many degrees of freedom as
    there are labelled clusters less two, as the weight is estimated too.

    Sources: A. Angelopoulos, S. Bates, C. Fannjiang, M. Jordan & T. Zrnic, "Prediction-powered inference", Science 382, 2023; the
    weight: A. Angelopoulos, J. Duchi & T. Zrnic, "PPI++", arXiv 2311.01453.

    Raises:
        ValueError: fewer than `LEAST` labelled clusters.
    """
    known = np.isfinite(human)
    labelled = _clusters(human[known], members[known])
    if labelled.count < LEAST:
        raise ValueError(f"{labelled.count} labelled clusters; at least {LEAST} are needed")
    seen, other = _clusters(judged[known], members[known]), _clusters(judged[~known], members[~known])
    weight, variance = _weighted(labelled, seen, other)
    difference = labelled.mean + (weight * (other.mean - seen.mean) if weight else 0.0)
    unseen = _unseen(labelled)
    half = float(stdtrit(labelled.count - 2, 1 - tail)) * float(np.sqrt(variance + unseen))
    alone = float(stdtrit(labelled.count - 1, 1 - tail)) * float(np.sqrt(_variance(labelled) + unseen))
    return Corrected(
        difference,
        *_within(difference, half),
        weight,
        int(known.sum()),
        human.size,
        _within(labelled.mean, alone),
    )


def _weighted(labelled: Clusters, seen: Clusters, other: Clusters) -> tuple[float, float]:
    """The judge's weight, and the variance of the corrected difference with it."""
    judge, person = _residuals(seen), _residuals(labelled)
    scale, rest = seen.count / (seen.count - 1), _variance(other)
    spread = scale * float(judge @ judge) + rest
    weight = float(np.clip(scale * float(judge @ person) / spread, 0, 1)) if spread > 0 and other.count > 1 else 0.0
    gap = person - weight * judge
    return weight, scale * float(gap @ gap) + weight**2 * rest


def _within(mean: float, half: float) -> Bounds:
    return max(-1.0, mean - half), min(1.0, mean + half)


def _clusters(values: Floats, members: Ints) -> Clusters:
    numbered = np.unique(members, return_inverse=True)[1] if members.size else members
    return Clusters.of(values, numbered) if values.size else Clusters(np.zeros(0), np.zeros(0))


def _residuals(clusters: Clusters) -> Floats:
    """What each cluster adds to the error of the mean."""
    return np.asarray((clusters.sums - clusters.mean * clusters.sizes) / clusters.sizes.sum())


def _unseen(labelled: Clusters) -> float:
    """Added variance: where few labelled clusters differ, that they vary so little may be chance.

    As if `PRIOR` clusters had gained and as many lost, and more the fewer differ: with none of g that differ a 95 % interval
    reaches to 3.5/g, as the exact one for a share of 0 of g does.
    """
    pretended = PRIOR + NONE_DIFFER * max(0.0, 1 - labelled.differing / FEW)
    return 2 * pretended / labelled.count**2


def _variance(clusters: Clusters) -> float:
    if clusters.count < 2:
        return 0.0
    residuals = _residuals(clusters)
    return clusters.count / (clusters.count - 1) * float(residuals @ residuals)
