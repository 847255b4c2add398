"""One process owns an embedded index, and one at a time changes a home. The lock names it, so that the error can say who."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from types import TracebackType

from filelock import FileLock, Timeout

from brain.errors import IndexLockedError
from brain.settings import Settings

_OPEN = (
    "Another process{who} has the index in {folder} open.",
    "Stop it, ask the running service instead, or give another --home.",
)
_CHANGING = ("Another process{who} is changing what {folder} holds.", "Wait until it has ended, then try again.")


class FolderLock:
    """Taken on creation, freed by `release` or by the process's end. Raises IndexLockedError where it is taken."""

    def __init__(self, folder: Path, name: str = "", refusal: tuple[str, str] = _OPEN, wait_s: float = 0) -> None:
        # Not of one thread: a service closes in another.
        self._lock = FileLock(folder / f".{name}lock", timeout=wait_s, thread_local=False)
        self._owner = folder / f".{name}owner"
        try:
            self._lock.acquire()
        except Timeout:
            message, hint = refusal
            raise IndexLockedError(message.format(who=self._who(), folder=folder), hint) from None
        self._owner.write_text(str(os.getpid()), encoding="utf-8")

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> "FolderLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _who(self) -> str:
        with contextlib.suppress(OSError):
            return f" (number {self._owner.read_text(encoding='utf-8')})"
        return ""


def changing(settings: Settings, *, wait_s: float = 0) -> FolderLock:
    """Held by whatever writes documents or changes which index is current: ingesting, reindexing, optimising, backups.

    Where it is held, an index that another process has open is only read, and lies still on disk.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    return FolderLock(settings.home, "changing-", _CHANGING, wait_s)


class SharedLock:
    """`changing` for the threads of one process, which see to their order themselves: the first takes it, the last frees it."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._guard = settings, Lock()
        self._holders = 0
        self._taken: FolderLock | None = None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Raises IndexLockedError where another process has it."""
        with self._guard:
            if self._taken is None:
                self._taken = changing(self._settings)
            self._holders += 1
        try:
            yield
        finally:
            with self._guard:
                self._holders -= 1
                if not self._holders:
                    self._taken.release()
                    self._taken = None
