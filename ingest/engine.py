"""Prepares files on the machine's cores, in worker processes that may be stopped or die without stopping the run."""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, TimeoutError
from contextlib import suppress

from pebble import ProcessExpired, ProcessPool

from brain.settings import IngestSettings
from ingest.prepare import Prepared, Reading, prepare
from ingest.source import SourceFile

AHEAD = 32
"""Files a worker that may be prepared before they are asked for: bounds the memory."""


def prepare_all(files: Sequence[SourceFile], reading: Reading, settings: IngestSettings) -> Iterator[Prepared]:
    """The files, prepared, in their order. A file that takes too long, or kills its worker, comes back with that problem."""
    workers = min(settings.workers or os.cpu_count() or 1, len(files))
    if not workers:
        return
    pool = ProcessPool(max_workers=workers, context=multiprocessing.get_context("spawn"))
    waiting: deque[tuple[SourceFile, Future[Prepared]]] = deque()
    try:
        for file in files:
            waiting.append((file, pool.schedule(prepare, (file, reading), timeout=settings.timeout_s)))
            if len(waiting) >= AHEAD * workers:
                yield _result(*waiting.popleft(), settings.timeout_s)
        while waiting:
            yield _result(*waiting.popleft(), settings.timeout_s)
    finally:
        with suppress(RuntimeError):
            pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def _result(file: SourceFile, future: "Future[Prepared]", timeout_s: float) -> Prepared:
    try:
        return future.result()
    except TimeoutError:
        return Prepared(file, "", problem=f"Parsing took more than {timeout_s:g} s (ingest.timeout_s).")
    except ProcessExpired as error:
        return Prepared(file, "", problem=f"Parsing ended the worker process (exit code {error.exitcode}).")
    except Exception as error:  # noqa: BLE001  a bug that one file brings to light must not stop the others
        return Prepared(file, "", problem=f"Parsing failed: {type(error).__name__}: {error}")
