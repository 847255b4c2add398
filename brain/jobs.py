"""Long work that is asked for and looked at later: imports, row by row, in the state's database, so that it survives the process."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from brain.errors import BrainError, RepeatedError, StoreError
from brain.live import Editor
from brain.settings import Settings
from brain.state import MANY, Base, Database, State

JobState = Literal["waiting", "running", "done", "cancelled"]
OPEN: tuple[JobState, ...] = ("waiting", "running")
MOST_FAILURES = 1000
"""Failed rows that a job tells of."""


class JobRow(Base):
    """An import. Times are ISO 8601 in UTC; `busy_s` are the seconds that were spent on it, by whatever processes."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(index=True)
    audiences: Mapped[tuple[str, ...]]
    created_by: Mapped[str]
    created_at: Mapped[str] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)
    total: Mapped[int]
    done: Mapped[int]
    failed: Mapped[int]
    busy_s: Mapped[float]
    ended_at: Mapped[str | None]
    signature: Mapped[str]
    worker: Mapped[str | None]
    worker_until: Mapped[str | None]


class JobItemRow(Base):
    """A row of an import: what it says until it is done, and why it failed. Rows that are done are deleted."""

    __tablename__ = "job_items"

    job_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    payload: Mapped[str]
    reason: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Job:
    """How far an import got; `done` rows are those put and those failed."""

    id: str
    tenant: str
    audiences: tuple[str, ...]
    created_by: str
    created_at: str
    state: JobState
    total: int
    done: int
    failed: int
    busy_s: float
    ended_at: str | None

    @property
    def rate(self) -> float | None:
        """Rows a second, of the time that was spent on it."""
        return self.done / self.busy_s if self.busy_s and self.done else None

    @property
    def seconds_left(self) -> float | None:
        """None where it can't be told, and where nothing is left to do."""
        return (self.total - self.done) / self.rate if self.rate and self.state in OPEN else None


class JobMissingError(BrainError):
    """There is no such job, or it isn't the caller's."""


