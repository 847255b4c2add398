"""Works off imports in a thread, some rows at a time, each part durable before the next: killed, it goes on where it was."""

import logging
import os
import socket
from collections.abc import Callable, Sequence
from threading import Event, Thread
from time import perf_counter
from typing import Annotated
from uuid import uuid4

from pydantic import Field, ValidationError

from brain.errors import BrainError, BusyError, ConflictError, DocumentError
from brain.jobs import Job, Jobs
from brain.live import Draft, Editor, Put, clean_id
from brain.settings import Settings

_log = logging.getLogger(__name__)
ROWS = 16
"""Rows at a time: single documents that come meanwhile wait for no more."""
LOOK_S = 5.0
"""How often a replica looks for jobs that another one left."""
LEASE_S = 120.0
"""How long a job is a worker's that doesn't say anything of it."""
RETRY_S = 5.0
PutMany = Callable[[Editor, Sequence[tuple[str, Draft]]], list[Put | DocumentError | ConflictError]]


class Row(Draft):
    """A row of an import: a document with its id."""

    id: Annotated[str, Field(min_length=1, max_length=500)]


class Importing:
    """Runs from `start` to `close`."""

    def __init__(self, jobs: Jobs, put_many: PutMany, settings: Settings) -> None:
        self._jobs, self._put_many = jobs, put_many
        self._alone = settings.index.provider == "edge"  # an embedded index has one owner
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._awake, self._closing = Event(), Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="imports", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is a job."""
        self._awake.set()

    def close(self) -> None:
        """After the rows that are being written; the rest is done at the next start."""
        self._closing.set()
        self._awake.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._awake.clear()
            try:
                job = self._jobs.claim(self._name, LEASE_S, alone=self._alone)
                if job is None:
                    self._awake.wait(LOOK_S)
                elif not self._advance(job):
                    _log.info("import %s has ended", job.id)
            except BusyError:
                self._closing.wait(RETRY_S)
            except BrainError as error:
                _log.warning("An import waits: %s %s", error, error.hint)
                self._closing.wait(RETRY_S)

    def _advance(self, job: Job) -> bool:
        start = perf_counter()
        rows = self._jobs.waiting(job.id, ROWS)
        editor = Editor(job.tenant, job.audiences, job.created_by)
        failed: dict[int, str] = {}
        read: list[tuple[int, Row]] = []
        for number, payload in rows:
            row = _row(payload)
            if isinstance(row, Row):
                read.append((number, row))
            else:
                failed[number] = row
        outcomes = self._put_many(editor, [(clean_id(row.id), _draft(row)) for _, row in read])
        for (number, row), outcome in zip(read, outcomes, strict=True):
            if not isinstance(outcome, Put):
                failed[number] = f"{row.id}: {outcome} {outcome.hint}".strip()
        done = [number for number, _ in rows if number not in failed]
        return self._jobs.advance(job.id, done, failed, perf_counter() - start, LEASE_S)


def _row(payload: str) -> Row | str:
    """The row, or what is wrong with it; never what it says."""
    try:
        row = Row.model_validate_json(payload)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, p['loc'])) or 'row'}: {p['msg']}" for p in error.errors()[:5]]
        return "; ".join(problems)
    return row if clean_id(row.id) else "id: nothing of it can be seen"


def _draft(row: Row) -> Draft:
    return Draft.model_validate(row.model_dump(exclude={"id"}))
