"""A part that keeps failing is left alone for a while: until then each question would pay its whole time limit."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

FAILURES = 3
PAUSE_S = 30.0


class Breaker:
    """After FAILURES in a row it allows nothing for PAUSE_S, then one try: that one's success closes it, its failure or silence
    leaves it open for as long again. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._failures, self._until = 0, 0.0

    @property
    def open(self) -> bool:
        """Whether it has failed too often and no try has succeeded since."""
        return self._failures >= FAILURES

    def allows(self) -> bool:
        """Whether to try. One who is allowed says afterwards how it went."""
        with self._lock:
            if not self.open:
                return True
            if self._clock() < self._until:
                return False
            self._until = self._clock() + PAUSE_S
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._until = self._clock() + PAUSE_S
