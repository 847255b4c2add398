"""Decisions on scores, and on stored runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from brain.errors import EvaluationError
from eval.cases import Case
from eval.experiment import Bar, digest
from eval.judged_run import Run, tampered
from eval.measures import agreement, flakiness_of, metrics_of
from eval.reporting.document import document_of
from eval.reporting.junit import junit
from eval.reporting.markdown import markdown
from eval.reporting.words import WORDS, headline, reasons
from eval.running.folder import Key, RunFolder
from eval.testing import cases_of
from eval.verdict import Decision, Pair, decide

StoredRun = Callable[..., RunFolder]


def pairs(old: list[float], new: list[float], **more: Any) -> list[Pair]:
    return [
        Pair(f"c{n}", f"a{n}", a, b, {"language": ("fr" if n % 2 else "en",)}, **more)
        for n, (a, b) in enumerate(zip(old, new, strict=True))
    ]


def mixed(n: int, gained: int, lost: int) -> tuple[list[float], list[float]]:
    old = [0.0] * gained + [1.0] * lost + [1.0] * (n - gained - lost)
    return old, [1.0] * gained + [0.0] * lost + [1.0] * (n - gained - lost)


@pytest.mark.parametrize(
    ("n", "gained", "lost", "decision"),
    [
        (400, 10, 10, Decision.SHIP),
        (400, 40, 4, Decision.SHIP),
        (60, 5, 5, Decision.INCONCLUSIVE),
        (400, 5, 80, Decision.DONT_SHIP),
    ],
)
def test_the_interval_decides_against_the_margin(n: int, gained: int, lost: int, decision: Decision) -> None:
    found = decide(pairs(*mixed(n, gained, lost)), n, Bar(margin=0.05))
    assert found.decision is decision
    assert found.superior == (gained == 40)


def test_an_inconclusive_verdict_says_how_many_more_cases_decide() -> None:
    found = decide(pairs(*mixed(60, 5, 5)), 60, Bar(margin=0.05))
    assert found.needed and 300 < found.needed < 700
    again = decide(pairs(*mixed(60 + found.needed, 60, 60)), 60 + found.needed, Bar(margin=0.05))
    assert again.decision in (Decision.SHIP, Decision.INCONCLUSIVE)


def test_one_critical_failure_is_enough_and_an_unknown_one_holds_back() -> None:
    good = pairs(*mixed(400, 10, 10))
    failed = decide(good, 400, Bar(), critical_failures=["x"])
    assert failed.decision is Decision.DONT_SHIP and failed.reasons[0].values["cases"] == "x"
    assert decide(good, 400, Bar(), critical_unknown=["x"]).decision is Decision.INCONCLUSIVE


def test_too_few_scored_cases_decide_nothing() -> None:
    found = decide(pairs(*mixed(400, 10, 10)), 500, Bar(min_coverage=0.9))
    assert found.decision is Decision.INCONCLUSIVE and found.reasons[0].code == "coverage"
    nothing = decide([], 40, Bar())
    assert nothing.decision is Decision.INCONCLUSIVE and nothing.reasons[0].values == {"asked": 40}


def test_slices_are_adjusted_and_labels_overrule_the_judge() -> None:
    old, new = mixed(200, 0, 60)
    found = decide(pairs(old, new), 200, Bar())
    assert {part.value for part in found.slices} == {"fr", "en"}
    assert all(part.adjusted_p >= part.effect.p for part in found.slices)

    # The judge says that nothing changed; a person finds that the candidate loses half.
    judged = [
        Pair(p.case, p.cluster, 1.0, 1.0, {}, (1.0, float(n % 2)) if n < 80 else None)
        for n, p in enumerate(pairs(old, new))
    ]
    found = decide(judged, 200, Bar(metric="judge"))
    assert found.decision is Decision.DONT_SHIP and found.corrected and found.corrected.labelled == 80


def test_slices_may_be_adjusted_by_the_share_of_false_findings() -> None:
    cases = pairs(*mixed(200, 0, 60))
    strict, loose = (decide(cases, 200, Bar(adjust=how)).slices for how in ("holm", "benjamini-hochberg"))  # type: ignore[arg-type]
    assert all(a.effect == b.effect and b.adjusted_p <= a.adjusted_p for a, b in zip(strict, loose, strict=True))


def test_a_sequential_bar_is_decided_early_for_and_against() -> None:
    rng = np.random.default_rng(0)
    bar = Bar(margin=0.05, sequential=True)
    better = [float(v) for v in rng.random(150) < 0.5]
    assert decide(pairs([0.0] * 150, better), 150, bar).reasons[0].code == "early_ship"
    assert decide(pairs(better, [0.0] * 150), 150, bar).reasons[0].code == "early_dont_ship"


def worse_every_third(case: Case, variant: str, repeat: int) -> float:
    return float(variant == "now" or int(case.id[1:]) % 3 > 0)


def document(folder: RunFolder) -> dict[str, Any]:
    return document_of(Run.load(folder.path))


def test_a_run_gets_its_verdict_with_everything_that_it_rests_on(tmp_path: Path, stored_run: StoredRun) -> None:
    found = document(stored_run(tmp_path / "run", worse_every_third))

    assert (found["decision"], found["exit_code"]) == ("dont_ship", 1)
    assert found["headline"] == "Don't ship: new is worse than now by more than 5 points of “passed”."
    assert found["effect"]["worse"] == 20 and found["effect"]["clusters"] == 30
    assert found["costs"]["new"] == {
        "calls": 60,
        "cached": 0,
        "tokens_in": 6000,
        "tokens_out": 600,
        "usd": pytest.approx(0.06),
    }
    assert found["metrics"]["passed"]["now"]["scored"] == 60
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert len(found["id"]) == 12


def test_a_bar_that_an_earlier_version_locked_still_holds(tmp_path: Path, stored_run: StoredRun) -> None:
    run = Run.load(stored_run(tmp_path / "run", worse_every_third).path)
    run.manifest["bar"].pop("adjust")
    run.manifest["bar_hash"] = digest(run.manifest["bar"])
    for record in run.answers.values():
        record["bar"] = run.manifest["bar_hash"]
    assert (tampered(run), run.bar.adjust) == ([], "holm")


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("manifest.json", lambda t: t.replace('"margin": 0.05', '"margin": 0.5'), "bar_changed"),
        ("manifest.json", lambda t: t.replace('"margin": 0.05', '"margin": 0.5', 1), "experiment_changed"),
        ("answers.jsonl", lambda t: t.replace('"bar":"', '"bar":"0', 1), "answers_of_another_bar"),
        ("cases.jsonl", lambda t: t.replace("14 jours", "10 jours", 1), "cases_changed"),
    ],
)
def test_a_bar_that_was_changed_afterwards_is_no_verdict(
    tmp_path: Path, stored_run: StoredRun, name: str, change: Any, code: str
) -> None:
    folder = stored_run(tmp_path / "run", worse_every_third)
    path = folder.path / name
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    found = document(RunFolder(folder.path))

    assert (found["decision"], found["exit_code"], found["effect"]) == ("could_not_run", 3, None)
    assert code in [reason["code"] for reason in found["why"]]


def test_a_bar_rewritten_with_its_hash_is_still_seen_by_the_answers(tmp_path: Path, stored_run: StoredRun) -> None:
    folder = stored_run(tmp_path / "run", worse_every_third)
    manifest = folder.manifest()
    manifest["bar"]["margin"] = manifest["experiment"]["bar"]["margin"] = 0.9
    manifest["bar_hash"] = digest(manifest["bar"])
    (folder.path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    assert [reason.code for reason in tampered(Run.load(folder.path))] == ["answers_of_another_bar"]


def test_another_judge_than_the_locked_one_is_no_verdict(tmp_path: Path, stored_run: StoredRun) -> None:
    folder = stored_run(tmp_path / "run", worse_every_third, metric="judge")
    head, rows = folder.scores()
    folder.add_scores(head | {"judge": "other"}, rows)
    assert document(folder)["why"][0]["code"] == "another_judge"


def test_a_judge_that_failed_makes_the_verdict_inconclusive_with_reasons(tmp_path: Path, stored_run: StoredRun) -> None:
    folder = stored_run(tmp_path / "run", lambda *_: None, metric="judge")
    found = document(folder)

    assert (found["decision"], found["exit_code"]) == ("inconclusive", 2)
    metric = found["metrics"]["judge"]["new"]
    assert (metric["interval"], metric["scored"], metric["asked"]) == (None, 0, 60)
    assert metric["reasons"] == {"the judge failed: it hangs": 60}


def test_repeats_are_averaged_within_a_case_and_flaky_cases_listed(tmp_path: Path, stored_run: StoredRun) -> None:
    folder = stored_run(tmp_path / "run", lambda c, v, r: float(r == 0 or c.id != "c007" or v == "now"), repeats=4)
    run = Run.load(folder.path)
    found = document_of(run)

    assert found["effect"]["n"] == 60
    assert run.of_case("passed", "new")["c007"] == 0.25
    varying, cases = flakiness_of(run, "new")
    assert cases == ["c007"] and varying and varying.flaky == pytest.approx(1 / 60)
    assert flakiness_of(run, "now")[1] == []


def test_critical_cases_stand_outside_the_statistics(tmp_path: Path, stored_run: StoredRun) -> None:
    cases = tuple(c.model_copy(update={"critical": c.id == "c003"}) for c in cases_of(60))
    fails = stored_run(tmp_path / "fails", lambda c, v, _: float(c.id != "c003" or v == "now"), cases=cases)
    found = document(fails)

    assert (found["decision"], found["critical"]["failed"]) == ("dont_ship", ["c003"])
    assert found["effect"]["n"] == 59 and found["effect"]["worse"] == 0
    assert metrics_of(Run.load(fails.path))["passed"]["new"].scored == 59


def test_labels_correct_a_judge_and_say_how_far_it_agrees(tmp_path: Path, stored_run: StoredRun) -> None:
    folder = stored_run(tmp_path / "run", lambda *_: 1.0, metric="judge")
    assert document(folder)["judge"] == {"calibrated": False, "kappa": {}, "hash": "j" * 64, "model": "m"}

    for n in range(0, 60, 2):
        for variant in ("now", "new"):
            folder.add_label(Key(f"c{n:03}", variant, 0), "judge", float(variant == "now"), "me")
    run = Run.load(folder.path)
    found = document_of(run)

    assert found["decision"] == "dont_ship" and found["corrected"]["difference"] == -1.0
    assert set(agreement(run)) == {"all", "en"}


def test_labels_correct_the_metric_they_were_given_for(tmp_path: Path, stored_run: StoredRun) -> None:
    folder = stored_run(tmp_path / "run", lambda *_: 1.0)
    for n in range(0, 60, 2):
        folder.add_label(Key(f"c{n:03}", "now", 0), "support", 1.0, "me")
        folder.add_label(Key(f"c{n:03}", "new", 0), "support", 0.0, "me")
    assert document(folder)["corrected"] is None
    for n in range(0, 60, 2):
        folder.add_label(Key(f"c{n:03}", "now", 0), "passed", 1.0, "me")
        folder.add_label(Key(f"c{n:03}", "new", 0), "passed", 0.0, "me")
    assert document(folder)["corrected"]["difference"] == -1.0


def test_every_text_is_there_in_both_languages_and_names_the_same_things(tmp_path: Path, stored_run: StoredRun) -> None:
    def names(text: str) -> set[str]:
        return {part.split("}")[0] for part in text.split("{")[1:]}

    assert WORDS["fr"].keys() == WORDS["en"].keys()
    assert all(names(WORDS["fr"][key]) == names(WORDS["en"][key]) for key in WORDS["en"])
    found = document(stored_run(tmp_path / "run", worse_every_third))
    assert headline(found, "fr") == "À ne pas livrer : new est moins bon que now de plus de 5 points de « passed »."
    assert reasons(found, "fr") == []


def test_junit_holds_the_bar_and_each_case(tmp_path: Path, stored_run: StoredRun) -> None:
    found = document(stored_run(tmp_path / "run", worse_every_third))
    suite = ElementTree.fromstring(junit(found))

    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("61", "1", "0")
    assert suite[0].find("failure") is not None and "<b>" in (suite[1].findtext("system-out") or "")


def test_markdown_says_it_in_one_table(tmp_path: Path, stored_run: StoredRun) -> None:
    text = markdown(document(stored_run(tmp_path / "run", worse_every_third)))
    assert text.startswith("## ❌ Don't ship: ")
    assert "| **passed** | -33.3 |" in text and "- … 10" in text


def test_a_metric_that_is_no_share_cannot_be_a_bar(tmp_path: Path, stored_run: StoredRun) -> None:
    folder = stored_run(tmp_path / "run", lambda *_: 120.0, metric="words")
    with pytest.raises(EvaluationError, match="not between 0 and 1"):
        document(folder)
