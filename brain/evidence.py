"""Do the passages hold the answer? A probability from a logistic regression on obvious features.

`bench/sufficiency.py` prints how well it does and refits the weights; `docs/decisions/0006-refusing.md` has the figures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from brain.text.analyzer import terms
from brain.types import Passage, Question


class Features(NamedTuple):
    """All between 0 and 1."""

    dense: float
    """Cosine of the closest passage."""
    covered: float
    """Share of the question's terms in the passage that holds most of them, title and headings included."""
    covered_by_all: float
    """The same over all passages together."""


WEIGHTS = Features(dense=78.89, covered=1.59, covered_by_all=2.39)
BIAS = -70.29


@dataclass(frozen=True, slots=True)
class Evidence:
    """How likely it is that the passages hold the answer, and on what grounds."""

    probability: float
    features: Features


def assess(question: Question, language: str, passages: Sequence[Passage]) -> Evidence:
    """Without passages the probability is 0."""
    if not passages:
        return Evidence(0.0, Features(0, 0, 0))
    features = features_of(question.text, language, passages)
    logit = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, features, strict=True))
    return Evidence(1 / (1 + math.exp(-logit)), features)


def features_of(question: str, language: str, passages: Sequence[Passage]) -> Features:
    shares, held_by_all = [], set()
    for passage in passages:
        in_language = passage.language or language
        asked = set(terms(question, in_language))
        held = asked & set(terms("\n".join((passage.title, *passage.heading_path, passage.text)), in_language))
        held_by_all |= held
        shares.append(len(held) / len(asked) if asked else 0.0)
    asked = set(terms(question, language))
    return Features(
        dense=max((p.scores.dense for p in passages if p.scores.dense is not None), default=0.0),
        covered=max(shares),
        covered_by_all=min(1.0, len(held_by_all) / max(1, len(asked))),
    )
