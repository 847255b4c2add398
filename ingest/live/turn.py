"""Whoever writes to the index that a service asks takes turns: with the service's threads, this machine's commands, other machines."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from time import monotonic, sleep

from brain.documents import Documents
from brain.errors import BusyError, IndexLockedError
from brain.index.generations import current_name, generations_of
from brain.serving import Serving
from brain.session import Brain

WAIT_S = 5.0
"""How long a writer waits for a command that changes the home: reindexing takes longer, a backup's copy seldom."""
LOOK_S = 0.05


class Turns:
    """Gives the index that is asked now, to one writer at a time."""

    def __init__(self, brain: Brain, documents: Documents) -> None:
        self._brain, self._documents, self._mine = brain, documents, RLock()
        self.wait_s = WAIT_S

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Against this service's other writers and other machines' alone, for what touches the state and not the index."""
        with self._mine, self._documents.turn():
            yield

    @contextmanager
    def take(self) -> Iterator[Serving]:
        """Raises BusyError where a command is changing the home for longer."""
        with self._mine, ExitStack() as held:
            self._wait(held, monotonic() + self.wait_s)
            held.enter_context(self._documents.turn())
            yield held.enter_context(self._current())

    def _wait(self, held: ExitStack, end: float) -> None:
        while True:
            try:
                held.enter_context(self._brain.changing.held())
                return
            except IndexLockedError as error:
                if monotonic() >= end:
                    raise BusyError(
                        f"{error} Documents can't be written meanwhile.", "Send it again in a minute; see brain status."
                    ) from error
            sleep(LOOK_S)

    @contextmanager
    def _current(self) -> Iterator[Serving]:
        """A reindexing may have ended a moment ago: then the service goes over to its index first."""
        with self._brain.held() as serving:
            stale = serving.name and current_name(generations_of(self._brain.settings)) != serving.name
            if not stale:
                yield serving
                return
        self._brain.go_over()
        with self._brain.held() as serving:
            yield serving
