"""The answer as it is handed out, with its trace."""

import hashlib
from time import perf_counter
from uuid import uuid4

from brain.answerers.base import Draft
from brain.deciding import Decision
from brain.evidence import Evidence
from brain.request import request_id
from brain.settings import AnswerSettings
from brain.standalone import Standalone
from brain.types import Answer, Passages, PassageTrace, Question, Status, Trace
from brain.writing import Writing


def ended(
    question: Question,
    passages: Passages,
    decision: Decision,
    answerer: str,
    settings: AnswerSettings,
    start: float,
    alone: Standalone | None = None,
    searched: Question | None = None,
    evidence: Evidence | None = None,
    writing: Writing | None = None,
) -> Answer:
    """`searched`: the question as it was searched for; `start`: when it came, of `perf_counter`."""
    draft = writing.draft if writing else Draft()
    passages = passages.with_cited({c.passage_id for s in draft.checked for c in s.citations})
    timings = (writing.stages.ms if writing else {}) | {"total": 1e3 * (perf_counter() - start)}
    trace = Trace(
        question,
        passages.language,
        answerer,
        tuple(
            PassageTrace(p.id, p.document_id, hashlib.sha256(p.text.encode()).hexdigest(), p.scores) for p in passages
        ),
        evidence.probability if evidence else None,
        draft.prompt,
        draft.model,
        draft.dropped,
        draft.checked,
        passages.timings | timings,
        passages.degraded,
        alone.rewritten if alone else None,
        tuple(tag for tag in searched.tags if tag not in question.tags) if searched else (),
        request_id(),
    )
    return Answer(
        uuid4().hex,
        decision.status,
        passages.language,
        decision.sentences,
        passages.items,
        trace,
        decision.reason,
        decision.message,
        decision.choices,
        decision.newer,
        _contact(settings, passages.language) if decision.status is Status.REFUSED else None,
    )


def _contact(settings: AnswerSettings, language: str) -> str | None:
    """The way to a person, in the question's language where there is one."""
    return settings.contact.get(language) or next(iter(settings.contact.values()), None)
