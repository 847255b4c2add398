import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from brain.errors import StoreError
from brain.types import Answer, Question
from eval.cases import Case
from eval.running.asking import Plan, Progress, ask_all
from eval.running.folder import Key, RunFolder
from eval.testing import SayingBrain, cases_of


def folder_of(path: Path, cases: tuple[Case, ...]) -> RunFolder:
    folder = RunFolder(path / "run")
    folder.create({"bar_hash": "b"}, cases)
    return folder


def ask(plan: Plan, folder: RunFolder, **how: Any) -> Progress:
    return asyncio.run(ask_all(plan, folder, **how))


def test_every_case_is_asked_of_every_variant_as_often_as_wanted(tmp_path: Path) -> None:
    cases, brains = cases_of(4), {"now": SayingBrain(), "new": SayingBrain()}
    folder = folder_of(tmp_path, cases)

    state = ask(Plan(cases, brains, repeats=3, stamp="b"), folder)

    assert (state.done, state.failed, state.stopped) == (24, 0, "")
    answers = folder.answers()
    assert set(answers) == {Key(c.id, v, r) for c in cases for v in brains for r in range(3)}
    record = answers[Key("c001", "new", 2)]
    assert record["answer"]["sentences"][0]["citations"][0]["quote"] and record["answer"]["trace"]["answerer"] == "test"
    assert record["bar"] == "b" and record["ms"] >= 0


def test_a_second_run_asks_only_what_is_missing_and_mends_a_torn_line(tmp_path: Path) -> None:
    cases, first = cases_of(6), SayingBrain()
    folder = folder_of(tmp_path, cases)
    ask(Plan(cases[:4], {"now": first}), folder)
    with (folder.path / "answers.jsonl").open("ab") as file:
        file.write(b'{"case": "c005", "vari')

    second = SayingBrain()
    state = ask(Plan(cases, {"now": second}), RunFolder(folder.path))

    assert len(second.asked) == 2 and (state.done, state.resumed) == (6, 4)
    assert len(folder.answers()) == 6


def test_what_failed_is_kept_with_its_error_and_asked_again(tmp_path: Path) -> None:
    def fails(question: Question) -> Answer:
        raise StoreError("the index is gone")

    cases = cases_of(2)
    folder = folder_of(tmp_path, cases)
    state = ask(Plan(cases, {"now": SayingBrain(fails)}), folder)
    assert (state.failed, folder.answers()[Key("c000", "now", 0)]["error"]) == (2, "StoreError: the index is gone")

    state = ask(Plan(cases, {"now": SayingBrain()}), folder)
    assert (state.done, state.failed, state.resumed) == (2, 0, 0)
    assert all(record["error"] is None for record in folder.answers().values())


def test_a_stop_lets_no_further_question_begin(tmp_path: Path) -> None:
    cases, brain = cases_of(30), SayingBrain()
    folder = folder_of(tmp_path, cases)

    state = ask(
        Plan(cases, {"now": brain}, concurrency=3),
        folder,
        stop=lambda: "the budget is spent" if len(brain.asked) >= 7 else "",
    )

    assert state.stopped == "the budget is spent" and len(brain.asked) == 7 == len(folder.answers())


def test_a_cluster_is_reported_once_all_variants_have_answered_it(tmp_path: Path) -> None:
    cases, brains = cases_of(12, per_cluster=3), {"now": SayingBrain(), "new": SayingBrain()}
    folder = folder_of(tmp_path, cases)
    seen: list[set[str]] = []

    async def on_block(block: Sequence[Case]) -> str:
        answered = {key.case for key in folder.answers_of({case.id for case in block})}
        assert answered == {case.id for case in block}
        seen.append(answered)
        return "enough" if len(seen) == 2 else ""

    state = ask(Plan(cases, brains, concurrency=1), folder, on_block=on_block)

    assert state.stopped == "enough" and len(seen) == 2 and state.done == 12


@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 3))
def test_blocks_hold_each_case_once_whole_clusters_critical_first(count: int, per_cluster: int, seed: int) -> None:
    cases = [c.model_copy(update={"critical": n % 7 == 3}) for n, c in enumerate(cases_of(count, per_cluster))]
    blocks = Plan(cases, {}, seed=seed).blocks()

    assert sorted(case.id for block in blocks for case in block) == [case.id for case in cases]
    assert all(len({case.unit for case in block}) == 1 for block in blocks) and len(blocks) == len(
        {c.unit for c in cases}
    )
    critical = [any(case.critical for case in block) for block in blocks]
    assert critical == sorted(critical, reverse=True)
    assert blocks == Plan(list(reversed(cases)), {}, seed=seed).blocks()
