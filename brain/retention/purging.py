"""Deletes what has been kept for as long as the settings say: answers, feedback, conversations, notes, administrative acts."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from brain.conversations.store import ConversationRow, ExchangeRow
from brain.feedback import FeedbackRow
from brain.insights.forgetting import forget, forget_groups
from brain.insights.tables import NoteRow
from brain.keys.audit import AuditRow, note
from brain.settings import Settings
from brain.state import Database
from brain.state.engine import is_there
from brain.state.models import MetaRow
from brain.traces.store import CitedRow, TraceRow

EVERY = timedelta(days=1)
PURGED_AT = "purged_at"
"""The fact when it was done last."""
BATCH = 500
"""Rows of one transaction: nobody waits long to write."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A table of which old rows are deleted: their key, their time, and the columns by which other tables' rows go along."""

    name: str
    days: Callable[[Settings], int]
    setting: str
    key: Any
    at: Any
    along: tuple[Any, ...] = ()


KEPT = (
    Kept("answers", lambda s: s.traces.keep_days, "traces", TraceRow.id, TraceRow.answered_at, (CitedRow.trace_id,)),
    Kept("feedback", lambda s: s.feedback.keep_days, "feedback", FeedbackRow.id, FeedbackRow.given_at),
    Kept(
        "conversations",
        lambda s: s.conversations.keep_days,
        "conversations",
        ConversationRow.id,
        ConversationRow.updated_at,
        (ExchangeRow.conversation_id,),
    ),
    Kept("notes", lambda s: s.insights.keep_days, "insights", NoteRow.id, NoteRow.at),
    Kept("acts", lambda s: s.audit.keep_days, "audit", AuditRow.number, AuditRow.at),
)
"""All that is kept of people for a time. Another table with such rows belongs here."""


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows were older than `days` (0: none is too old), which the setting says."""

    name: str
    setting: str
    days: int
    count: int


class Purging(Database):
    """Raises StoreError."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._settings = settings

    def too_old(self, now: datetime | None = None) -> list[Purged]:
        """What `purge` would delete."""
        return self._each(self._count, now)

    def purge(self, actor: str, now: datetime | None = None) -> list[Purged]:
        """What was deleted; written down as an act where it was anything."""
        done = self._each(self._delete, now)
        if any(one.count for one in done):
            with self._session() as session:
                forget(session)
                forget_groups(session)
                note(session, actor, "purged", "state", **{one.name: one.count for one in done})
        return done

    def claim(self, now: datetime) -> bool:
        """Whether it was last done a day ago or before, and no other process is faster to do it now."""
        mine = _stamp(now)
        with self._session() as session:
            last = session.scalar(select(MetaRow.value).where(MetaRow.key == PURGED_AT))
            if last is None:
                try:
                    session.execute(insert(MetaRow).values(key=PURGED_AT, value=mine))
                except IntegrityError:
                    session.rollback()
                    return False
                return True
            if last > _stamp(now - EVERY):
                return False
            taken = update(MetaRow).where(MetaRow.key == PURGED_AT, MetaRow.value == last).values(value=mine)
            return bool(session.execute(taken).rowcount)  # type: ignore[attr-defined]

    def _each(self, act: Callable[[Kept, str], int], now: datetime | None) -> list[Purged]:
        found, moment = [], now or datetime.now(UTC)
        for kept in KEPT:
            days = kept.days(self._settings)
            count = act(kept, _stamp(moment - timedelta(days=days))) if days else 0
            found.append(Purged(kept.name, f"{kept.setting}.keep_days", days, count))
        return found

    def _count(self, kept: Kept, before: str) -> int:
        with self._session() as session:
            return session.scalar(select(func.count(kept.key)).where(kept.at < before)) or 0

    def _delete(self, kept: Kept, before: str) -> int:
        count, some = 0, select(kept.key).where(kept.at < before).limit(BATCH)
        while True:
            with self._session() as session:
                # What was continued since it was looked for stays.
                old = delete(kept.key.class_).where(kept.key.in_(some), kept.at < before).returning(kept.key)
                gone = list(session.scalars(old))
                for column in kept.along:
                    session.execute(delete(column.class_).where(column.in_(gone)))
            count += len(gone)
            if len(gone) < BATCH:
                return count


def purge_when_due(settings: Settings, actor: str = "brain") -> list[Purged]:
    """Once a day, whichever process comes first. Raises StoreError."""
    if not is_there(settings):
        return []
    purging = Purging(settings)
    try:
        return purging.purge(actor) if purging.claim(datetime.now(UTC)) else []
    finally:
        purging.close()


def shown(purged: list[Purged]) -> list[Mapping[str, Any]]:
    """As plain values."""
    return [asdict(one) for one in purged]


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
