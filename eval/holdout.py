"""A sealed hold-out: cases that are kept back, whose hash is fixed, and each use of which is written down.

Every look at it makes it a little less of a hold-out: after many, what was chosen by it was chosen for it.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from brain.errors import EvaluationError
from eval.cases import dataset_hash, load_cases


def seal(dataset: Path) -> Path:
    """Fixes the hash of its cases. Raises EvaluationError where it is sealed already."""
    path = uses_file(dataset)
    if path.exists():
        raise EvaluationError(f"{dataset} is sealed already.", f"Its uses are in {path}.")
    _append(path, {"sealed": dataset_hash(load_cases(dataset)), "at": _now()})
    return path


def use(dataset: Path, run: str, bar: str) -> int:
    """Writes down a use by a run, once for each bar; how often it was used in all.

    Raises EvaluationError where the dataset isn't sealed, or isn't as it was sealed.
    """
    path = uses_file(dataset)
    if not path.is_file():
        raise EvaluationError(f"{dataset} is not sealed.", f"Run: brain eval seal {dataset}")
    first, *used = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    if first["sealed"] != dataset_hash(load_cases(dataset)):
        raise EvaluationError(
            f"{dataset} is not as it was sealed on {first['at'][:10]}.", "Take it back from version control."
        )
    if bar not in [each["bar"] for each in used]:
        used.append({"run": run, "bar": bar, "at": _now()})
        _append(path, used[-1])
    return len(used)


def uses_file(dataset: Path) -> Path:
    return dataset.with_name(f"{dataset.name}.uses")


def _append(path: Path, record: dict[str, str]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
