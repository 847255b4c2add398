"""Keeps traces without making anyone wait: a thread of its own writes them, several at once."""

import logging
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from brain.errors import BrainError
from brain.settings import Settings
from brain.traces.record import Served, record_of
from brain.types import Answer

if TYPE_CHECKING:
    from brain.traces.store import Traces

WAITING = 1000
"""Traces that may wait to be written; what comes beyond is lost, and counted."""
BATCH = 100
GATHER_S = 0.25
"""Seconds that a trace waits for others, to be written with them in one transaction."""
PURGE_S = 3600
"""Seconds between looks whether something has become too old."""
FLUSH_S = 10
"""Longest wait for what is not written yet, when it is asked for or all is closed."""
_Item = tuple[Answer, Served, datetime, str | None]
_log = logging.getLogger(__name__)


class TraceKeeper:
    """Give it each answer. Nothing is opened before the first one."""

    def __init__(self, settings: Settings, most_waiting: int = WAITING) -> None:
        self._settings = settings
        self._queue: Queue[_Item | Event] = Queue(most_waiting)
        self._thread: Thread | None = None
        self._lock, self._closing = Lock(), Event()
        self._store: Traces | None = None
        self._purged: float | None = None
        self._kept = self._lost = 0

    def keep(self, answer: Answer, served: Served, asked_by: str | None = None) -> None:
        """Returns at once. Never raises."""
        if not self._settings.traces.enabled:
            return
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = Thread(target=self._run, name="brain-traces", daemon=True)
                self._thread.start()
            try:
                if self._closing.is_set():
                    raise Full
                self._queue.put_nowait((answer, served, datetime.now(UTC), asked_by))
            except Full:
                self._lost += 1

    def counts(self) -> dict[str, int]:
        """How many were kept and lost since the start, and how many wait."""
        return {"kept": self._kept, "lost": self._lost, "waiting": self._queue.qsize()}

    def get(self, id: str) -> dict[str, Any] | None:
        """An answer's record, also where it is only just being written; None where there is none. Raises StoreError."""
        from brain.traces.store import Traces

        self.flush()
        store = Traces(self._settings)
        try:
            return store.get(id)
        finally:
            store.close()

    def flush(self) -> None:
        """Waits, not for ever, until what was given so far is written."""
        thread, written = self._thread, Event()
        if thread and thread.is_alive():
            with suppress(Full):
                self._queue.put(written, timeout=FLUSH_S)
                written.wait(FLUSH_S)

    def close(self) -> None:
        """Writes what waits and ends the thread."""
        with self._lock:
            self._closing.set()
        self.flush()
        if self._thread:
            self._thread.join(FLUSH_S)
            if self._thread.is_alive():
                _log.warning("%d traces could not be written in time", self._queue.qsize())

    def _run(self) -> None:
        while not (self._closing.is_set() and self._queue.empty()):
            answers, flushed = self._next()
            try:
                self._write(answers)
            except Exception as error:  # noqa: BLE001  whatever it was: answers must go on
                self._lost += len(answers)
                _log.warning("%d traces are lost: %s", len(answers), error)
            for event in flushed:
                event.set()
            self._purge()
        if self._store:
            self._store.close()

    def _next(self) -> tuple[list[_Item], list[Event]]:
        """What comes within `GATHER_S`, at most a batch of it; at least one thing. Who waits for it to be written ends that."""
        found: list[_Item | Event] = [self._queue.get()]
        end = monotonic() + GATHER_S
        with suppress(Empty):
            while len(found) < BATCH and isinstance(found[-1], tuple):
                found.append(self._queue.get(timeout=max(0.0, end - monotonic())))
        return [item for item in found if isinstance(item, tuple)], [item for item in found if isinstance(item, Event)]

    def _write(self, answers: list[_Item]) -> None:
        if not answers:
            return
        records = [record_of(answer, served, moment) for answer, served, moment, _ in answers]
        self._opened().save(records, [asked_by for *_, asked_by in answers])
        self._kept += len(answers)

    def _opened(self) -> "Traces":
        if self._store is None:
            from brain.traces.store import Traces  # SQLAlchemy takes a moment to load: not while a user waits

            self._store = Traces(self._settings)
        return self._store

    def _purge(self) -> None:
        """Also where no service runs, which does it by itself."""
        now = monotonic()
        if self._store is None or (self._purged is not None and now - self._purged < PURGE_S):
            return
        from brain.retention.purging import purge_when_due

        self._purged = now
        try:
            purge_when_due(self._settings)
        except BrainError as error:
            _log.warning("what is too old could not be deleted: %s", error)
