"""An Edge shard in a process of its own, asked over pipes.

Every call of Qdrant Edge holds the GIL: half a second to load 200,000 points, two minutes to optimise them. Here that is this
process's GIL. Started as `python -m brain.index.worker FOLDER SHARD`; reads (method, arguments), writes (whether it worked, what
came of it), pickled; ends when its input does. The folder's lock is the caller's.
"""

import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from brain.errors import StoreError

LESS_URGENT = 15
"""Niceness of what only prepares: whoever answers goes first."""


class WorkerGone(Exception):
    """It was ended, or died."""


class Worker:
    """Calls methods of an EdgeIndex in another process, one at a time. Raises what they raise."""

    def __init__(self, folder: Path, shard: str, *, urgent: bool = True) -> None:
        command = [sys.executable, "-m", "brain.index.worker", str(folder), shard, "" if urgent else "less urgent"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._one_at_a_time = Lock()
        try:
            self.call("ready")
        except BaseException:
            self.end()
            raise

    def call(self, method: str, *arguments: Any) -> Any:
        """Raises WorkerGone where the process has ended."""
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in
        assert pipe_out
        with self._one_at_a_time:
            try:
                pickle.dump((method, arguments), pipe_in, pickle.HIGHEST_PROTOCOL)
                pipe_in.flush()
                worked, result = pickle.load(pipe_out)
            except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
                raise WorkerGone from error
        if not worked:
            raise result
        return result

    def close(self) -> None:
        """Closes the shard and waits for the process's end."""
        with suppress(WorkerGone):
            self.call("close")
        self.end()

    def end(self) -> None:
        """At once, whatever it is doing; what it acknowledged is in its log."""
        self._process.kill()
        with self._one_at_a_time:  # whoever waits for an answer is told first
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):
                    if pipe:
                        pipe.close()
        self._process.wait()


def main(folder: Path, shard: str, urgent: bool) -> None:
    from brain.index.edge import EdgeIndex, load_shard, read_manifest

    # The caller ends this process: what stops the whole group must not end it while the caller still answers.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if not urgent and hasattr(os, "nice"):
        os.nice(LESS_URGENT)
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    index: EdgeIndex | None = None
    while True:
        try:
            method, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        answer: tuple[bool, Any]
        try:
            if index is None:
                index = EdgeIndex(folder, shard, load_shard(folder / shard), read_manifest(folder)[0])
            answer = True, None if method == "ready" else getattr(index, method)(*arguments)
        except StoreError as error:
            answer = False, error
        except Exception as error:  # noqa: BLE001  the caller is told, whatever it was
            answer = False, StoreError(f"The index failed: {error}", "Run: brain doctor")
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], not sys.argv[3])
