"""Flushes the index when nobody writes or asks, then says in the state what is on disk.

A flush waits for the disk, and questions to an embedded index wait for it: some 15 ms of processor, but up to a second where the
disk is slow. Nothing is at stake meanwhile: the index's log survives the process, and the state knows what to do again
should the machine lose power.
"""

import logging
from collections.abc import Callable, Iterable
from threading import Condition, Thread
from time import monotonic

from brain.documents import Documents, Key
from brain.errors import BrainError, BusyError
from ingest.live.turn import Turns

_log = logging.getLogger(__name__)
QUIET_S = 1.0
"""Without a write and a question for so long, what was written is flushed."""
LONGEST_S = 300.0
"""It is flushed all the same after so long: the log, which the next start reads, must not grow for ever."""
RETRY_S = 5.0
Written = tuple[str, str, str]
"""(tenant, document id, content hash)"""


class Settling:
    """Runs in a thread of its own from `start` to `close`. A failure is tried again."""

    def __init__(self, turns: Turns, documents: Documents, idle_s: Callable[[], float]) -> None:
        """`idle_s`: for how long nobody has asked anything."""
        self._turns, self._documents, self._idle_s = turns, documents, idle_s
        self._written: dict[Key, Written] = {}
        self._gone: set[Key] = set()
        self._undone: Callable[[], None] | None = None
        self._changed, self._closing = Condition(), False
        self._first = self._last = 0.0
        self._thread: Thread | None = None

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="settling", daemon=True)
        self._thread.start()

    def written(self, documents: Iterable[Written]) -> None:
        """The index took these documents."""
        with self._changed:
            self._written |= {(tenant, id): (tenant, id, content) for tenant, id, content in documents}
            self._note()

    def holds(self, row: Written) -> bool:
        """Whether the index took this content, and nothing since."""
        with self._changed:
            return self._written.get(row[:2]) == row

    def gone(self, key: Key) -> None:
        """This document is buried; the index may still hold it."""
        with self._changed:
            self._written.pop(key, None)
            self._gone.add(key)
            self._note()

    def later(self, undone: Callable[[], None]) -> None:
        """To be done, too, as soon as the home can be written to."""
        with self._changed:
            self._undone = undone
            self._note()

    def settle(self) -> None:
        """Now. Raises BusyError where a command is changing the home; nothing is lost by it."""
        with self._changed:
            written, gone, undone = list(self._written.values()), list(self._gone), self._undone
        if undone:
            undone()
        with self._turns.take() as serving:
            there = set(self._documents.find(gone))
            for key in gone:
                if key not in there:  # again: where the home was being changed, the index has not let go of it yet
                    serving.index.delete_document(*key)
            serving.index.flush()
            self._documents.settle(written, gone)
        with self._changed:
            self._gone -= set(gone)
            for row in written:
                if self._written.get(row[:2]) == row:
                    del self._written[row[:2]]
            self._undone = None if self._undone is undone else self._undone

    def close(self) -> None:
        """Settles what is open, if it can."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join()
        if self._open():
            self._try()

    def _note(self) -> None:
        self._last = monotonic()
        self._first = self._first or self._last
        self._changed.notify_all()

    def _open(self) -> bool:
        return bool(self._written or self._gone or self._undone)

    def _run(self) -> None:
        while self._wait():
            self._try()

    def _wait(self) -> bool:
        """Until it is time to settle; False once closing."""
        with self._changed:
            while not self._closing:
                if self._open():
                    now = monotonic()
                    quiet = QUIET_S - min(now - self._last, self._idle_s())
                    left = min(quiet, self._first + LONGEST_S - now)
                    if left <= 0:
                        self._first = 0.0
                        return True
                    self._changed.wait(left)
                else:
                    self._changed.wait()
            return False

    def _try(self) -> None:
        try:
            self.settle()
        except BusyError:
            self._again()
        except BrainError as error:
            _log.warning("What was written is not yet sure to be on disk: %s %s", error, error.hint)
            self._again()

    def _again(self) -> None:
        with self._changed:
            if not self._closing:
                self._changed.wait(RETRY_S)
            self._first = self._first or monotonic()
