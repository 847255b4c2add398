"""What is derived of traces, so that tens of thousands of them need not be read again; and what people note about a group."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, LargeBinary, Select, and_, exists, or_, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from brain.feedback import FeedbackRow
from brain.state import Base
from brain.types import Status

ARTICLE, DRAFT = "article", "draft"
"""Kinds of notes."""


class AskedRow(Base):
    """An answer in figures: its trace's id, what was asked, how it ended, how long it took (ms), what it cost.

    `closest`: how close the closest passage was, and `closest_id` its document.
    """

    __tablename__ = "insight_answers"

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(index=True)
    audience: Mapped[str]
    answered_at: Mapped[str] = mapped_column(index=True)
    language: Mapped[str]
    status: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str | None]
    question_key: Mapped[str] = mapped_column(index=True)
    closest_id: Mapped[str | None]
    closest: Mapped[float | None]
    first_ms: Mapped[float | None]
    total_ms: Mapped[float | None]
    tokens_in: Mapped[int]
    tokens_out: Mapped[int]
    cost: Mapped[float | None]


class QuestionRow(Base):
    """A question however often it was asked, personal data masked, and the group it is in.

    `first_at`: when it was first asked. `vector`: float16, of length 1, by `encoder`; None until it is needed. `central`: its
    likeness to its group's centre. `compared_at`: when it was last held against the groups that have notes.
    """

    __tablename__ = "insight_questions"

    tenant: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    first_at: Mapped[str]
    encoder: Mapped[str | None]
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    group_id: Mapped[str | None] = mapped_column(index=True)
    central: Mapped[float | None]
    compared_at: Mapped[str | None]


class GroupRow(Base):
    """Questions of one meaning. `centre`: the sum of their vectors, float32."""

    __tablename__ = "insight_groups"

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(index=True)
    encoder: Mapped[str]
    centre: Mapped[bytes] = mapped_column(LargeBinary)


class NoteRow(Base):
    """What was done about a group: an article was written (`article`, from then on before and after are told apart), or a case
    was drafted (`draft`, whose id is `text`). `found`: what came of asking the group's questions again; of each its `key` instead of
    its text, which retention and erasure must find in one place only."""

    __tablename__ = "insight_notes"

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(index=True)
    group_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    at: Mapped[str]
    by: Mapped[str]
    audience: Mapped[str]
    document_id: Mapped[str | None]
    text: Mapped[str | None]
    found: Mapped[dict[str, Any] | None] = mapped_column(JSON)


def disliked() -> Select[str]:
    """The answers on which somebody's last word was a thumbs-down."""
    later = aliased(FeedbackRow)
    same = and_(later.answer_id == FeedbackRow.answer_id, later.given_by == FeedbackRow.given_by)
    taken_back = exists(select(later.id).where(same, later.given_at > FeedbackRow.given_at, later.thumbs != "down"))
    return select(FeedbackRow.answer_id).where(FeedbackRow.thumbs == "down", ~taken_back)


def failed() -> ColumnElement[bool]:
    """Whether the answer was refused or disliked. Both are found by an index."""
    return or_(AskedRow.status == Status.REFUSED.value, AskedRow.id.in_(disliked()))


def now() -> str:
    """As traces write it: sorts as text."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
