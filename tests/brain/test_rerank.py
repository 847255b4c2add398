"""Reranking as a step of the search: the order it gives, and that a reranker that fails or hangs costs no answer."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from brain.answer import answer
from brain.answerers import ExtractiveAnswerer
from brain.breaker import FAILURES, PAUSE_S, Breaker
from brain.errors import RerankError
from brain.evidence import Evidence
from brain.index.base import Point, payload_of, point_id
from brain.index.edge import EdgeIndex
from brain.rerank import make_reranker
from brain.rerank.base import checked_scores
from brain.rerank.step import Reranking
from brain.rerank.worker import Worker
from brain.retrieve import Retriever
from brain.settings import AnswerSettings, RerankSettings, Settings, SparseSettings
from brain.testing import HashEncoder
from brain.text.bm25 import passage_vector
from brain.types import Chunk, Document, Passage, Passages, Question, Scores, Status

ENCODER = HashEncoder()


class Scripted:
    """Scores by the number in the text, on a thread of its own; `then` runs first and may fail or hang."""

    name = "scripted"

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.then = then
        self.asked: list[tuple[str, list[str]]] = []
        self.worker: Worker[list[float]] = Worker("test", 1)

    def score(self, question: str, texts: Sequence[str]) -> Future[list[float]]:
        self.asked.append((question, list(texts)))
        return self.worker.submit(lambda: self._score(texts))

    def _score(self, texts: Sequence[str]) -> list[float]:
        self.then()
        return [float(text.split()[-1]) for text in texts]

    def close(self) -> None:
        self.worker.close()


def fail() -> None:
    raise RerankError("status 500")


def passages(*documents: str) -> Passages:
    """`a3` is a passage of the document `a` with the text `3`, in fused order."""
    return Passages(
        tuple(Passage(name, name[0], name[1:], (0, 1), Scores(1 / (n + 1))) for n, name in enumerate(documents))
    )


def step(reranker: Scripted | None, **given: Any) -> Reranking:
    return Reranking(reranker, RerankSettings(**given))


async def reranked(reranker: Scripted, found: Passages, limit: int = 10, **given: Any) -> Passages:
    made = step(reranker, **given)
    out = await made.rerank("q", found, limit)
    made.close()
    return out


async def test_pages_come_in_the_order_of_their_best_passages_score() -> None:
    reranker = Scripted()

    found = await reranked(reranker, passages("a1", "a9", "b3", "c2", "c8"))

    assert [p.id for p in found] == ["b3", "c2", "c8", "a1", "a9"]
    assert [p.scores.reranked for p in found] == [3, 2, 2, 1, 1]
    assert [p.score for p in found] == [3, 2, 2, 1, 1]
    assert reranker.asked == [("q", ["1", "3", "2"])]
    assert found.degraded == ()
    assert "rerank" in found.timings


async def test_only_the_candidates_are_read_and_the_others_follow() -> None:
    found = await reranked(Scripted(), passages("a1", "b2", "c9"), candidates=2)

    assert [p.id for p in found] == ["b2", "a1", "c9"]
    assert found[2].scores.reranked is None


async def test_equal_scores_keep_the_fused_order_and_the_limit_comes_last() -> None:
    assert [p.id for p in await reranked(Scripted(), passages("a1", "b1", "c2"))] == ["c2", "a1", "b1"]
    assert [p.id for p in await reranked(Scripted(), passages("a1", "b1", "c2"), limit=1)] == ["c2"]


async def test_the_reranker_reads_title_and_headings_once_each() -> None:
    reranker = Scripted()
    page = Passage("a", "a", "1", (0, 1), Scores(1), title="T", heading_path=("T", "H"))

    await reranked(reranker, Passages((page,)))

    assert reranker.asked == [("q", ["T\nH\n1"])]


async def test_without_passages_or_reranker_nothing_is_asked() -> None:
    reranker = Scripted()

    assert len(await reranked(reranker, Passages())) == 0
    assert reranker.asked == []
    assert [p.id for p in await step(None).rerank("q", passages("a1", "b2"), 1)] == ["a1"]
    assert (step(None).wanted(10, 3), step(reranker).wanted(10, 3)) == (10, 60)
    assert step(reranker, candidates=2).wanted(10, 3) == 10


async def test_where_it_fails_the_fused_order_stays() -> None:
    found = await reranked(Scripted(fail), passages("a1", "b2"))

    assert [p.id for p in found] == ["a1", "b2"]
    assert found.degraded == ("reranker_failed",)
    assert [p.scores.reranked for p in found] == [None, None]


async def test_a_bug_is_raised() -> None:
    with pytest.raises(ValueError, match="could not convert"):
        await reranked(Scripted(), passages("ax"))


async def test_one_that_hangs_is_skipped_and_blocks_no_thread() -> None:
    release = Event()
    reranker = Scripted(release.wait)  # type: ignore[arg-type]
    made = step(reranker, timeout_s=0.2)
    # More at once than the threads of asyncio.to_thread: were they waiting there, nothing else could run.
    found = [made.rerank("q", passages("a1", "b2"), 10) for _ in range(40)]

    waiting = asyncio.gather(*found)
    assert await asyncio.to_thread(lambda: "searched") == "searched"
    results = await waiting

    assert {p.degraded for p in results} == {("reranker_timeout",)}
    release.set()
    reranker.then = lambda: None
    # What was given up before it began is never run: the next is scored at once.
    assert [p.id for p in await step(reranker).rerank("q", passages("a1", "b2"), 10)] == ["b2", "a1"]
    made.close()


async def test_after_failures_in_a_row_it_is_left_alone_for_a_while() -> None:
    now = 0.0
    reranker = Scripted(fail)
    made = Reranking(reranker, RerankSettings(), Breaker(lambda: now))

    async def ask() -> tuple[str, ...]:
        return (await made.rerank("q", passages("a1", "b2"), 10)).degraded

    assert [await ask() for _ in range(FAILURES + 1)] == [("reranker_failed",)] * FAILURES + [("reranker_paused",)]
    now = PAUSE_S
    assert [await ask(), await ask()] == [("reranker_failed",), ("reranker_paused",)]
    assert len(reranker.asked) == FAILURES + 1
    now, reranker.then = 2 * PAUSE_S, lambda: None
    assert await ask() == ()
    reranker.then = fail
    assert [await ask() for _ in range(FAILURES + 1)][-2:] == [("reranker_failed",), ("reranker_paused",)]
    made.close()


async def test_failures_that_do_not_follow_one_another_pause_nothing() -> None:
    turn = iter(range(100))
    reranker = Scripted(lambda: fail() if next(turn) % FAILURES else None)
    made = step(reranker)

    degraded = [(await made.rerank("q", passages("a1"), 10)).degraded for _ in range(4 * FAILURES)]

    made.close()
    assert ("reranker_paused",) not in degraded
    assert degraded.count(()) == 4


def test_a_worker_hands_on_errors_and_drops_what_is_cancelled() -> None:
    worker: Worker[int] = Worker("test", 1)
    hold, ran = Event(), []
    first = worker.submit(lambda: int(hold.wait(20)))
    cancelled, failing = worker.submit(lambda: ran.append(1) or 0), worker.submit(lambda: 1 // 0)
    assert cancelled.cancel()
    hold.set()

    assert first.result(20) == 1
    with pytest.raises(ZeroDivisionError):
        failing.result(20)
    assert ran == []
    worker.close()


@pytest.mark.parametrize("scores", [[1.0], [1.0, 2.0, 3.0], [1.0, float("nan")], [1.0, float("-inf")]])
def test_scores_that_are_no_order_are_refused(scores: list[float]) -> None:
    with pytest.raises(RerankError, match="it gave"):
        checked_scores(scores, 2, "it")


def test_an_unknown_name_is_refused() -> None:
    settings: Any = SimpleNamespace(rerank=SimpleNamespace(provider="other"))

    with pytest.raises(RerankError, match="Unknown rerank provider 'other'"):
        make_reranker(settings)


# In a search and an answer


@pytest.fixture
def index(settings: Settings, new_index: Callable[[Path], Path]) -> Iterator[EdgeIndex]:
    opened = EdgeIndex.open(new_index(settings.home))
    for n, text in enumerate(["Le retour du colis est gratuit 1", "Le retour du colis 2", "Le retour 3"]):
        document = Document(f"d{n}", "", "", audience=("public",), language="fr")
        id = point_id("default", document.id, text)
        opened.upsert(
            [
                Point(
                    id,
                    ENCODER.encode_passages([text])[0].tolist(),
                    passage_vector(text, "fr", SparseSettings()),
                    payload_of(document, Chunk(id, document.id, text, (0, len(text)))),
                )
            ]
        )
    yield opened
    opened.close()


async def test_a_search_for_one_passage_chooses_among_the_candidates(index: EdgeIndex, settings: Settings) -> None:
    reranking = step(Scripted())
    retriever = Retriever(index, ENCODER, settings, reranking)
    question = Question("Le retour du colis est gratuit ?")

    assert [p.document_id for p in await retriever.search(question, 1)] == ["d2"]
    assert [p.document_id for p in await Retriever(index, ENCODER, settings).search(question, 1)] == ["d0"]
    reranking.close()


async def test_an_answer_without_reranker_is_an_answer_and_its_trace_says_so(
    index: EdgeIndex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sure = Evidence(0.9)
    monkeypatch.setattr("brain.answer.assess", lambda *_: sure)
    reranking = step(Scripted(fail))
    retriever = Retriever(index, ENCODER, settings, reranking)

    found = await answer(
        Question("Le retour du colis est gratuit ?"), retriever, ExtractiveAnswerer(), AnswerSettings()
    )

    reranking.close()
    assert (found.status, found.reason) == (Status.ANSWERED, None)
    assert found.trace.degraded == ("reranker_failed",)
    assert found.to_dict()["trace"]["degraded"] == ["reranker_failed"]