class Jobs(State):
    """Every method is one transaction. Raises StoreError."""

    def __init__(self, settings: Settings, beside: Database | None = None) -> None:
        super().__init__(settings, beside)
        self._keep = timedelta(days=settings.live.keep_days)

    def create(self, editor: Editor, rows: Sequence[str], idempotency_key: str = "") -> Job:
        """A waiting job. With an idempotency key the same job for the same editor and key.

        Raises RepeatedError where that key came with other rows before.
        """
        signature = sha256("\n".join(rows).encode("utf-8", "replace")).hexdigest()
        named = sha256(f"{editor.tenant}\0{editor.shown}\0{idempotency_key}".encode("utf-8", "replace")).hexdigest()
        id = named[:32] if idempotency_key else uuid4().hex
        try:
            return self._same(id, signature) or self._write(id, editor, rows, signature)
        except StoreError:
            # The same request twice at once: one was faster. Else the error is told.
            if known := self._same(id, signature):
                return known
            raise

    def get(self, id: str, editor: Editor | None = None) -> Job:
        """Raises JobMissingError where there is none that the editor might have begun."""
        with self._session() as session:
            return _job(_row(session, id, editor))

    def failures(self, id: str, limit: int = MOST_FAILURES) -> list[tuple[int, str]]:
        """(row, reason), rows counted from 1."""
        asked = select(JobItemRow.number, JobItemRow.reason).where(
            JobItemRow.job_id == id, JobItemRow.reason.is_not(None)
        )
        with self._session() as session:
            return [
                (number, reason or "")
                for number, reason in session.execute(asked.order_by(JobItemRow.number).limit(limit))
            ]

    def newest(self, editor: Editor | None = None, limit: int = 100) -> list[Job]:
        """The latest, newest first: all, or those that the editor might have begun."""
        asked = select(JobRow).order_by(JobRow.created_at.desc(), JobRow.id)
        if editor:
            asked = asked.where(JobRow.tenant == editor.tenant)
        with self._session() as session:
            jobs = [_job(row) for row in session.scalars(asked) if not editor or _sees(editor, row)]
        return jobs[:limit]

    def cancel(self, id: str, editor: Editor | None = None) -> Job:
        """What is done stays; one that has ended stays as it is. Raises JobMissingError."""
        with self._session() as session:
            row = _row(session, id, editor)
            if row.state in OPEN:
                _end(session, row, "cancelled")
            return _job(row)

    def claim(self, worker: str, lease_s: float, *, alone: bool) -> Job | None:
        """The oldest job that nobody works at, from now on this worker's. `alone`: no other process can be at work."""
        moment = datetime.now(UTC)
        asked = select(JobRow).where(JobRow.state.in_(OPEN)).order_by(JobRow.created_at, JobRow.id)
        if not alone:
            free = JobRow.worker.is_(None) | (JobRow.worker == worker) | (JobRow.worker_until < _stamp(moment))
            asked = asked.where(free).with_for_update(skip_locked=True)
        with self._session() as session:
            row = session.scalars(asked.limit(1)).first()
            if row is None:
                return None
            row.state, row.worker = "running", worker
            row.worker_until = _stamp(moment + timedelta(seconds=lease_s))
            return _job(row)

    def waiting(self, id: str, limit: int) -> list[tuple[int, str]]:
        """(row, payload) of the next rows that are still to be done."""
        asked = select(JobItemRow.number, JobItemRow.payload).where(
            JobItemRow.job_id == id, JobItemRow.reason.is_(None)
        )
        with self._session() as session:
            return [(n, payload) for n, payload in session.execute(asked.order_by(JobItemRow.number).limit(limit))]

    def advance(self, id: str, done: Iterable[int], failed: dict[int, str], seconds: float, lease_s: float) -> bool:
        """These rows are done, those failed. Whether to go on: False where the job was cancelled, or has ended now."""
        done = list(done)
        with self._session() as session:
            row = session.get(JobRow, id)
            if row is None:
                return False
            for start in range(0, len(done), MANY):
                some = done[start : start + MANY]
                session.execute(delete(JobItemRow).where(JobItemRow.job_id == id, JobItemRow.number.in_(some)))
            for number, reason in failed.items():
                where = JobItemRow.job_id == id, JobItemRow.number == number
                session.execute(update(JobItemRow).where(*where).values(reason=reason, payload=""))
            if row.state not in OPEN:
                return False
            row.done += len(done) + len(failed)
            row.failed += len(failed)
            row.busy_s += seconds
            row.worker_until = _stamp(datetime.now(UTC) + timedelta(seconds=lease_s))
            if row.done >= row.total:
                _end(session, row, "done")
                return False
            return True

    def _same(self, id: str, signature: str) -> Job | None:
        with self._session() as session:
            row = session.get(JobRow, id)
            if row is None:
                return None
            if row.signature != signature:
                raise RepeatedError("This idempotency key was used for other rows.", "Use a new one for each import.")
            return _job(row)

    def _write(self, id: str, editor: Editor, rows: Sequence[str], signature: str) -> Job:
        """Old jobs go at the same time."""
        moment = datetime.now(UTC)
        row = JobRow(
            id=id,
            tenant=editor.tenant,
            audiences=editor.audiences,
            created_by=editor.shown,
            created_at=_stamp(moment),
            state="waiting",
            total=len(rows),
            done=0,
            failed=0,
            busy_s=0.0,
            signature=signature,
        )
        with self._session() as session:
            if self._keep:
                old = select(JobRow.id).where(JobRow.ended_at < _stamp(moment - self._keep))
                session.execute(delete(JobItemRow).where(JobItemRow.job_id.in_(old)))
                session.execute(delete(JobRow).where(JobRow.ended_at < _stamp(moment - self._keep)))
            session.add(row)
            session.flush()
            for start in range(0, len(rows), MANY):
                some = enumerate(rows[start : start + MANY], start=start + 1)
                session.execute(
                    insert(JobItemRow), [{"job_id": id, "number": n, "payload": payload} for n, payload in some]
                )
            if not rows:
                _end(session, row, "done")
            return _job(row)


def _end(session: Session, row: JobRow, state: JobState) -> None:
    """What was to be done and wasn't is forgotten, what failed is kept."""
    row.state, row.ended_at, row.worker, row.worker_until = state, _stamp(datetime.now(UTC)), None, None
    session.execute(delete(JobItemRow).where(JobItemRow.job_id == row.id, JobItemRow.reason.is_(None)))


def _row(session: Session, id: str, editor: Editor | None) -> JobRow:
    row = session.get(JobRow, id)
    if row is None or (editor and not _sees(editor, row)):
        raise JobMissingError("There is no such job.", "See GET /v1/jobs, or: brain jobs")
    return row


def _sees(editor: Editor, row: JobRow) -> bool:
    """Whoever may write all that the job may write."""
    return row.tenant == editor.tenant and _within(row.audiences, editor.audiences)


def _within(some: Collection[str], all_: Collection[str]) -> bool:
    return set(some) <= set(all_)


def _job(row: JobRow) -> Job:
    values: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(Job)}
    return Job(**values | {"audiences": tuple(row.audiences)})


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
