"""Erases what is kept of one person: whole conversations, answers with their traces, and feedback.

A person is whoever a caller is recorded as (an API key, a widget's visitor), a conversation, or a text that stands in what was kept.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, select, text
from sqlalchemy.orm import Session

from brain.conversations.store import ConversationRow, ExchangeRow
from brain.feedback import FeedbackRow
from brain.insights.forgetting import forget
from brain.keys.audit import note
from brain.retention.matching import matcher
from brain.state import Database
from brain.traces.store import CitedRow, TraceRow

By = Literal["conversation", "key", "visitor", "text"]
MANY = 500


@dataclass(frozen=True, slots=True)
class Whose:
    """`value`: a conversation's id, a key's, (the beginning of) a visitor's as the log shows it, or a text."""

    by: By
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reach:
    """Within which tenant and audiences; None: all."""

    tenant: str | None = None
    audiences: Collection[str] | None = None

    def of(self, row: Any) -> list[ColumnElement[bool]]:
        wanted = [row.tenant == self.tenant] if self.tenant is not None else []
        return wanted + ([row.audience.in_(list(self.audiences))] if self.audiences is not None else [])


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of what is of that person."""

    conversations: frozenset[str]
    answers: frozenset[str]
    feedback: frozenset[str]

    def counts(self) -> dict[str, int]:
        return {name: len(getattr(self, name)) for name in ("conversations", "answers", "feedback")}


class Erasing(Database):
    """Raises StoreError."""

    def find(self, whose: Whose, reach: Reach = Reach()) -> Found:
        """What would be erased: what matches, the conversations of such answers, all answers of those, all feedback on them."""
        with self._session() as session:
            find = _by_text if whose.by == "text" else _by_caller
            conversations, answers, feedback = find(session, whose, reach)
            conversations |= _all(session, select(ExchangeRow.conversation_id), ExchangeRow.answer_id, answers)
            answers |= _all(session, select(ExchangeRow.answer_id), ExchangeRow.conversation_id, conversations)
            feedback |= _all(session, select(FeedbackRow.id), FeedbackRow.answer_id, answers)
        return Found(frozenset(conversations), frozenset(answers), frozenset(feedback))

    def erase(self, found: Found, by: By, actor: str) -> str:
        """All or nothing; returns the erasure's id, under which the act is written down: how much, not whose."""
        id = uuid4().hex
        with self._session() as session:
            for column, ids in (
                # A conversation first: whoever continues it meanwhile finds it gone.
                (ConversationRow.id, found.conversations),
                (ExchangeRow.conversation_id, found.conversations),
                (TraceRow.id, found.answers),
                (CitedRow.trace_id, found.answers),
                (FeedbackRow.id, found.feedback),
            ):
                for some in _chunks(ids):
                    session.execute(delete(column.class_).where(column.in_(some)))
            forget(session)
            note(session, actor, "erased", id, by=by, **found.counts())
        self._clear_log()
        return id

    def _clear_log(self) -> None:
        """What was deleted still stands in SQLite's log, until that is written back."""
        if self._engine.dialect.name == "sqlite":
            with self._session() as session:
                session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


_Ids = tuple[set[str], set[str], set[str]]


def _by_caller(session: Session, whose: Whose, reach: Reach) -> _Ids:
    if whose.by == "conversation":
        return _ids(session, select(ConversationRow.id).where(ConversationRow.id == whose.value), reach), set(), set()

    def mine(column: Any) -> ColumnElement[bool]:
        if whose.by == "key":
            return cast(ColumnElement[bool], column == f"key::{whose.value}")
        of_visitors = column.startswith("visitor:") & column.contains(f":{whose.value}", autoescape=True)
        return cast(ColumnElement[bool], of_visitors)

    return (
        _ids(session, select(ConversationRow.id).where(mine(ConversationRow.owner)), reach),
        _ids(session, select(TraceRow.id).where(mine(TraceRow.asked_by)), reach),
        _ids(session, select(FeedbackRow.id).where(mine(FeedbackRow.given_by)), reach),
    )


def _by_text(session: Session, whose: Whose, reach: Reach) -> _Ids:
    """Reads everything: what is kept as JSON is written with escapes, which a database does not search."""
    stands = matcher(whose.value)
    conversations = select(ConversationRow.id, ConversationRow.title).where(*reach.of(ConversationRow))
    said = (
        select(ExchangeRow.conversation_id, ExchangeRow.record)
        .join(ConversationRow, ConversationRow.id == ExchangeRow.conversation_id)
        .where(*reach.of(ConversationRow))
    )
    answers = select(TraceRow.id, TraceRow.record).where(*reach.of(TraceRow))
    opinions = select(FeedbackRow.id, FeedbackRow.comment, FeedbackRow.correction).where(*reach.of(FeedbackRow))
    return (
        _standing(session, conversations, stands) | _standing(session, said, stands),
        _standing(session, answers, stands),
        _standing(session, opinions, stands),
    )


def _ids(session: Session, ids: Any, reach: Reach) -> set[str]:
    (column,) = ids.selected_columns
    row = next(one for one in (ConversationRow, TraceRow, FeedbackRow) if one.__table__ is column.table)
    return set(session.scalars(ids.where(*reach.of(row))))


def _standing(session: Session, rows: Any, stands: Callable[[Any], bool]) -> set[str]:
    found = session.execute(rows.execution_options(yield_per=MANY))
    return {id for id, *values in found if any(map(stands, values))}


def _all(session: Session, what: Any, column: Any, ids: Iterable[str]) -> set[str]:
    return {found for some in _chunks(ids) for found in session.scalars(what.where(column.in_(some)))}


def _chunks(ids: Iterable[str]) -> Iterator[Sequence[str]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), MANY):
        yield ordered[start : start + MANY]
