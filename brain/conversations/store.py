"""Conversations in the state's database, each its maker's alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, Index, Select, delete, select, tuple_, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from brain.conversations.owner import Owner, Place
from brain.errors import RepeatedError, StoreError
from brain.settings import Settings
from brain.state import Base, Database
from brain.traces.record import masked

TITLE_CHARS = 120


class ConversationRow(Base):
    """Times are ISO 8601 in UTC, which sort as text. `owner` is what its maker is recorded as; `signature` tells a repetition from
    something else."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_owner", "tenant", "owner", "updated_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    audience: Mapped[str]
    owner: Mapped[str]
    title: Mapped[str | None]
    created_at: Mapped[str]
    updated_at: Mapped[str] = mapped_column(index=True)
    signature: Mapped[str | None]


class ExchangeRow(Base):
    """A question and its answer, see `brain.conversations.record`; `number` says which came first."""

    __tablename__ = "exchanges"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(index=True)
    answer_id: Mapped[str] = mapped_column(index=True)
    record: Mapped[dict[str, Any]] = mapped_column(JSON)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Without what was said in it."""

    id: str
    title: str | None
    created_at: str
    updated_at: str


class Conversations(Database):
    """Reads and writes them; every method is one transaction. What isn't the owner's isn't there. Raises StoreError."""

    def __init__(self, settings: Settings, beside: Database | None = None) -> None:
        super().__init__(settings, beside)
        self._most = settings.conversations.exchanges

    def create(self, owner: Owner, title: str | None = None, idempotency_key: str = "") -> Conversation:
        """A new one. With an idempotency key the same for the same owner and key, as long as it is there.

        Raises RepeatedError where that key came with another title before.
        """
        signature = _hash(title or "")
        id = _hash("\0".join((*owner, idempotency_key)))[:32] if idempotency_key else uuid4().hex
        try:
            return self._same(id, signature) or self._write(owner, id, title, signature)
        except StoreError:
            # The same request twice at once: one was faster. Else the error is told.
            if known := self._same(id, signature):
                return known
            raise

    def list(self, owner: Owner, limit: int, after: Place | None = None) -> Sequence[Conversation]:
        """The one that was continued last first."""
        order = (ConversationRow.updated_at, ConversationRow.id)
        rows = _of(owner).order_by(*(column.desc() for column in order)).limit(limit)
        with self._session() as session:
            return [
                _conversation(row) for row in session.scalars(rows.where(tuple_(*order) < after) if after else rows)
            ]

    def get(self, owner: Owner, id: str) -> Conversation | None:
        with self._session() as session:
            row = session.scalar(_of(owner).where(ConversationRow.id == id))
            return _conversation(row) if row else None

    def exchanges(self, owner: Owner, id: str, limit: int) -> Sequence[dict[str, Any]] | None:
        """The records of the last ones, the first of them first; None where there is no such conversation."""
        newest = (
            select(ExchangeRow.record)
            .where(ExchangeRow.conversation_id == id)
            .order_by(ExchangeRow.number.desc())
            .limit(limit)
        )
        with self._session() as session:
            if session.scalar(_of(owner).where(ConversationRow.id == id)) is None:
                return None
            return [*reversed(session.scalars(newest).all())]

    def add(self, owner: Owner, id: str, record: dict[str, Any]) -> bool:
        """Adds an exchange; beyond `conversations.exchanges` the first ones go. False where the conversation is gone."""
        asked = record["question"]["text"]
        mine = update(ConversationRow).where(ConversationRow.id == id, *_whose(owner))
        with self._session() as session:
            # Written first: whoever deletes it meanwhile waits, and then deletes this too.
            if not session.execute(mine.values(updated_at=_now())).rowcount:  # type: ignore[attr-defined]
                return False
            session.execute(mine.where(ConversationRow.title.is_(None)).values(title=_title(asked)))
            session.add(ExchangeRow(conversation_id=id, answer_id=record["id"], record=record))
            session.flush()
            self._shorten(session, id)
            return True

    def delete(self, owner: Owner, id: str) -> bool:
        """With all that was said in it. Whether it was there."""
        with self._session() as session:
            gone = session.execute(delete(ConversationRow).where(ConversationRow.id == id, *_whose(owner)))
            if not gone.rowcount:  # type: ignore[attr-defined]
                return False
            session.execute(delete(ExchangeRow).where(ExchangeRow.conversation_id == id))
            return True

    def _same(self, id: str, signature: str) -> Conversation | None:
        with self._session() as session:
            row = session.get(ConversationRow, id)
            if row is None:
                return None
            if row.signature != signature:
                raise RepeatedError(
                    "This idempotency key was used for another title.", "Use a new one for each conversation."
                )
            return _conversation(row)

    def _write(self, owner: Owner, id: str, title: str | None, signature: str) -> Conversation:
        now = _now()
        row = ConversationRow(id=id, tenant=owner.tenant, audience=owner.audience, owner=owner.id)
        row.title, row.created_at, row.updated_at, row.signature = _title(title), now, now, signature
        with self._session() as session:
            session.add(row)
            session.flush()
            return _conversation(row)

    def _shorten(self, session: Session, id: str) -> None:
        numbers = select(ExchangeRow.number).where(ExchangeRow.conversation_id == id)
        last = session.scalar(numbers.order_by(ExchangeRow.number.desc()).offset(self._most).limit(1))
        if last is not None:
            session.execute(delete(ExchangeRow).where(ExchangeRow.conversation_id == id, ExchangeRow.number <= last))


def _whose(owner: Owner) -> tuple[Any, ...]:
    return (
        ConversationRow.tenant == owner.tenant,
        ConversationRow.audience == owner.audience,
        ConversationRow.owner == owner.id,
    )


def _of(owner: Owner) -> Select[ConversationRow]:
    return select(ConversationRow).where(*_whose(owner))


def _conversation(row: ConversationRow) -> Conversation:
    return Conversation(row.id, row.title, row.created_at, row.updated_at)


def _title(text: str | None) -> str | None:
    """On one line, personal data masked, not too long."""
    return (" ".join(str(masked(text)).split())[:TITLE_CHARS] or None) if text else None


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
