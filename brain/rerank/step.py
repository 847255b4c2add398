"""The step after fusion: the best pages in the reranker's order, or as they were where it fails or takes too long."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

from brain.breaker import Breaker
from brain.errors import RerankError
from brain.rerank.base import Reranker
from brain.settings import RerankSettings
from brain.types import Passage, Passages

FAILED, TIMED_OUT, PAUSED = "reranker_failed", "reranker_timeout", "reranker_paused"

_log = logging.getLogger("brain.rerank")


class Reranking:
    """Reranks passages within a time limit. Safe to share between tasks and threads."""

    def __init__(self, reranker: Reranker | None, settings: RerankSettings, breaker: Breaker | None = None) -> None:
        self._reranker, self._settings, self._breaker = reranker, settings, breaker or Breaker()

    def wanted(self, limit: int, per_document: int) -> int:
        """How many passages to take from fusion for `limit` in the end: enough for all candidate pages."""
        return max(limit, self._settings.candidates * per_document) if self._reranker else limit

    async def rerank(self, question: str, found: Passages, limit: int) -> Passages:
        """The best `limit` passages. The first `rerank.candidates` pages are ordered by the score of their best passage,
        which all passages of the page carry; the pages after them follow as they were. Never raises: where there is
        no order from the reranker the fused one stays, and `degraded` says why."""
        pages = list(found.by_document().values())[: self._settings.candidates]
        if not self._reranker or not pages:
            return replace(found, items=found.items[:limit])
        start = perf_counter()
        scores, problem = await self._scores(self._reranker, question, [_text(page[0]) for page in pages])
        items = found.items if scores is None else _ordered(found.items, pages, scores)
        degraded = (*found.degraded, problem) if problem else found.degraded
        timings = found.timings | {"rerank": 1e3 * (perf_counter() - start)}
        return replace(found, items=items[:limit], degraded=degraded, timings=timings)

    def close(self) -> None:
        if self._reranker:
            self._reranker.close()

    async def _scores(self, reranker: Reranker, question: str, texts: list[str]) -> tuple[list[float] | None, str]:
        if not self._breaker.allows():
            return None, PAUSED
        try:
            # Waited for here, not in a thread: a reranker that hangs must not use up the threads that search.
            future = asyncio.wrap_future(reranker.score(question, texts))
            scores = await asyncio.wait_for(future, self._settings.timeout_s)
        except TimeoutError:
            return None, self._failed(TIMED_OUT, f"no answer in {self._settings.timeout_s:g} s")
        except RerankError as error:
            return None, self._failed(FAILED, str(error))
        self._breaker.succeeded()
        return scores, ""

    def _failed(self, problem: str, why: str) -> str:
        _log.warning("%s: %s", problem, why)
        self._breaker.failed()
        return problem


def _text(passage: Passage) -> str:
    """What the reranker reads: title and headings say what a passage cut out of a page is about."""
    return "\n".join((*dict.fromkeys((passage.title, *passage.heading_path)), passage.text)).strip()


def _ordered(
    items: Sequence[Passage], pages: Sequence[Sequence[Passage]], scores: Sequence[float]
) -> tuple[Passage, ...]:
    best = sorted(zip(scores, pages, strict=True), key=lambda scored: -scored[0])
    reranked = [replace(p, scores=replace(p.scores, reranked=score)) for score, page in best for p in page]
    kept = {passage.id for passage in reranked}
    return (*reranked, *(passage for passage in items if passage.id not in kept))
