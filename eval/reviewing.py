"""Drafts for the page of the service, by the same files and rules as `brain eval review`. Plugged in by `brain.reviews`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from brain.errors import CaseError, ReviewError
from brain.reviewing import Production, WaitingDraft
from brain.settings import Settings
from brain.types import DEFAULT_TENANT, PUBLIC
from eval.cases import Case, errors_of
from eval.cases_from.drafts import Draft, DraftFile, accept, cases_in
from eval.cases_from.production import draft_of

_EXPECTED = frozenset(
    "status reason documents reference must_include must_not_include must_cite language rubric tone".split()
)


class FileReview:
    """A Review of the file of drafts that the settings name. Safe to use by several processes at once."""

    def __init__(self, settings: Settings, tenant: str, readers: Sequence[str]) -> None:
        self._file, self._cases = DraftFile(settings.review.drafts), settings.review.cases
        self._tenant, self._readers = tenant, frozenset(readers)

    def propose(self, production: Production) -> tuple[str, bool]:
        record, said = production.record, production.said or {}
        asked = record["question"]
        row = {
            "question": {"text": asked["text"], "turns": asked["turns"], "audience": asked["audience"]},
            "language": record["language"],
            "status": record["status"],
            "reason": record["reason"],
            "feedback": "down" if production.said else "",
            "comment": " ".join(value for value in (said.get("reason"), said.get("comment")) if value),
            "corrected": said.get("correction"),
            "id": record["id"],
            "at": record["answered_at"],
            "tenant": asked["tenant"],
        }
        draft = draft_of(row)
        if draft is None:
            raise CaseError("That answer was neither refused nor disliked.", "Draft a case from one that was.")
        with self._file.locked():
            theirs = [case for case in cases_in(self._cases) if self._holds(case, "production")]
            return self._file.met(draft, theirs, production.times, within=lambda d: self._holds(d.case, d.source))

    def waiting(self) -> Sequence[WaitingDraft]:
        return [_shown(draft) for draft in self._waiting()]

    def accept(self, id: str, changes: Mapping[str, Any], by: str) -> None:
        with self._file.locked():
            draft = self._one(id)
            accept(self._file, draft, self._cases, _changed(draft.case, changes), by)

    def reject(self, id: str, reason: str, by: str) -> None:
        with self._file.locked():
            self._file.decide(self._one(id), "rejected", by, reason)

    def _waiting(self) -> list[Draft]:
        return [draft for draft in self._file.waiting() if self._holds(draft.case, draft.source)]

    def _one(self, id: str) -> Draft:
        found = next((draft for draft in self._waiting() if draft.case.id == id), None)
        if found is None:
            raise ReviewError(f"No draft {id} is waiting.", "It may have been decided about: load the list again.")
        return found

    def _holds(self, case: Case, source: str) -> bool:
        """A draft without an audience is of public pages, unless it comes from production: then nobody knows of whom."""
        audience = case.filters.audience or (PUBLIC if source != "production" else None)
        theirs = audience in self._readers if audience else len(self._readers) > 1
        return theirs and (case.filters.tenant or DEFAULT_TENANT) == self._tenant


def _changed(case: Case, changes: Mapping[str, Any]) -> Case:
    """Raises CaseError."""
    row = case.model_dump(mode="json", exclude_defaults=True)
    expect = row.get("expect", {}) | {name: value for name, value in changes.items() if name in _EXPECTED}
    row |= {name: value for name, value in changes.items() if name not in _EXPECTED}
    row["expect"] = {name: value for name, value in expect.items() if value is not None}
    if row["expect"].get("status") == "answered":
        row["expect"].pop("reason", None)
    if row.get("turns") and "question" in changes:
        row["turns"] = [*row["turns"][:-1], {"role": "user", "text": row.pop("question")}]
    try:
        return Case.model_validate_json(json.dumps(row), strict=True)
    except ValidationError as error:
        raise CaseError("; ".join(errors_of(error)), "Correct that; nothing was accepted.") from error


def _shown(draft: Draft) -> WaitingDraft:
    row = draft.case.model_dump(mode="json", exclude_defaults=True)
    return WaitingDraft(draft.case.id, row, draft.source, draft.detail, draft.seen, draft.answer or None)
