"""What a process that lives long does for its index: go over to a new one, and have it optimised when it has grown."""

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from time import monotonic

from brain.errors import BrainError, IndexLockedError
from brain.index.process import EdgeProcess
from brain.session import Brain

COUNT_EVERY_S = 60
"""Seconds between counts of what is not in the graph: each reads the index."""


class Upkeep:
    """Runs in a thread of its own until `stop`. `say` gets a line for what was done or failed; a failure is tried again."""

    def __init__(self, brain: Brain, say: Callable[[str], None]) -> None:
        self._brain, self._say, self._settings = brain, say, brain.settings
        self._stopped, self._failure, self._count_at, self._left = Event(), "", 0.0, 0
        Thread(target=self._run, name="upkeep", daemon=True).start()

    def stop(self) -> None:
        """At once; an optimisation that is under way ends when the index is closed."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._settings.upkeep.watch_s):
            try:
                with suppress(IndexLockedError):  # whoever built it is just closing it: the next look will do
                    if self._brain.go_over(self._say):
                        self._say("Questions go to the new index from now on.")
                self._optimize()
                self._failure = ""
            except BrainError as error:
                if str(error) != self._failure and not self._stopped.is_set():
                    self._say(f"{error} {error.hint}")
                self._failure = str(error)

    def _optimize(self) -> None:
        index, limit = self._brain.index, self._settings.upkeep.optimize_at
        if not (isinstance(index, EdgeProcess) and limit and monotonic() >= self._count_at):
            return
        self._count_at = monotonic() + COUNT_EVERY_S
        # Qdrant leaves small segments as they are: what was left the last time is no reason to begin again.
        if index.unindexed() < self._left + limit:
            return
        with suppress(IndexLockedError), self._brain.changing.held():
            self._say("Optimising the index; questions go on.")
            took = index.optimize()
            self._left = index.unindexed()
            self._say(f"Optimised in {took.copy_s + took.optimize_s + took.load_s + took.switch_s:.0f} s.")
