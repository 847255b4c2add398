"""Questions of one meaning, grouped as they come: a question joins the group whose centre it is most like, or founds one.

This is leader clustering (Hartigan, "Clustering Algorithms", 1975, ch. 3) with the group's mean for its leader. A question that is
in a group stays there, so a group's note keeps its meaning; and one more question costs one look at the centres, whatever was
asked before. On 701 real questions it put as many of one article together as average linkage, which compares all pairs
(docs/decisions/0029).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import numpy as np

from brain.closeness import closeness_of
from brain.encoder.base import Encoder, Vectors, normalized

ALIKE = 0.55
"""Least likeness to a group's centre, by the embedded encoder's vectors without what all questions have in common."""
PLAIN_ALIKE = 0.85
"""The same by another encoder's plain cosines."""


@dataclass(slots=True)
class Group:
    """`centre`: the sum of its members' vectors, (dimensions,). `touched`: whether somebody joined since it was read."""

    id: str
    centre: Vectors
    touched: bool = False


def vectors_of(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """What questions are compared by, (texts, dimensions), rows of length 1."""
    vectors, closeness = encoder.encode_questions(texts), closeness_of(encoder.name)
    return closeness.apart(vectors) if closeness else normalized(vectors)


def alike_of(encoder: Encoder, wanted: float) -> float:
    """The likeness from which on a question is in a group: `wanted`, or where that is 0 what suits the encoder."""
    return wanted or (PLAIN_ALIKE if closeness_of(encoder.name) is None else ALIKE)


def assign(
    vectors: Vectors, groups: list[Group], alike: float, new_id: Callable[[], str] = lambda: uuid4().hex
) -> list[str]:
    """The group of each vector, in their order; `groups` grows by those that are founded."""
    if not len(vectors):
        return []
    centres = np.zeros((len(groups) + len(vectors), vectors.shape[1]), np.float32)
    for at, group in enumerate(groups):
        centres[at] = normalized(group.centre[None])[0]
    found = []
    for vector in vectors:
        count = len(groups)
        likeness = centres[:count] @ vector
        at = int(likeness.argmax()) if count else 0
        if not count or likeness[at] < alike:
            at = count
            groups.append(Group(new_id(), np.zeros_like(vector)))
        group = groups[at]
        group.centre, group.touched = group.centre + vector, True
        centres[at] = normalized(group.centre[None])[0]
        found.append(group.id)
    return found


def nearest(vectors: Vectors, groups: Sequence[Group], alike: float) -> list[str | None]:
    """The group that each vector is most like, if it is like it at all; nobody joins."""
    if not groups or not len(vectors):
        return [None] * len(vectors)
    likeness = vectors @ normalized(np.vstack([group.centre for group in groups])).T
    best = likeness.argmax(axis=1)
    return [groups[at].id if likeness[row, at] >= alike else None for row, at in enumerate(best)]


def central(vectors: Vectors, centre: Vectors) -> list[float]:
    """How like each vector is to its group's centre."""
    values: list[float] = (vectors @ normalized(centre[None])[0]).tolist()
    return values
