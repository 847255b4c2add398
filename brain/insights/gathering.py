"""From traces to figures, vectors and groups: what is new since the last time, a batch at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from threading import Lock
from time import monotonic
from typing import Any

import numpy as np
from sqlalchemy import Select, exists, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from brain.encoder.base import Encoder, Vectors
from brain.insights.forgetting import forget
from brain.insights.grouping import Group, alike_of, assign, central, nearest, vectors_of
from brain.insights.tables import ARTICLE, AskedRow, GroupRow, NoteRow, QuestionRow, failed, now
from brain.settings import Settings
from brain.state import MANY, Base, Database, State
from brain.traces.store import Record, TraceRow

BATCH = 200
"""Traces read in one transaction: others who write wait for it."""
GROUPED = 64
"""Questions encoded and grouped in one."""
ENCODED = 16
"""Questions encoded in one call: those that somebody waits for go in between."""
_ONE_AT_A_TIME = Lock()
_TURN = 7305529


@dataclass(frozen=True, slots=True)
class Left:
    """How many traces are still to be read, how many of the questions read still to be grouped; `done` where that is all."""

    traces: int
    questions: int
    done: bool


class Gathering(State):
    """Brings what is derived of traces up to date; killed at any moment, it goes on where it was. Raises StoreError."""

    def __init__(self, settings: Settings, beside: Database | None = None) -> None:
        super().__init__(settings, beside)
        self._wanted = settings.insights.alike

    def gather(self, encoder: Encoder, seconds: float | None = None) -> Left:
        """All there is, or as much as fits into these seconds. What traces no longer hold is forgotten first.

        Raises EncoderError.
        """
        end = monotonic() + (seconds or 0)

        def over() -> bool:
            return seconds is not None and monotonic() > end

        # With a limit nobody waits for another: the threads of a service have questions to answer.
        if not _ONE_AT_A_TIME.acquire(blocking=seconds is None):
            return self._left(None)
        try:
            self._forget()
            unread = self._unread()
            while unread:
                self._read(unread[:BATCH])
                unread = unread[BATCH:]
                if unread and over():
                    return self._left(None)
            questions, some = 0, True
            for waiting, step in ((_ungrouped(encoder), self._group), (_unfollowed(), self._follow)):
                found = self._keys(waiting)
                # One batch at least, however long it took to find out what there is.
                while found and (some or not over()):
                    keys = [key for tenant, key in found[:GROUPED] if tenant == found[0][0]]
                    step(found[0][0], keys, encoder)
                    found, some = found[len(keys) :], False
                questions += len(found)
            return self._left(questions)
        finally:
            _ONE_AT_A_TIME.release()

    def _forget(self) -> None:
        with self._session() as session:
            forget(session)

    def _unread(self) -> list[str]:
        """The traces that have no figures yet. Counted first: that is all there is to do most of the time."""
        with self._session() as session:
            counts = [session.scalar(select(func.count()).select_from(table)) for table in (TraceRow, AskedRow)]
            if counts[0] == counts[1]:
                return []
            unread = ~exists(select(AskedRow.id).where(AskedRow.id == TraceRow.id))
            return list(session.scalars(select(TraceRow.id).where(unread).order_by(TraceRow.id)))

    def _read(self, ids: Sequence[str]) -> None:
        """Writes figures of these traces, and their questions."""
        with self._session() as session:
            self._take_turn(session)
            rows = session.scalars(select(TraceRow.record).where(TraceRow.id.in_(ids)))
            records = sorted(rows, key=lambda record: (record["answered_at"], record["id"]))
            figures = [_figures(record) for record in records]
            self._add(session, AskedRow, figures)
            questions: dict[tuple[str, str], dict[str, Any]] = {}
            for record, row in zip(records, figures, strict=True):
                own = {"tenant": row["tenant"], "key": row["question_key"]}
                more = {"text": record["question"]["text"], "first_at": row["answered_at"]}
                questions.setdefault((own["tenant"], own["key"]), own | more)
            self._add(session, QuestionRow, list(questions.values()))

    def _keys(self, waiting: Select[str, str, *tuple[Any, ...]]) -> list[tuple[str, str]]:
        with self._session() as session:
            return [(row[0], row[1]) for row in session.execute(waiting)]

    def _group(self, tenant: str, keys: Sequence[str], encoder: Encoder) -> None:
        """Groups these questions; those that another encoder's group holds stay in it."""
        with self._session() as session:
            self._take_turn(session)
            rows = _rows(session, tenant, keys)
            _encode(rows, encoder)
            fresh = [row for row in rows if row.group_id is None]
            for id in {row.group_id for row in rows if row.group_id}:
                _centre(session, id, encoder)
            groups = _groups(session, tenant, encoder)
            known = {group.id for group in groups}
            found = assign(_stacked(fresh, encoder), groups, alike_of(encoder, self._wanted))
            for row, id in zip(fresh, found, strict=True):
                row.group_id = id
            new = (group for group in groups if group.id not in known)
            session.add_all(
                GroupRow(id=group.id, tenant=tenant, encoder=encoder.name, centre=group.centre.tobytes())
                for group in new
            )
            session.flush()
            for id in set(found):
                _centre(session, id, encoder)

    def _follow(self, tenant: str, keys: Sequence[str], encoder: Encoder) -> None:
        """Holds questions that were asked after an article was written against the groups it was written for."""
        with self._session() as session:
            self._take_turn(session)
            rows = _rows(session, tenant, keys)
            _encode(rows, encoder)
            written = select(NoteRow.group_id).where(NoteRow.tenant == tenant, NoteRow.kind == ARTICLE)
            noted = set(session.scalars(written))
            groups = [group for group in _groups(session, tenant, encoder) if group.id in noted]
            found = nearest(_stacked(rows, encoder), groups, alike_of(encoder, self._wanted))
            for row, id in zip(rows, found, strict=True):
                row.group_id, row.compared_at = id, now()

    def _left(self, questions: int | None) -> Left:
        """`questions` is None where nobody has looked."""
        with self._session() as session:
            traces = session.scalar(select(func.count()).select_from(TraceRow)) or 0
            read = session.scalar(select(func.count()).select_from(AskedRow)) or 0
        return Left(max(0, traces - read), questions or 0, questions is not None and traces <= read and not questions)

    def _take_turn(self, session: Session) -> None:
        """One process groups at a time; SQLite's home has one service."""
        if self._engine.dialect.name == "postgresql":
            session.execute(text(f"SELECT pg_advisory_xact_lock({_TURN})"))

    def _add(self, session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
        """Those that are not there yet."""
        make = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        for start in range(0, len(rows), MANY // 10):
            session.execute(make(table).values(rows[start : start + MANY // 10]).on_conflict_do_nothing())


def key_of(record: Record) -> str:
    """The same for questions that differ in case, spaces or the mark at their end alone."""
    plain = " ".join(record["question"]["text"].casefold().split()).rstrip(" ?!.…")
    return sha256(plain.encode("utf-8", "replace")).hexdigest()[:32]


def _figures(record: Record) -> dict[str, Any]:
    asked, timings, usage = record["question"], record["timings"], (record["model"] or {}).get("usage") or {}
    near = max(record["passages_used"], key=_nearness, default=None)
    return {
        "id": record["id"],
        "tenant": asked["tenant"],
        "audience": asked["audience"],
        "answered_at": _in_utc(record["answered_at"]),
        "language": record["language"],
        "status": record["status"],
        "reason": record["reason"],
        "question_key": key_of(record),
        "closest_id": near["document_id"] if near else None,
        "closest": _nearness(near) if near else None,
        "first_ms": timings.get("first_sentence"),
        "total_ms": timings.get("total"),
        "tokens_in": usage.get("prompt_tokens", 0),
        "tokens_out": usage.get("completion_tokens", 0),
        "cost": record["cost"],
    }


def _nearness(passage: Record) -> float:
    """Without what all texts share, where the encoder's vectors are known; else the cosine."""
    scores = passage["scores"]
    known = scores.get("close") if scores.get("close") is not None else scores.get("dense")
    return float(known) if known is not None else -1.0


def _in_utc(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat(timespec="milliseconds")


def _of_question() -> Any:
    return (AskedRow.tenant == QuestionRow.tenant) & (AskedRow.question_key == QuestionRow.key)


def _ungrouped(encoder: Encoder) -> Select[str, str, bool, str]:
    """Questions asked in vain that are in no group, or whose vector is another encoder's.

    First those whose groups have to be found again, then those asked first.
    """
    other = or_(QuestionRow.group_id.is_(None), QuestionRow.encoder != encoder.name)
    fresh = QuestionRow.group_id.is_(None).label("fresh")
    columns = (QuestionRow.tenant, QuestionRow.key, fresh, QuestionRow.first_at)
    rows = select(*columns).join(AskedRow, _of_question()).where(failed(), other).distinct()
    return rows.order_by(QuestionRow.tenant, fresh, QuestionRow.first_at, QuestionRow.key)


def _unfollowed() -> Select[str, str, str]:
    """Questions in no group that were asked since an article was written, and not held against its group since."""
    written = select(NoteRow.tenant, func.min(NoteRow.at).label("first"), func.max(NoteRow.at).label("last"))
    noted = written.where(NoteRow.kind == ARTICLE).group_by(NoteRow.tenant).subquery()
    new = or_(QuestionRow.compared_at.is_(None), QuestionRow.compared_at < noted.c.last)
    rows = select(QuestionRow.tenant, QuestionRow.key, QuestionRow.first_at).join(AskedRow, _of_question())
    rows = rows.join(noted, noted.c.tenant == QuestionRow.tenant)
    rows = rows.where(QuestionRow.group_id.is_(None), new, AskedRow.answered_at >= noted.c.first).distinct()
    return rows.order_by(QuestionRow.tenant, QuestionRow.key)


def _rows(session: Session, tenant: str, keys: Sequence[str]) -> list[QuestionRow]:
    """In the keys' order."""
    found = select(QuestionRow).where(QuestionRow.tenant == tenant, QuestionRow.key.in_(keys))
    by_key = {row.key: row for row in session.scalars(found)}
    return [by_key[key] for key in keys if key in by_key]


def _encode(rows: Sequence[QuestionRow], encoder: Encoder) -> None:
    wanted = [row for row in rows if row.vector is None or row.encoder != encoder.name]
    for start in range(0, len(wanted), ENCODED):
        some = wanted[start : start + ENCODED]
        for row, vector in zip(some, vectors_of(encoder, [row.text for row in some]), strict=True):
            row.vector, row.encoder = vector.astype(np.float16).tobytes(), encoder.name


def _stacked(rows: Iterable[QuestionRow], encoder: Encoder) -> Vectors:
    vectors = [np.frombuffer(row.vector or b"", np.float16) for row in rows]
    return np.asarray(vectors, np.float32).reshape(len(vectors), encoder.dimensions)


def _groups(session: Session, tenant: str, encoder: Encoder) -> list[Group]:
    rows = select(GroupRow).where(GroupRow.tenant == tenant, GroupRow.encoder == encoder.name).order_by(GroupRow.id)
    return [Group(row.id, np.frombuffer(row.centre, np.float32)) for row in session.scalars(rows)]


def _centre(session: Session, id: str, encoder: Encoder) -> None:
    """Writes the group's centre, and of each of its questions how like it is to that."""
    rows = list(
        session.scalars(select(QuestionRow).where(QuestionRow.group_id == id, QuestionRow.encoder == encoder.name))
    )
    vectors = _stacked(rows, encoder)
    middle = vectors.sum(axis=0)
    session.execute(update(GroupRow).where(GroupRow.id == id).values(centre=middle.tobytes(), encoder=encoder.name))
    for row, value in zip(rows, central(vectors, middle), strict=True):
        row.central = value
