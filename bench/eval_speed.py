"""How fast a run is, what it adds to `ask`, and that a killed one goes on: for `bench.eval speed`."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from brain.session import open_brain
from brain.types import Answer, Question
from eval.cases import Case, load_cases
from eval.experiment import Experiment
from eval.judged_run import Run
from eval.reporting.document import document_of
from eval.reporting.page import page
from eval.running.asking import Plan, ask_all
from eval.running.folder import RunFolder
from eval.scoring.factory import make_scorers
from eval.scoring.score_run import score_answers
from eval.testing import write_cases

KILLS = 3


def measure(home: Path, path: Path, count: int, console: Console) -> None:
    """Prints one table."""
    held = load_cases(path)
    cases = tuple(held[n % len(held)].model_copy(update={"id": f"{held[n % len(held)].id}-{n}"}) for n in range(count))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_cases(root / "cases.jsonl", cases)
        table = Table("what", "measured", title=f"{count} cases, extractive answers, {os.cpu_count()} cores")
        table.add_row("whole run, answers and scores", f"{_whole(root, home, 'whole'):.0f} s")
        times, kept = _killed(root, home, count)
        table.add_row(f"killed {KILLS} times and begun again, in all", f"{times:.0f} s")
        table.add_row("questions asked twice", str(sum(n - 1 for n in kept.values())))
        table.add_row(
            "the same scores as undisturbed", "yes" if _scores(root, "whole") == _scores(root, "killed") else "NO"
        )
        asked, total = asyncio.run(_overhead(root, home, cases))
        table.add_row("beyond `ask`: storing and scoring, per case", f"{1e3 * total / count:.1f} ms")
        table.add_row("`ask` itself, one at a time, first 50 cases", f"{1e3 * asked:.1f} ms")
        started = time.perf_counter()
        run = Run.load(root / "runs" / "whole")
        document = document_of(run)
        table.add_row("verdict", f"{time.perf_counter() - started:.1f} s")
        page(document, run)
        table.add_row("verdict and page", f"{time.perf_counter() - started:.1f} s")
        console.print(table)


def _command(root: Path, home: Path, name: str) -> list[str]:
    made = {"name": name, "datasets": ["cases.jsonl"], "variants": {"now": {}}}
    path = root / f"{name}.yaml"
    path.write_text(json.dumps(made), encoding="utf-8")
    call = "from brain.cli import main; main()"
    return [sys.executable, "-c", call, "eval", "run", str(path), "--runs", str(root / "runs"), "--home", str(home)]


def _whole(root: Path, home: Path, name: str) -> float:
    started = time.perf_counter()
    subprocess.run(_command(root, home, name), check=True, capture_output=True)
    return time.perf_counter() - started


def _killed(root: Path, home: Path, count: int) -> tuple[float, Counter[str]]:
    answers = root / "runs" / "killed" / "answers.jsonl"
    started = time.perf_counter()
    for kill in range(1, KILLS + 1):
        process = subprocess.Popen(_command(root, home, "killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and _lines(answers) < count * kill // (KILLS + 1):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    _whole(root, home, "killed")
    return time.perf_counter() - started, Counter(json.loads(line)["case"] for line in answers.open(encoding="utf-8"))


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def _scores(root: Path, name: str) -> dict[tuple[str, str], float]:
    _, rows = RunFolder(root / "runs" / name).scores()
    return {(row["case"], row["metric"]): row["value"] for row in rows if row["metric"] != "latency_ms"}


class _Prepared:
    """Gives an answer that Brain gave before, at once."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self._answers = answers

    async def ask(self, question: Question) -> Answer:
        return self._answers[question.text]


async def _overhead(root: Path, home: Path, cases: tuple[Case, ...]) -> tuple[float, float]:
    """Seconds of one `ask`, and of everything around all of them where `ask` takes no time."""
    questions = [case.to_question("agent", "default") for case in cases]
    with open_brain(home) as brain:
        started = time.perf_counter()
        answers = {question.text: await brain.ask(question) for question in questions[:50]}
        asked = (time.perf_counter() - started) / 50
        for question in questions[50:]:
            if question.text not in answers:
                answers[question.text] = await brain.ask(question)
    folder = RunFolder(root / "runs" / "overhead")
    experiment = Experiment(name="overhead", datasets=("x",), variants={"now": {}})
    started = time.perf_counter()
    folder.create({"bar_hash": ""}, cases)
    await ask_all(Plan(cases, {"now": _Prepared(answers)}), folder)
    rows = await score_answers(make_scorers(experiment), cases, folder.answers())
    folder.add_scores({}, rows)
    total = time.perf_counter() - started
    shutil.rmtree(folder.path)
    return asked, total
