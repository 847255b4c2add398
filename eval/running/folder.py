"""A run's folder: what was asked and answered, written once and never changed.

manifest.json     what produced it, and the locked bar
cases.jsonl       the cases as they were asked
answers.jsonl     one answer a line, with its trace; a line that a killed process left half written is cut off
scores/0001.jsonl one scoring of the stored answers; a later one is a new file
"""

import json
import os
from collections.abc import Iterable, Iterator, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from brain.errors import EvaluationError
from eval.cases import Case, load_cases

Record = dict[str, Any]


class Key(NamedTuple):
    """One question put to one variant, once of so many times."""

    case: str
    variant: str
    repeat: int


class RunFolder:
    """Reads and writes one run. Raises EvaluationError where the folder is not one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._manifest, self._answers = path / "manifest.json", path / "answers.jsonl"
        self._recent: dict[Key, Record] | None = None

    @property
    def exists(self) -> bool:
        return self._manifest.is_file()

    def create(self, manifest: Record, cases: Iterable[Case]) -> None:
        """Writes what is known before the first answer; the manifest last, for a folder with one to be whole."""
        self.path.mkdir(parents=True, exist_ok=True)
        rows = [case.model_dump(mode="json", exclude_defaults=True) for case in cases]
        _write(self.path / "cases.jsonl", "".join(_line(row) for row in rows))
        _write(self._manifest, json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")

    def manifest(self) -> Record:
        if not self.exists:
            raise EvaluationError(
                f"{self.path} is not a run: it has no manifest.json.", "Name a folder that `brain eval run` made."
            )
        try:
            return json.loads(self._manifest.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
        except ValueError as error:
            raise EvaluationError(f"{self._manifest} is not JSON: {error}") from error

    def cases(self) -> tuple[Case, ...]:
        return load_cases(self.path / "cases.jsonl")

    def append(self, record: Record) -> None:
        """One answer, in the file when this returns: what a killed process had written stays."""
        with self._answers.open("ab") as file:
            file.write(_line(record).encode())
        if self._recent is not None:
            self._recent[_key(record)] = record

    def answers(self) -> dict[Key, Record]:
        """By key; of several answers to one question (the earlier failed) the last."""
        return {_key(record): record for record in self._records()}

    def answers_of(self, cases: Set[str]) -> dict[Key, Record]:
        """The answers to these cases. From the first call on answers are held in memory too: it is asked after each cluster."""
        if self._recent is None:
            self._recent = self.answers()
        return {key: record for key, record in self._recent.items() if key.case in cases}

    def _records(self) -> Iterator[Record]:
        if not self._answers.is_file():
            return
        with self._answers.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise EvaluationError(f"{self._answers}:{number}: not JSON.", "Remove that line.") from error

    def labels(self, metric: str) -> dict[Key, float]:
        """People's scores of answers, in [0, 1], by what the metric measures; rows that name none were given for the bar's."""
        path = self.path / "labels.jsonl"
        rows = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
        read = map(json.loads, filter(None, rows))
        return {
            Key(r["case"], r["variant"], r["repeat"]): r["value"] for r in read if r.get("metric", metric) == metric
        }

    def add_label(self, key: Key, metric: str, value: float, by: str) -> None:
        record = {
            **key._asdict(),
            "metric": metric,
            "value": value,
            "by": by,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with (self.path / "labels.jsonl").open("ab") as file:
            file.write(_line(record).encode())

    def mend(self) -> None:
        """Cuts off a last line that was never finished."""
        if not self._answers.is_file():
            return
        data = self._answers.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(self._answers, whole)

    def add_scores(self, head: Record, scores: Iterable[Record]) -> Path:
        """A new scoring; its file appears whole or not at all."""
        folder = self.path / "scores"
        folder.mkdir(exist_ok=True)
        number = 1 + max((int(path.stem) for path in folder.glob("[0-9]*.jsonl")), default=0)
        path = folder / f"{number:04}.jsonl"
        _write(path, _line(head) + "".join(_line(score) for score in scores))
        return path

    def scores(self, number: int | Literal["last"] = "last") -> tuple[Record, list[Record]]:
        """The head and the scores of one scoring."""
        found = sorted((self.path / "scores").glob("[0-9]*.jsonl"))
        chosen = found[-1:] if number == "last" else [path for path in found if int(path.stem) == number]
        if not chosen:
            raise EvaluationError(f"{self.path} has no such scores.", f"Run: brain eval judge {self.path}")
        head, *rows = (json.loads(line) for line in chosen[0].read_text(encoding="utf-8").split("\n") if line)
        return head, rows


def _key(record: Record) -> Key:
    return Key(record["case"], record["variant"], record["repeat"])


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def _write(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
