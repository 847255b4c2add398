"""Drafts of cases: proposed by a program, a case only once a person has accepted them. A file that is only added to."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from brain.errors import CaseError, EvaluationError
from eval.cases import Case, load_cases
from eval.likeness import SAME, likeness, terms_of

Decided = Literal["accepted", "rejected"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed case, and where it comes from: `source` is knowledge, model or production, `seen` how often it was met.

    `answer`: the id of the answer that it comes from.
    """

    case: Case
    source: str
    detail: str
    seen: int = 1
    answer: str = ""


def draft_id(source: str, *parts: str) -> str:
    return f"{source}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:8]}"


class DraftFile:
    """Drafts and what was decided about them, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, drafts: Iterable[Draft], known: Iterable[Case] = ()) -> int:
        """Adds those that neither the file nor `known` cases ask already, however worded; how many.

        What is asked again is written down as such: `seen` of the draft rises.
        """
        held = [(case.id, terms_of(case.text, case.language)) for case in (*(d.case for d in self.all()), *known)]
        added = 0
        for draft in drafts:
            words = terms_of(draft.case.text, draft.case.language)
            same = next((id for id, others in held if id == draft.case.id or likeness(words, others) >= SAME), None)
            if same is not None:
                self._append({"again": same, "detail": draft.detail, "at": _now()})
                continue
            held.append((draft.case.id, words))
            self._add(draft)
            added += 1
        return added

    def met(self, draft: Draft, known: Iterable[Case], times: int, within: Callable[[Draft], bool]) -> tuple[str, bool]:
        """The id of the draft or case that asks the same, of the drafts `within` and the `known` cases, or of this one, added.

        And whether it was added.

        It counts as met so many times; a draft that is added as often as it says.
        """
        words = terms_of(draft.case.text, draft.case.language)
        held = (*(d.case for d in self.all() if within(d)), *known)
        alike = (
            case.id
            for case in held
            if case.id == draft.case.id or likeness(words, terms_of(case.text, case.language)) >= SAME
        )
        same = next(alike, None)
        if same is None:
            self._add(draft)
            times -= 1
        if times > 0:
            self._append({"again": same or draft.case.id, "times": times, "detail": draft.detail, "at": _now()})
        return same or draft.case.id, same is None

    def locked(self) -> FileLock:
        """While one process reads and then writes what follows from it, others wait."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(f"{self.path}.lock")

    def _add(self, draft: Draft) -> None:
        case = draft.case.model_dump(mode="json", exclude_defaults=True)
        from_answer = {"answer": draft.answer} if draft.answer else {}
        self._append({"case": case, "source": draft.source, "detail": draft.detail, "at": _now()} | from_answer)

    def all(self) -> list[Draft]:
        """Every draft, in the order in which they came; what was met most often is not first."""
        drafts: dict[str, dict[str, Any]] = {}
        for row in self._rows():
            if "case" in row:
                drafts[row["case"]["id"]] = row | {"seen": 1}
            elif row.get("again") in drafts:
                drafts[row["again"]]["seen"] += row.get("times", 1)
        return [
            Draft(Case.model_validate(r["case"]), r["source"], r["detail"], r["seen"], r.get("answer", ""))
            for r in drafts.values()
        ]

    def waiting(self) -> list[Draft]:
        """Those that nobody has decided about, the most often met first."""
        decided = {row["decided"] for row in self._rows() if "decided" in row}
        return sorted((d for d in self.all() if d.case.id not in decided), key=lambda draft: -draft.seen)

    def decide(self, draft: Draft, how: Decided, by: str, reason: str = "") -> None:
        why = {"reason": reason} if reason else {}
        self._append({"decided": draft.case.id, "how": how, "by": by, "at": _now()} | why)

    def _rows(self) -> Iterator[dict[str, Any]]:
        if not self.path.is_file():
            return
        for number, line in enumerate(self.path.read_text(encoding="utf-8").split("\n"), start=1):
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise EvaluationError(f"{self.path}:{number}: not JSON.", "Remove that line.") from error

    def _append(self, row: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def accept(file: DraftFile, draft: Draft, dataset: Path, case: Case, by: str) -> None:
    """Adds the case, as the person left it, to the dataset; where it came from stays in the drafts' file.

    Raises CaseError where the dataset has another case of that id, or can't be read.
    """
    dataset.parent.mkdir(parents=True, exist_ok=True)
    there = next((c for c in cases_in(dataset) if c.id == case.id), None)
    if there is not None and there != case:
        raise CaseError(f"{dataset} already has a case {case.id}, another one.", "Reject the draft, or edit that case.")
    if there is None:  # else it was written, and then something stopped it
        with dataset.open("a", encoding="utf-8") as out:
            out.write(case.model_dump_json(exclude_defaults=True) + "\n")
    file.decide(draft, "accepted", by)


def cases_in(dataset: Path) -> tuple[Case, ...]:
    """None where there is no such file yet, or nothing in it. Raises CaseError."""
    return load_cases(dataset) if dataset.exists() and dataset.read_bytes().strip() else ()


def plain(draft: Draft) -> dict[str, Any]:
    return asdict(draft) | {"case": draft.case.model_dump(mode="json", exclude_defaults=True)}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
