"""`brain eval run` whole: a real index, a real Brain, a model endpoint on loopback; killed and begun again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from brain.errors import EvaluationError
from brain.testing import HashEncoder
from eval.cli import app
from eval.experiment import load_experiment
from eval.judged_run import Run
from eval.running.folder import RunFolder
from eval.running.runner import Ran, judge, run
from eval.testing import Chat, cases_of, completion, write_cases

ANSWER = "Le client dispose de 14 jours pour renvoyer un article [1]."
SCRIPT = """
import sys
from brain.testing import HashEncoder
import eval.running.variants as variants
variants.make_encoder = lambda *_: HashEncoder()
from typer.testing import CliRunner
from eval.cli import app
print(CliRunner().invoke(app, sys.argv[1:]).output)
"""


@pytest.fixture
def home(quick_path: Path, make_workspace: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An index of one page, that no process has open."""
    workspace = make_workspace(quick_path)
    workspace.write(
        "retours.md", "---\nid: d1\n---\n# Retours\n\nLe client dispose de 14 jours pour renvoyer un article.\n"
    )
    workspace.run()
    workspace.close()
    monkeypatch.setattr("eval.running.variants.make_encoder", lambda *_: HashEncoder())
    yield workspace.settings.home


@pytest.fixture
def experiment(tmp_path: Path, chat: Chat) -> Path:
    """Two variants that ask the endpoint, 12 cases in 6 clusters."""
    chat.answers = lambda _: (200, {}, completion(ANSWER))
    write_cases(tmp_path / "cases.jsonl", cases_of(12, per_cluster=2))
    path = tmp_path / "e.yaml"
    model = {"url": chat.url, "model": "m", "timeout_s": 20}
    llm = {"answer": {"provider": "llm", "sufficiency": 0.0}, "llm": model}
    variants = {"now": llm, "warm": llm | {"llm": model | {"temperature": 0.5}}}
    made = {
        "name": "try",
        "datasets": ["cases.jsonl"],
        "variants": variants,
        "prices": {"m": {"input": 1, "output": 1}},
    }
    path.write_text(json.dumps(made), encoding="utf-8")  # JSON is YAML
    return path


def change(path: Path, **more: Any) -> Path:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | more), encoding="utf-8")
    return path


def ran(path: Path, home: Path) -> Ran:
    return run(load_experiment(path), path.parent / "runs", home)


def test_answers_and_scores_are_kept_with_what_produced_them(experiment: Path, home: Path, chat: Chat) -> None:
    found = ran(experiment, home)

    assert (found.progress.done, found.total, found.progress.failed) == (24, 24, 0)
    assert found.progress.usage.calls == len(chat.asked) == 24
    record = next(iter(found.folder.answers().values()))
    assert record["answer"]["trace"]["prompt"]["hash"] and record["answer"]["sentences"][0]["citations"]
    manifest = found.folder.manifest()
    assert (
        manifest["git"]["revision"] and manifest["packages"]["scipy"] and manifest["variants"]["now"]["index"]["hash"]
    )
    assert {p["language"] for p in manifest["variants"]["now"]["prompts"]} == {"fr", "en"}
    assert all(answer["bar"] == manifest["bar_hash"] for answer in found.folder.answers().values())
    loaded = Run.load(found.folder.path)
    assert set(loaded.of_case("passed", "now").values()) == {1.0}


def test_nothing_is_paid_twice(experiment: Path, home: Path, chat: Chat) -> None:
    ran(experiment, home)
    again = ran(experiment, home)
    assert (again.progress.resumed, again.progress.usage.calls, len(chat.asked)) == (24, 0, 24)

    # Another experiment that shares a variant pays only for what is new; so does scoring again.
    other = ran(change(experiment, name="other"), home)
    assert (other.progress.resumed, other.progress.usage.cached, len(chat.asked)) == (0, 24, 24)
    judge(other.folder.path)
    assert len(chat.asked) == 24 and len(list((other.folder.path / "scores").iterdir())) == 2


def test_repeats_are_asked_anew(experiment: Path, home: Path, chat: Chat) -> None:
    assert ran(change(experiment, repeats=3), home).progress.usage.calls == 72 == len(chat.asked)


