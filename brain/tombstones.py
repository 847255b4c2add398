"""Documents that were deleted, though the index may still hold them: a question leaves them out before they are gone from disk.

A tombstone is written in the transaction that removes the document from the state, and goes when the index has let go of the
document, on disk. Killed between the two, a process finds it at its next start; other replicas see it, too.
"""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from brain.errors import StoreError
from brain.settings import Settings

if TYPE_CHECKING:
    from brain.documents import Documents

KEPT_S = 0.25
"""How long a process goes by what it read; of its own deletions it hears at once."""


class Gone:
    """What questions leave out. Blocks while it reads: for threads. Raises StoreError."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._lock = Lock()
        self._documents: Documents | None = None
        self._read: tuple[float, dict[str, tuple[str, ...]]] | None = None
        self._changes = 0

    def of(self, tenant: str) -> tuple[str, ...]:
        """The ids of a tenant's deleted documents, in order."""
        kept = self._read
        if kept is None or self._clock() >= kept[0]:
            kept = self._look()
        return kept[1].get(tenant, ())

    def changed(self) -> None:
        """The next question reads anew."""
        with self._lock:
            self._changes += 1
            self._read = None

    def close(self) -> None:
        with self._lock:
            if self._documents:
                self._documents.close()

    def _look(self) -> tuple[float, dict[str, tuple[str, ...]]]:
        with self._lock:
            changes = self._changes
        keys = self._opened().tombstones() if self._settings.state_url else _in_file(self._settings.home / "state.db")
        read = self._clock() + KEPT_S, _by_tenant(keys)
        with self._lock:
            if changes == self._changes:  # else it may be from before the change
                self._read = read
        return read

    def _opened(self) -> "Documents":
        from brain.documents import Documents  # SQLAlchemy takes a moment to load

        with self._lock:
            if self._documents is None:
                self._documents = Documents(self._settings)
            return self._documents


def _in_file(file: Path) -> list[tuple[str, str]]:
    """Without SQLAlchemy, which takes a third of a second to load: `brain ask` asks once. Looking makes nothing."""
    if not file.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute("SELECT tenant, id FROM tombstones").fetchall()
    except sqlite3.Error as error:
        if "no such table" in str(error):  # of an earlier version, or only just being made
            return []
        raise StoreError(f"The state database {file} failed: {error}", "Run: brain doctor") from error


def _by_tenant(keys: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for tenant, id in sorted(keys):
        found.setdefault(tenant, []).append(id)
    return {tenant: tuple(ids) for tenant, ids in found.items()}


def now() -> str:
    """ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
