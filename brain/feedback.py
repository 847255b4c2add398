"""What people say of answers, in the state's database: personal data masked, kept as long as the settings say."""

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from brain.errors import RepeatedError, StoreError
from brain.privacy import mask
from brain.state import Base, State

Complaint = Literal["wrong", "incomplete", "outdated", "irrelevant", "unclear", "other"]


class FeedbackRow(Base):
    """One person's word on one answer. `given_at` is ISO 8601 in UTC; `signature` tells a repetition from something else."""

    __tablename__ = "feedback"

    id: Mapped[str] = mapped_column(primary_key=True)
    answer_id: Mapped[str] = mapped_column(index=True)
    tenant: Mapped[str] = mapped_column(index=True)
    audience: Mapped[str]
    given_at: Mapped[str] = mapped_column(index=True)
    given_by: Mapped[str]
    thumbs: Mapped[str]
    reason: Mapped[str | None]
    comment: Mapped[str | None]
    correction: Mapped[str | None]
    signature: Mapped[str]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What was said; `given_by` is the key or the widget's token, not the person."""

    answer_id: str
    tenant: str
    audience: str
    given_by: str
    thumbs: Literal["up", "down"]
    reason: Complaint | None = None
    comment: str | None = None
    correction: str | None = None


class Feedbacks(State):
    """Writes and reads them; every method is one transaction. Raises StoreError."""

    def save(self, given: Feedback, idempotency_key: str = "") -> str:
        """Its id: with an idempotency key the same for the same caller and key, and then it is written once.

        Raises RepeatedError where that key came with something else before.
        """
        signature = _hash(json.dumps(asdict(given), sort_keys=True))
        id = _hash(f"{given.given_by}\0{idempotency_key}")[:32] if idempotency_key else uuid4().hex
        try:
            known = self._signature(id) or self._write(id, given, signature)
        except StoreError:
            # The same request twice at once: one was faster. Else the error is told.
            if (known := self._signature(id) or "") == "":
                raise
        if known != signature:
            raise RepeatedError("This idempotency key was used for something else.", "Use a new one for each feedback.")
        return id

    def newest(self, limit: int = 1000, tenant: str | None = None) -> list[dict[str, Any]]:
        """The latest, newest first."""
        rows = select(FeedbackRow).order_by(FeedbackRow.given_at.desc(), FeedbackRow.id).limit(limit)
        names = ["id", "given_at", *(field.name for field in fields(Feedback))]
        with self._session() as session:
            found = session.scalars(rows if tenant is None else rows.where(FeedbackRow.tenant == tenant))
            return [{name: getattr(row, name) for name in names} for row in found]

    def _signature(self, id: str) -> str | None:
        with self._session() as session:
            row = session.get(FeedbackRow, id)
            return row.signature if row else None

    def _write(self, id: str, given: Feedback, signature: str) -> str:
        now = datetime.now(UTC)
        kept = replace(given, comment=_masked(given.comment), correction=_masked(given.correction))
        with self._session() as session:
            session.add(FeedbackRow(id=id, given_at=_stamp(now), signature=signature, **asdict(kept)))
        return signature


def _masked(text: str | None) -> str | None:
    return mask(text) if text else None


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()
