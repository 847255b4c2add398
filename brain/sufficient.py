"""Whether to answer at all, on what was found."""

from brain.evidence import Evidence
from brain.types import Passages, Reason

OUT_OF_SCOPE = 0.2
"""Below this share of the needed probability a question is not merely unanswered: it is about something else."""


def too_weak(evidence: Evidence, passages: Passages, needed: float) -> Reason | None:
    """Why what was found can't answer; None where it can. `needed`: the least probability."""
    if not passages:
        return Reason.NO_EVIDENCE
    if evidence.probability >= needed:
        return None
    return Reason.OUT_OF_SCOPE if evidence.probability < OUT_OF_SCOPE * needed else Reason.INSUFFICIENT_EVIDENCE


def answers_better(expired: Evidence, valid: Evidence, needed: float) -> bool:
    """Whether pages that are no longer valid would have answered, and what is valid holds less of it."""
    return expired.probability >= needed and expired.probability > valid.probability
