"""Question in, passages retrieved, answer written, citations checked: or a refusal with its reason."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from time import perf_counter

from brain.answerers import Answerer
from brain.brief import Brief
from brain.clarify import with_named
from brain.closeness import Likeness
from brain.conflicts import Conflict, conflict
from brain.deciding import answers_better, contradicted, question_language, refused, unasked, undecided, written
from brain.ending import ended
from brain.evidence import assess
from brain.judge import Judge
from brain.retrieve import Retriever
from brain.settings import AnswerSettings
from brain.stages import Stages
from brain.standalone import in_its_language, made_standalone
from brain.text.asking import asks_for_figure
from brain.types import Answer, Passages, Question, Reason, Sentence, Status
from brain.verify import Verifier
from brain.writing import Writing

Events = AsyncGenerator[Passages | Sentence | Answer, None]
"""The passages, where sentences are to come of them; sentences, each once it is known to hold; then the answer that they make: its
sentences are those before it."""


async def answer_events(
    question: Question,
    retriever: Retriever,
    answerer: Answerer,
    settings: AnswerSettings,
    verifier: Verifier,
    judge: Judge | None = None,
    rewriter: Brief | None = None,
    like: Likeness | None = None,
) -> Events:
    """Answers from the knowledge that the question's reader may see, or says why not."""
    start, stages = perf_counter(), Stages()
    if aside := unasked(question):
        yield ended(question, Passages((), question_language(question)), aside, answerer.name, settings, start)
        return
    with stages.of("rewrite"):
        alone = await made_standalone(in_its_language(question), rewriter)
    with stages.of("retrieve"):
        searched, passages = await _found(alone.searched, retriever, answerer, settings)
    asked = replace(alone.asked, tags=searched.tags)
    with stages.of("sufficiency"):
        evidence = assess(asked.text, passages.language, passages)
        quotable = evidence.probability >= settings.needed("extractive")
        decision = undecided(passages, evidence, settings)
        if not decision and (found := await _conflict(asked.text, passages, like)):
            decision = contradicted(found, passages.language)
    writing = Writing(answerer, verifier, settings, judge, stages, start, quotable=quotable)
    if not decision or decision.sentences:  # a refusal may hide what was found
        yield passages
    if not decision:
        async with aclosing(writing.sentences(asked, passages)) as sentences:
            async for sentence in sentences:
                yield sentence
        decision = written(writing, passages.language)
    else:
        for sentence in decision.sentences:
            yield sentence
    if decision.status is Status.REFUSED and not decision.sentences:
        with stages.of("retrieve"):
            expired = await retriever.search(searched, settings.passages, expired=True)
        if answers_better(assess(asked.text, expired.language, expired), evidence, settings.needed()):
            decision = refused(Reason.EXPIRED, passages.language)
    yield ended(question, passages, decision, answerer.name, settings, start, alone, searched, evidence, writing)


async def _found(
    question: Question, retriever: Retriever, answerer: Answerer, settings: AnswerSettings
) -> tuple[Question, Passages]:
    """The question with the tags that it names, where what was found differs by them, and the passages."""
    passages = await retriever.search(question, settings.passages, around=answerer.reads(question))
    named = with_named(question, passages.facets, settings.facets)
    if named is not question:
        passages = await retriever.search(named, settings.passages, around=answerer.reads(question))
    return named, passages


async def _conflict(question: str, passages: Passages, like: Likeness | None) -> Conflict | None:
    """In a thread where anything is to be compared: it may encode, which an event loop must not wait for."""
    return await asyncio.to_thread(conflict, question, passages, like) if asks_for_figure(question) else None


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
