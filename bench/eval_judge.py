"""What a broken judge does to a run and its verdict: for `bench.eval judge`."""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.experiment import Experiment
from eval.judged_run import Run, finding_of
from eval.running.runner import run
from eval.testing import Chat, chat_endpoint, completion

DOWN = "http://127.0.0.1:9/v1"
"""The discard port: nothing listens there."""
Answers = Callable[[dict[str, Any]], tuple[int, dict[str, str], str]]
GARBAGE = ["Lovely weather.", "GRADE: excellent", "", "{}", "A", "note 20/20", "GRADE:"]


def garbage(body: dict[str, Any]) -> tuple[int, dict[str, str], str]:
    number = len(body["messages"][1]["content"])
    return (200, {}, "<html>busy</html>") if number % 5 == 0 else (200, {}, completion(GARBAGE[number % len(GARBAGE)]))


JUDGES: dict[str, Answers | None] = {
    "sound": lambda _: (200, {}, completion("It is right.\nGRADE: A")),
    "garbage": garbage,
    "status 500": lambda _: (500, {}, "broken"),
    "down": None,
    "hangs": lambda _: (200, {}, completion("GRADE: A")),
}


def measure(home: Path, path: Path, console: Console) -> None:
    """Prints one row for each judge."""
    table = Table("judge", "graded", "zeros", "verdict", "seconds", "reasons", title="a judge that fails, 2 variants")
    for name, answers in JUDGES.items():
        with tempfile.TemporaryDirectory() as folder, _endpoint(answers) as chat:
            if chat:
                chat.answers, chat.hang = answers, name == "hangs"
            table.add_row(name, *_outcome(Path(folder), home, path, chat.url if chat else DOWN))
    console.print(table)


def _endpoint(answers: Answers | None) -> AbstractContextManager[Chat | None]:
    return chat_endpoint() if answers else nullcontext()


def _outcome(folder: Path, home: Path, path: Path, url: str) -> list[str]:
    made = {
        "name": "judged",
        "datasets": [str(path.resolve())],
        "variants": {"now": {}, "one": {"answer": {"max_sentences": 1}}},
        "scorers": ["checks", "judge"],
        "judge": {"url": url, "model": "m", "timeout_s": 2},
        "bar": {"metric": "judge", "margin": 0.1},
        "retries": 0,
        "concurrency": 16,
    }
    started = time.perf_counter()
    ran = run(Experiment.model_validate_json(json.dumps(made)), folder, home)
    seconds = time.perf_counter() - started
    loaded = Run.load(ran.folder.path)
    rows = [row for row in loaded.scores if row["metric"] == "judge"]
    graded = [row["value"] for row in rows if row["value"] is not None]
    reasons = Counter(
        row["reason"].split(":")[0] + ":" + row["reason"].split(":")[1][:40] for row in rows if row["value"] is None
    )
    decision = finding_of(loaded).decision
    said = "; ".join(f"{count} × {reason}" for reason, count in reasons.most_common(3))
    return [f"{len(graded)} of {len(rows)}", str(graded.count(0.0)), decision.value, f"{seconds:.0f}", said]
