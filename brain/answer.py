"""Question in, passages retrieved, answer written, citations checked: or a refusal with its reason."""

import asyncio
import hashlib
from dataclasses import replace
from time import perf_counter
from typing import Any
from uuid import uuid4

from brain.answerers import Answerer, ExtractiveAnswerer
from brain.answerers.base import Draft
from brain.citations import checked
from brain.errors import ModelError
from brain.evidence import Evidence, assess
from brain.messages import message
from brain.retrieve import Retriever
from brain.settings import AnswerSettings
from brain.types import Answer, Passages, PassageTrace, Question, Reason, Status, Trace
from brain.verify import Verifier

OUT_OF_SCOPE = 0.2
"""Below this share of the needed probability a question is not merely unanswered: it is about something else."""


async def answer(
    question: Question,
    retriever: Retriever,
    answerer: Answerer,
    settings: AnswerSettings,
    verifier: Verifier | None = None,
) -> Answer:
    """Answers from the knowledge that the question's reader may see, or says why not."""
    verifier = verifier or Verifier(settings.unsupported)
    start = perf_counter()
    passages = await retriever.search(question, settings.passages)
    evidence = assess(question, passages.language, passages)
    timings: dict[str, float] = {}
    draft, reason = Draft(()), _too_weak(evidence, passages, settings)
    status = Status.ANSWERED
    if not reason:
        draft, status = await _write(question, passages, answerer, settings)
        draft = checked(draft, passages)
        written = perf_counter()
        # In a thread: it may encode, which an event loop must not wait for.
        draft = await asyncio.to_thread(verifier.verified, draft, question, passages.language, passages)
        timings["verify"] = 1e3 * (perf_counter() - written)
        reason = Reason.MODEL_FAILED if status is Status.DEGRADED else None
    if not draft.sentences:
        status, reason = Status.REFUSED, reason or Reason.INSUFFICIENT_EVIDENCE
        if await _expired_would(question, evidence, retriever, settings):
            reason = Reason.EXPIRED
    timings["total"] = 1e3 * (perf_counter() - start)
    trace = _trace(question, passages, draft, answerer.name, evidence, timings)
    said = message(reason, passages.language) if reason else None
    return Answer(uuid4().hex, status, passages.language, draft.sentences, passages.items, trace, reason, said)


def _too_weak(evidence: Evidence, passages: Passages, settings: AnswerSettings) -> Reason | None:
    if not passages:
        return Reason.NO_EVIDENCE
    if evidence.probability >= settings.sufficiency:
        return None
    far = evidence.probability < OUT_OF_SCOPE * settings.sufficiency
    return Reason.OUT_OF_SCOPE if far else Reason.INSUFFICIENT_EVIDENCE


async def _write(
    question: Question, passages: Passages, answerer: Answerer, settings: AnswerSettings
) -> tuple[Draft, Status]:
    """The answerer's draft; where the model fails, the passages' own sentences, marked as degraded."""
    try:
        return await answerer.write(question, passages.language, passages), Status.ANSWERED
    except ModelError as error:
        fallback = await ExtractiveAnswerer(settings.max_sentences).write(question, passages.language, passages)
        return replace(fallback, dropped=({"text": "", "why": f"the model failed: {error}"},)), Status.DEGRADED


async def _expired_would(
    question: Question, evidence: Evidence, retriever: Retriever, settings: AnswerSettings
) -> bool:
    """Whether pages that are no longer valid would have answered, and what is valid holds less of it."""
    passages = await retriever.search(question, settings.passages, expired=True)
    probability = assess(question, passages.language, passages).probability
    return probability >= settings.sufficiency and probability > evidence.probability


def _trace(
    question: Question, passages: Passages, draft: Draft, answerer: str, evidence: Evidence, timings: dict[str, float]
) -> Trace:
    used: list[Any] = [
        PassageTrace(p.id, p.document_id, hashlib.sha256(p.text.encode()).hexdigest(), p.scores) for p in passages
    ]
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
    )
