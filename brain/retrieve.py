"""From a question to the passages that may answer it: rankings by Qdrant within a scope, fused by page."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from time import perf_counter

import numpy as np

from brain import gen_ai
from brain.closeness import closeness_of
from brain.encoder import Encoder
from brain.errors import SettingsError
from brain.everyday import Everyday
from brain.follow_up import context, follows
from brain.index import Index, Scope
from brain.index.base import passage_of
from brain.rankings import Meaning, Ranker, Remembered
from brain.rerank.step import Reranking
from brain.settings import Settings
from brain.shortlist import Shortlist
from brain.spans import span
from brain.stated import gives_several
from brain.text.language import detect
from brain.types import Around, Passage, Passages, Question, Scores

CONTEXT = 0.5
"""How much of a follow-up's vector is that of the question as it reads behind the last turns."""


class Retriever:
    """Finds passages. Thread-safe as far as its index and encoder are."""

    def __init__(
        self,
        index: Index,
        encoder: Encoder,
        settings: Settings,
        reranking: Reranking | None = None,
        gone: Callable[[str], tuple[str, ...]] = lambda _: (),
    ) -> None:
        """`gone`: the ids of a tenant's documents that are deleted, whatever the index still holds."""
        self._index, self._encoder, self._settings, self._gone = index, encoder, settings, gone
        self._closeness = closeness_of(encoder.name)
        self._everyday = Everyday(index)
        self._ranker = Ranker(index, Remembered(index.tags), settings.retrieval.candidates, self._closeness)
        self._reranking = reranking or Reranking(None, settings.rerank)

    async def search(
        self,
        question: Question,
        limit: int = 10,
        per_document: int | None = None,
        *,
        expired: bool = False,
        around: Around = "nothing",
    ) -> Passages:
        """The best `limit` passages, at most `per_document` of each document.

        With `expired`, of the pages alone whose validity ended before the question's day; `around`: what is read of
        their documents besides: what stands before and after each passage, or how the best document opens.

        Raises SettingsError where the question's audience is not one of `access.readers`.
        """
        scope = self.scope(question, expired=expired)
        most = per_document or self._settings.retrieval.per_document
        with span("retrieval") as step:
            # In a thread: encoding takes milliseconds that an event loop must not wait for.
            found = await asyncio.to_thread(
                self._find, question, scope, self._reranking.wanted(limit, most), most, around
            )
            best = await self._reranking.rerank(question.text, found, limit)
            step.set(gen_ai.retrieved(best, limit, question.text if step.content else None))
            return (
                await asyncio.to_thread(self._widened, best, question.tenant)
                if around == "neighbours" and best
                else best
            )

    def forget(self) -> None:
        """The index was written to: what is remembered of it is asked again."""
        self._ranker.forget()

    def _widened(self, found: Passages, tenant: str) -> Passages:
        there = {(passage.document_id, passage.position) for passage in found}
        places: dict[str, list[int]] = {}
        for id, position in sorted({(id, at + step) for id, at in there for step in (-1, 1)} - there):
            places.setdefault(id, []).append(position)
        payloads = self._index.at(tenant, places)
        beside = sorted((passage_of(id, p, Scores(0.0)) for id, p in payloads.items()), key=lambda p: p.position)
        return replace(found, around=tuple(beside))

    def _find(self, question: Question, scope: Scope, limit: int, per_document: int, around: Around) -> Passages:
        start = perf_counter()
        scope = replace(scope, gone=self._gone(question.tenant))
        language = question.language or detect(question.text)
        with span(f"embeddings {self._encoder.name}") as step:
            meaning = self._meaning(question, language)
            step.set(gen_ai.encoded(self._encoder.name, len(meaning.alone)))
        encoded = perf_counter()
        ranked = self._ranker.of(question, meaning, language, per_document)
        words = "" if meaning.within else question.text
        kept, facets = Shortlist(self._index, ranked, scope, words, language).take(limit)
        timings = {"encode": 1e3 * (encoded - start), "search": 1e3 * (perf_counter() - encoded)}
        opening = self._opening(kept, question.tenant) if around == "opening" else []
        found = Passages((*kept, *opening), language, timings, facets=facets)
        if self._closeness and kept:
            vectors = self._index.vectors([passage.id for passage in found])
            found = self._closeness.measured(found, meaning.within or meaning.alone, vectors)
            if not (question.turns or scope.expired):
                found = replace(found, everyday=self._everyday.level(scope, language))
        return replace(found, items=found.items[: len(kept)], around=found.items[len(kept) :])

    def _opening(self, found: Sequence[Passage], tenant: str) -> list[Passage]:
        """The first passage of the best document, where it was not found itself and may sum up what the others say of single cases."""
        page = [passage for passage in found if passage.document_id == found[0].document_id]
        if not gives_several(page) or not all(passage.position for passage in page):
            return []
        payloads = self._index.at(tenant, {found[0].document_id: [0]})
        return [passage_of(id, payload, Scores(0.0)) for id, payload in payloads.items()]

    def _meaning(self, question: Question, language: str) -> Meaning:
        if not follows(question.text, question.turns, language):
            return Meaning(self._encoder.encode_questions([question.text])[0].tolist())
        texts = [question.text, f"{context(question.turns)} {question.text}"]
        alone, behind = self._encoder.encode_questions(texts)
        within = (1 - CONTEXT) * alone + CONTEXT * behind
        return Meaning(alone.tolist(), (within / np.linalg.norm(within)).tolist())

    def scope(self, question: Question, *, expired: bool = False) -> Scope:
        """The hard filter that the question's reader, tags and day amount to."""
        readers = self._settings.access.readers
        if question.audience not in readers:
            raise SettingsError(
                f"Unknown audience '{question.audience}'; known: {', '.join(readers)}.",
                "Ask as one of them, or add it to access.readers.",
            )
        return Scope(
            tenant=question.tenant,
            audiences=readers[question.audience],
            tags=question.tags,
            languages=question.document_languages,
            valid_on=question.as_of or date.today(),
            expired=expired,
        )
