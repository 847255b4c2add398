"""What an answer's trace keeps of how it came about."""

import hashlib

from brain.answerers.base import Draft
from brain.evidence import Evidence
from brain.types import Passages, PassageTrace, Question, Trace


def trace_of(
    question: Question,
    passages: Passages,
    draft: Draft,
    answerer: str,
    evidence: Evidence,
    timings: dict[str, float],
    rewritten: dict[str, str] | None = None,
) -> Trace:
    used = (PassageTrace(p.id, p.document_id, hashlib.sha256(p.text.encode()).hexdigest(), p.scores) for p in passages)
    return Trace(
        question,
        passages.language,
        answerer,
        tuple(used),
        evidence.probability,
        draft.prompt,
        draft.model,
        draft.dropped,
        draft.checked,
        passages.timings | timings,
        passages.degraded,
        rewritten,
    )
