"""One process owns an embedded index. The lock names it, so that the error can say who."""

import contextlib
import os
from pathlib import Path

from filelock import FileLock, Timeout

from brain.errors import IndexLockedError


class FolderLock:
    """Taken on creation, freed by `release` or by the process's end. Raises IndexLockedError where it is taken."""

    def __init__(self, folder: Path) -> None:
        self._lock = FileLock(folder / ".lock", timeout=0, thread_local=False)  # a service closes in another thread
        self._owner = folder / ".owner"
        try:
            self._lock.acquire()
        except Timeout:
            raise IndexLockedError(
                f"Another process{self._who()} has the index in {folder.parent} open.",
                "Stop it, ask the running service instead, or give another --home.",
            ) from None
        self._owner.write_text(str(os.getpid()), encoding="utf-8")

    def release(self) -> None:
        self._lock.release()

    def _who(self) -> str:
        with contextlib.suppress(OSError):
            return f" (number {self._owner.read_text(encoding='utf-8')})"
        return ""
