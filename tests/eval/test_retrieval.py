"""Retrieval evaluation with a real searcher in memory: who is scored, what is asked of search, what is reported."""

import asyncio
import json
from collections.abc import Mapping, Sequence

import pytest

from brain.errors import EncoderError
from brain.types import Passage, Passages, Question, Scores
from eval.cases import Case, dataset_hash
from eval.retrieval import evaluate_retrieval


class TableSearcher:
    """Finds what a table says, as search would: passages in order, at most `limit`. None stands for a failure."""

    def __init__(self, table: Mapping[str, Sequence[str] | None]) -> None:
        self.table = table
        self.calls: list[tuple[Question, int, int | None]] = []
        self.running = self.most_running = 0

    async def search(self, question: Question, limit: int = 10, per_document: int | None = None) -> Passages:
        self.calls.append((question, limit, per_document))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        found = self.table[question.text]
        if found is None:
            raise EncoderError("the encoder did not answer")
        return Passages(
            tuple(Passage(f"{d}#{i}", d, "…", (0, 1), Scores(1 / (i + 1))) for i, d in enumerate(found[:limit]))
        )


def case(question: str, *documents: str, language: str | None = "fr", cluster: str | None = None) -> Case:
    expect = {"documents": documents} if documents else {}
    return Case.model_validate(
        {"id": f"id-{question}", "question": question, "language": language, "cluster": cluster, "expect": expect}
    )


CASES = [
    case("first", "d1", cluster="k"),
    case("third", "d9", "d3", "d3"),
    case("never", "d7"),
    case("not asked"),
    case("fails", "d1"),
]
TABLE = {
    "first": ["d1", "d2"],
    "third": ["d1", "d2", "d3", "d2", "d3"],
    "never": [],
    "fails": None,
}


async def test_each_case_is_scored_as_it_deserves() -> None:
    report = await evaluate_retrieval(TableSearcher(TABLE), CASES)

    assert [result.rank for result in report.results] == [1, 3, None]
    assert report.results[1].ranked == ("d1", "d2", "d3")
    assert report.results[1].gold == ("d9", "d3")
    assert [result.cluster for result in report.results] == ["k", "id-third", "id-never"]
    assert {name: round(found.mean, 4) for name, found in report.metrics.items()} == {
        "hit@1": 0.3333,
        "hit@3": 0.6667,
        "hit@5": 0.6667,
        "hit@10": 0.6667,
        "recall@3": 0.5,
        "MRR@10": 0.4444,
        "nDCG@10": round((1 + 0.5 / 1.6309297535714573) / 3, 4),
    }


async def test_what_was_not_asked_or_failed_is_never_a_zero() -> None:
    searcher = TableSearcher(TABLE)
    report = await evaluate_retrieval(searcher, CASES)

    assert report.not_asked == 1
    assert "not asked" not in [question.text for question, _, _ in searcher.calls]
    assert [(u.id, u.reason) for u in report.unscored] == [("id-fails", "EncoderError: the encoder did not answer")]
    assert (report.asked, len(report.results)) == (4, 3)
    assert {found.n for found in report.metrics.values()} == {3}


async def test_an_empty_list_of_documents_is_not_scored() -> None:
    empty = Case.model_validate({"id": "a", "question": "first", "expect": {"documents": []}})
    report = await evaluate_retrieval(TableSearcher(TABLE), [empty])

    assert (report.not_asked, report.asked, report.metrics, report.latency_ms) == (1, 0, {}, {})


async def test_search_is_asked_for_one_passage_of_each_document() -> None:
    searcher = TableSearcher(TABLE)
    await evaluate_retrieval(searcher, CASES[:1], audience="public", tenant="acme", depth=7)

    ((question, limit, per_document),) = searcher.calls
    assert (question.audience, question.tenant, limit, per_document) == ("public", "acme", 7, 1)


async def test_metrics_deeper_than_the_search_are_left_out() -> None:
    report = await evaluate_retrieval(TableSearcher(TABLE), CASES, depth=3)

    assert list(report.metrics) == ["hit@1", "hit@3", "recall@3"]


async def test_a_bug_in_search_is_raised() -> None:
    with pytest.raises(KeyError):
        await evaluate_retrieval(TableSearcher({}), CASES[:1])


async def test_no_more_than_the_allowed_searches_run_at_once_and_progress_is_told() -> None:
    cases = [case(str(i), "d1") for i in range(9)]
    searcher = TableSearcher({str(i): ["d1"] for i in range(9)})
    told: list[tuple[int, int]] = []

    await evaluate_retrieval(searcher, cases, concurrency=3, on_progress=lambda *counts: told.append(counts))

    assert searcher.most_running == 3
    assert told == [(done, 9) for done in range(1, 10)]


async def test_cases_of_one_cluster_are_not_independent() -> None:
    cases = [case("a", "d1", cluster="k"), case("b", "d1", cluster="k"), case("c", "d1")]
    report = await evaluate_retrieval(TableSearcher({"a": ["d1"], "b": ["d1"], "c": []}), cases)

    assert (report.metrics["hit@1"].n, report.metrics["hit@1"].clusters) == (3, 2)
    assert report.metrics["hit@1"].method == "cluster bootstrap"


async def test_languages_are_told_apart_where_there_are_several() -> None:
    cases = [case("a", "d1", language="fr"), case("b", "d1", language="en"), case("c", "d1", language=None)]
    searcher = TableSearcher({"a": ["d1"], "b": ["d2"], "c": ["d1"]})

    several = await evaluate_retrieval(searcher, cases)
    one = await evaluate_retrieval(searcher, cases[:1])

    assert {tag: found["hit@1"].mean for tag, found in several.by_language.items()} == {"en": 0, "fr": 1, "und": 1}
    assert one.by_language == {}


async def test_the_worst_come_first() -> None:
    report = await evaluate_retrieval(TableSearcher(TABLE), CASES)

    assert [result.id for result in report.worst(5)] == ["id-never", "id-third"]
    assert [result.id for result in report.worst(1)] == ["id-never"]
    assert report.worst(0) == []


async def test_the_report_is_plain_json() -> None:
    report = await evaluate_retrieval(TableSearcher(TABLE), CASES)
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))

    assert plain["dataset"] == dataset_hash(CASES)
    assert plain["coverage"] == {"scored": 3, "asked": 4, "not_asked": 1}
    assert plain["slices"] == {"language": {}}
    assert plain["latency_ms"]["p50"] <= plain["latency_ms"]["p95"]
    assert plain["metrics"]["hit@1"].keys() == {"mean", "low", "high", "n", "clusters", "method"}
    assert [row["id"] for row in plain["cases"]] == ["id-first", "id-third", "id-never"]
    assert plain["unscored"] == [{"id": "id-fails", "reason": "EncoderError: the encoder did not answer"}]
