"""Question in, passages retrieved, answer written, citations checked: or a refusal with its reason."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import perf_counter
from uuid import uuid4

from brain.answerers import Answerer
from brain.brief import Brief
from brain.evidence import assess
from brain.judge import Judge
from brain.messages import message
from brain.retrieve import Retriever
from brain.settings import AnswerSettings
from brain.standalone import in_its_language, made_standalone
from brain.sufficient import answers_better, too_weak
from brain.trace import trace_of
from brain.types import Answer, Question, Reason, Sentence, Status
from brain.verify import Verifier
from brain.writing import Writing

Events = AsyncGenerator[Sentence | Answer, None]
"""Sentences, each once it is known to hold, then the answer that they make: its sentences are those before it."""


async def answer_events(
    question: Question,
    retriever: Retriever,
    answerer: Answerer,
    settings: AnswerSettings,
    verifier: Verifier,
    judge: Judge | None = None,
    rewriter: Brief | None = None,
) -> Events:
    """Answers from the knowledge that the question's reader may see, or says why not."""
    start = perf_counter()
    alone = await made_standalone(in_its_language(question), rewriter)
    passages = await retriever.search(alone.searched, settings.passages, around=answerer.reads_around)
    evidence = assess(alone.asked, passages.language, passages)
    writing = Writing(answerer, verifier, settings, judge)
    reason = too_weak(evidence, passages, settings.sufficiency)
    if not reason:
        async with aclosing(writing.sentences(alone.asked, passages)) as sentences:
            async for sentence in sentences:
                yield sentence
        reason = Reason.MODEL_FAILED if writing.failed else None
    status = Status.DEGRADED if reason else Status.ANSWERED
    if not writing.draft.sentences:
        status, reason = Status.REFUSED, reason or Reason.INSUFFICIENT_EVIDENCE
        expired = await retriever.search(alone.searched, settings.passages, expired=True)
        if answers_better(assess(alone.asked, expired.language, expired), evidence, settings.sufficiency):
            reason = Reason.EXPIRED
    passages = passages.with_cited({c.passage_id for s in writing.draft.checked for c in s.citations})
    timings = writing.timings | {"total": 1e3 * (perf_counter() - start)}
    trace = trace_of(question, passages, writing.draft, answerer.name, evidence, timings, alone.rewritten)
    said = writing.notice or (message(reason, passages.language) if reason else None)
    shown = writing.draft.sentences
    yield Answer(uuid4().hex, status, passages.language, shown, passages.items, trace, reason, said)


async def whole(events: Events) -> Answer:
    """The answer that the events end with."""
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Answer):
                return event
    raise RuntimeError("events without an answer")


async def answer(
    question: Question,
    retriever: Retriever,
    answerer: Answerer,
    settings: AnswerSettings,
    verifier: Verifier | None = None,
) -> Answer:
    """The same without waiting for single sentences."""
    return await whole(answer_events(question, retriever, answerer, settings, verifier or Verifier()))