def test_a_run_goes_on_only_with_its_own_experiment(experiment: Path, home: Path) -> None:
    ran(experiment, home)
    with pytest.raises(EvaluationError, match=r"bar\.margin: 0\.05 → 0\.2"):
        ran(change(experiment, bar={"margin": 0.2}), home)


def test_a_budget_stops_cleanly_and_a_larger_one_goes_on(experiment: Path, home: Path, chat: Chat) -> None:
    first = ran(change(experiment, budget={"calls": 5}, concurrency=1), home)
    assert first.progress.stopped == "the budget of 5 calls is spent" and first.progress.done == 5 == len(chat.asked)

    second = ran(change(experiment, budget={}), home)
    assert (second.progress.done, second.progress.stopped, len(chat.asked)) == (24, "", 24)


def test_a_sequential_bar_ends_the_run_early(experiment: Path, home: Path, chat: Chat) -> None:
    write_cases(experiment.parent / "cases.jsonl", cases_of(300))

    def answers(body: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        return 200, {}, completion(ANSWER if body["temperature"] else "[[NO_ANSWER]]")

    chat.answers = answers
    found = ran(change(experiment, bar={"sequential": True}), home)

    assert "certain enough" in found.progress.stopped and found.progress.done < 200
    result = CliRunner().invoke(app, ["verdict", str(found.folder.path), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["why"][0]["code"] == "early_ship"


def test_a_model_that_is_down_leaves_answers_unscored_and_is_asked_again(
    experiment: Path, home: Path, chat: Chat
) -> None:
    chat.answers = lambda _: (400, {}, "{}")
    found = ran(change(experiment, retries=0), home)
    assert found.progress.failed == 24
    result = CliRunner().invoke(app, ["verdict", str(found.folder.path)])
    assert result.exit_code == 2

    chat.answers = lambda _: (200, {}, completion(ANSWER))
    assert ran(experiment, home).progress.failed == 0


def test_killed_three_times_and_begun_again_gives_the_same_and_pays_once(
    experiment: Path, home: Path, chat: Chat
) -> None:
    write_cases(experiment.parent / "cases.jsonl", cases_of(40))
    answers: Callable[[dict[str, Any]], Any] = chat.answers

    def slowly(body: dict[str, Any]) -> Any:
        time.sleep(0.02)
        return answers(body)

    chat.answers = slowly
    change(experiment, concurrency=2)
    runs = experiment.parent / "runs"
    command = [sys.executable, "-c", SCRIPT, "run", str(experiment), "--runs", str(runs), "--home", str(home)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for kill in range(1, 4):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(chat.asked) < 18 * kill:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, env=environment, check=True, capture_output=True)

    bodies = [json.dumps(body, sort_keys=True) for body in chat.asked]
    answered = RunFolder(runs / "try").answers()
    assert len(answered) == 80
    # What was under way at a kill had not been answered yet: at most that is asked again.
    assert 80 <= len(bodies) <= 80 + 3 * 2
    kept = Run.load(runs / "try")
    whole = ran(change(experiment, name="whole"), home)
    assert Run.load(whole.folder.path).of_case("passed", "warm") == kept.of_case("passed", "warm")


def test_the_commands_say_what_comes_next(experiment: Path, home: Path) -> None:
    runs = experiment.parent / "runs"
    result = CliRunner().invoke(app, ["run", str(experiment), "--runs", str(runs), "--home", str(home)])
    assert result.exit_code == 0, result.output
    assert "24 of 24 answers" in result.stdout and "brain eval verdict" in result.stdout

    result = CliRunner().invoke(app, ["verdict", str(runs / "try")])
    assert result.exit_code == 2 and "Inconclusive" in result.stdout
    result = CliRunner().invoke(app, ["report", str(runs / "try"), "-o", str(runs / "r.html")])
    assert result.exit_code == 0 and (runs / "r.html").stat().st_size > 10_000
    result = CliRunner().invoke(app, ["power", "--run", str(runs / "try"), "--margin", "0.1", "--json"])
    assert result.exit_code == 0 and json.loads(result.stdout)["needed"] > 0
    result = CliRunner().invoke(app, ["diff", str(runs / "try"), str(runs / "try"), "--json"])
    assert result.exit_code == 0 and json.loads(result.stdout)["cases"] == []
    assert CliRunner().invoke(app, ["verdict", str(runs)]).exit_code == 3
