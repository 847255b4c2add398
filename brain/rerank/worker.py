"""Threads that may be left hanging. Those of `ThreadPoolExecutor` are waited for when Python ends, for ever where one hangs."""

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Worker(Generic[T]):
    """Runs calls on `threads` threads, in order. A call that is cancelled before it began is never run."""

    def __init__(self, name: str, threads: int) -> None:
        self._calls: SimpleQueue[tuple[Future[T], Callable[[], T]] | None] = SimpleQueue()
        self._threads = [Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        self._calls.put((future, call))
        return future

    def close(self) -> None:
        """The threads end once they have nothing more to do; it is not waited for."""
        for _ in self._threads:
            self._calls.put(None)

    def _work(self) -> None:
        while item := self._calls.get():
            future, call = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001  as concurrent.futures does: it is raised where the result is read
                future.set_exception(error)
            # What the call held on to must not live until the next one.
            del item, future, call
