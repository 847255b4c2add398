"""Who may change a home: one command, or the threads of one service together."""

from threading import Barrier, Event, Thread

import pytest

from brain.errors import IndexLockedError
from brain.index.lock import SharedLock, changing
from brain.settings import Settings


def test_the_threads_of_a_service_hold_a_home_together(settings: Settings) -> None:
    """Optimising takes minutes: documents are written meanwhile. The last one frees it."""
    shared, all_in, out = SharedLock(settings), Barrier(3), Event()

    def hold() -> None:
        with shared.held():
            all_in.wait(10)
            out.wait(10)

    threads = [Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    all_in.wait(10)
    with shared.held():
        pass
    with pytest.raises(IndexLockedError, match="changing"):
        changing(settings)
    out.set()
    for thread in threads:
        thread.join(10)
    changing(settings).release()


def test_a_command_and_a_service_keep_each_other_out(settings: Settings) -> None:
    shared = SharedLock(settings)
    with shared.held(), pytest.raises(IndexLockedError):
        changing(settings)
    with changing(settings), pytest.raises(IndexLockedError), shared.held():
        pass
    with shared.held():
        pass


def test_a_command_waits_a_moment_for_a_writer(settings: Settings) -> None:
    waiting = Thread(target=lambda: changing(settings, wait_s=20).release())
    with SharedLock(settings).held():
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
    waiting.join(20)
    assert not waiting.is_alive()
