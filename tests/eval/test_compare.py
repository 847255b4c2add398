"""A report compared with an earlier one: who is paired, what is refused, what is said to have changed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from brain.errors import CaseError
from brain.settings import load_settings
from brain.types import Passage, Passages, Question, Scores
from eval.cases import Case, dataset_hash
from eval.compare import Comparison, check_dataset, compare, load_previous
from eval.configuration import changes, configuration_of
from eval.retrieval import RetrievalReport, evaluate_retrieval


class Table:
    """Finds what a table says."""

    def __init__(self, table: Mapping[str, Sequence[str]]) -> None:
        self.table = table

    async def search(self, question: Question, limit: int = 10, per_document: int | None = None) -> Passages:
        found = self.table[question.text][:limit]
        return Passages(tuple(Passage(f"{d}#0", d, "…", (0, 1), Scores(1.0)) for d in found))


def case(id: str, *documents: str, **more: Any) -> Case:
    return Case.model_validate({"id": id, "question": id, "expect": {"documents": documents}} | more)


CASES = [case("a", "d1"), case("b", "d1"), case("c", "d1", cluster="k"), case("d", "d1", cluster="k")]
BEFORE = {"a": ["d1"], "b": ["d2", "d1"], "c": ["d2"], "d": ["d1"]}
AFTER = {"a": ["d2", "d3", "d1"], "b": ["d1"], "c": ["d2", "d1"], "d": ["d1"]}


async def report(table: Mapping[str, Sequence[str]], cases: Sequence[Case] = CASES, **more: Any) -> RetrievalReport:
    return await evaluate_retrieval(Table(table), cases, **more)


def written(made: RetrievalReport, folder: Path) -> Path:
    path = folder / "before.json"
    path.write_text(json.dumps(made.to_dict()), encoding="utf-8")
    return path


async def compared(folder: Path, before: RetrievalReport, after: RetrievalReport) -> Comparison:
    return compare(load_previous(written(before, folder)), after)


async def test_each_metric_is_compared_case_by_case(tmp_path: Path) -> None:
    found = await compared(tmp_path, await report(BEFORE), await report(AFTER))

    hit = found.metrics["hit@1"]
    assert (hit.baseline, hit.candidate, hit.better, hit.worse, hit.equal) == (0.5, 0.5, 1, 1, 2)
    assert (hit.n, hit.clusters, hit.p) == (4, 3, 1.0)
    assert found.metrics["MRR@10"].difference == pytest.approx((1 / 3 - 1 + 0.5 + 0.5) / 4)
    assert (found.paired, found.only_before, found.only_after) == (4, 0, 0)


async def test_cases_that_moved_are_listed_the_largest_change_first(tmp_path: Path) -> None:
    found = await compared(tmp_path, await report(BEFORE), await report(AFTER | {"c": ["d3", "d2", "d1"]}))

    assert [(m.id, m.before, m.after) for m in found.worse] == [("a", 1, 3)]
    assert [(m.id, m.before, m.after) for m in found.better] == [("b", 2, 1), ("c", None, 3)]


async def test_what_failed_in_one_run_is_left_out_of_both(tmp_path: Path) -> None:
    class Failing(Table):
        async def search(self, question: Question, limit: int = 10, per_document: int | None = None) -> Passages:
            if question.text == "a":
                raise CaseError("no")
            return await super().search(question, limit, per_document)

    found = await compared(tmp_path, await report(BEFORE), await evaluate_retrieval(Failing(AFTER), CASES))

    assert (found.paired, found.only_before, found.only_after) == (3, 1, 0)
    assert found.metrics["hit@1"].baseline == pytest.approx(1 / 3)


async def test_metrics_and_ranks_go_no_deeper_than_both_searches(tmp_path: Path) -> None:
    found = await compared(tmp_path, await report(BEFORE, depth=2), await report(AFTER, depth=3))

    assert (found.depth, list(found.metrics)) == (2, ["hit@1"])
    assert [(m.id, m.before, m.after) for m in found.worse] == [("a", 1, None)]


async def test_other_cases_are_refused_unless_those_that_are_the_same_are_asked_for(tmp_path: Path) -> None:
    others = [*CASES[:2], case("c", "d9", cluster="k"), case("new", "d1")]
    previous = load_previous(written(await report(BEFORE), tmp_path))
    dataset, contents = dataset_hash(others), [dataset_hash([c]) for c in others]

    with pytest.raises(CaseError, match="2 of its 4 scored cases are unchanged, 4 are asked now") as error:
        check_dataset(previous, dataset, contents, intersection=False)
    assert "--intersection" in error.value.hint
    check_dataset(previous, dataset, contents, intersection=True)

    found = compare(previous, await report(AFTER | {"new": ["d1"]}, others))
    assert (found.paired, found.only_before, found.only_after) == (2, 2, 2)


async def test_the_order_of_the_cases_does_not_matter(tmp_path: Path) -> None:
    previous = load_previous(written(await report(BEFORE), tmp_path))
    turned = CASES[::-1]

    check_dataset(previous, dataset_hash(turned), [dataset_hash([c]) for c in turned], intersection=False)

    assert compare(previous, await report(AFTER, turned)).paired == 4


@pytest.mark.parametrize("intersection", [False, True])
async def test_where_no_case_is_the_same_nothing_is_compared(tmp_path: Path, intersection: bool) -> None:
    previous = load_previous(written(await report(BEFORE), tmp_path))

    with pytest.raises(CaseError, match="No case is the same"):
        check_dataset(previous, "other", ["x"], intersection=intersection)


async def test_where_no_case_was_scored_twice_there_is_nothing_to_pair(tmp_path: Path) -> None:
    previous = load_previous(written(await report(BEFORE), tmp_path))

    with pytest.raises(CaseError, match="No case was scored in both"):
        compare(previous, await report(AFTER, []))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a report.*Invalid JSON"),
        ('{"dataset": "x"}', "not a report.*depth"),
        ("[]", "not a report"),
        (None, "can't be read"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "before.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")

    with pytest.raises(CaseError, match=message) as error:
        load_previous(path)
    assert "--out" in error.value.hint


async def test_what_changed_between_the_two_is_named(tmp_path: Path) -> None:
    before = await report(BEFORE, configuration={"settings": {"retrieval": {"per_document": 3}}, "gone": 1})
    after = await report(AFTER, configuration={"settings": {"retrieval": {"per_document": 10}}, "new": [1]})

    found = await compared(tmp_path, before, after)

    assert found.changed == {"settings.retrieval.per_document": (3, 10), "gone": (1, None), "new": (None, [1])}
    assert (await compared(tmp_path, after, after)).changed == {}
    assert (await compared(tmp_path, await report(BEFORE), after)).changed is None


async def test_latencies_are_set_side_by_side_where_they_can_be(tmp_path: Path) -> None:
    before = await report(BEFORE)

    assert set((await compared(tmp_path, before, await report(AFTER))).latency_ms) == {"p50", "p95"}
    assert (await compared(tmp_path, before, await report(AFTER, concurrency=1))).latency_ms == {}


async def test_a_comparison_is_plain_json(tmp_path: Path) -> None:
    found = await compared(tmp_path, await report(BEFORE), await report(AFTER))
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))

    assert plain["metrics"]["hit@1"].keys() >= {
        "baseline",
        "candidate",
        "difference",
        "low",
        "high",
        "p",
        "better",
        "worse",
    }
    assert plain["worse"] == [{"id": "a", "question": "a", "before": 1, "after": 3}]


def test_a_configuration_says_what_search_depends_on_and_keeps_secrets() -> None:
    made: Any = Mock()
    made.index.manifest, made.index.count.return_value = {"encoder": "hash-64"}, 12
    made.settings = load_settings(
        encoder={"provider": "endpoint", "model": "m", "url": "http://me:hidden@host/v1", "api_key": "hidden"},
        retrieval={"per_document": 7},
        home="/somewhere",
    )

    found = configuration_of(made, audience="agent", tenant="acme")

    assert found["settings"]["retrieval"]["per_document"] == 7
    assert (found["manifest"]["encoder"], found["passages"]) == ("hash-64", 12)
    assert found["asked_as"] == {"audience": "agent", "tenant": "acme"}
    assert "hidden" not in json.dumps(found)
    assert "somewhere" not in json.dumps(found)


def test_only_what_differs_is_a_change() -> None:
    assert changes({"a": {"b": 1, "c": [1]}}, {"a": {"b": 2, "c": [1]}}) == {"a.b": (1, 2)}
