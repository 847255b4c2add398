"""An Edge index for a process that lives long: the shard is in a process beside it, and may be replaced by an optimised copy.

Optimising: the shard's folder is copied while writers wait; a less urgent process optimises the copy; a third loads it; what was
written meanwhile is copied over; then, while writers wait again, the manifest names the copy. Questions go on all the time: the
first two processes hold nothing that they need. Killed anywhere, the index is the old shard or the new one, each whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, RLock
from time import perf_counter
from typing import Any
from uuid import uuid4

from brain.errors import StoreError
from brain.index.base import Hit, Payload, Point, Scope, Search
from brain.index.copying import copy_sparse
from brain.index.edge import DEFAULTS, SHARD, hits_of, pages, read_manifest, remove_other_shards, write_manifest
from brain.index.lock import FolderLock
from brain.index.worker import Worker, WorkerGone
from brain.settings import IndexSettings

REPLAY_BATCH = 100
"""Points read at once from the shard that is asked: a question waits for no more than these."""
LAST_REPLAY = 500
"""With fewer points left to copy over, writers are made to wait for them."""


@dataclass(frozen=True, slots=True)
class Optimized:
    """What an optimisation took, in seconds, and how many points had been written meanwhile."""

    copy_s: float
    optimize_s: float
    load_s: float
    switch_s: float
    replayed: int


class EdgeProcess:
    """Adapter of a shard in another process; see `brain.index.base.Index`. Safe to share between threads."""

    def __init__(self, folder: Path, settings: IndexSettings = DEFAULTS) -> None:
        read_manifest(folder)  # where there is none, nothing is to be locked
        self._folder, self._settings, self._lock = folder, settings, FolderLock(folder)
        try:
            self.manifest, shard = read_manifest(folder)
            remove_other_shards(folder, shard)
            self._shard, self._worker = shard, Worker(folder, shard, settings)
        except BaseException:
            self._lock.release()
            raise
        self._closed = False
        self._writing, self._mending, self._optimizing = RLock(), Lock(), Lock()
        self._touched: set[str] | None = None
        self._helper: Worker | None = None

    def annotate(self, key: str, value: Any) -> None:
        with self._writing:
            self.manifest = {k: v for k, v in (self.manifest | {key: value}).items() if v is not None}
            write_manifest(self._folder, self.manifest, self._shard)

    def upsert(self, points: Sequence[Point]) -> None:
        with self._writing:
            self._touch(point.id for point in points)
            self._ask("upsert", list(points))

    def overwrite_payloads(self, payloads: Sequence[tuple[str, Payload]]) -> None:
        with self._writing:
            self._touch(id for id, _ in payloads)
            self._ask("overwrite_payloads", list(payloads))

    def delete_document(self, tenant: str, document_id: str, keep: Sequence[str] = ()) -> None:
        with self._writing:
            if self._touched is not None:
                self._touch(self._ask("ids_of", tenant, document_id, list(keep)))
            self._ask("delete_document", tenant, document_id, list(keep))

    def existing(self, ids: Sequence[str]) -> set[str]:
        found: set[str] = self._ask("existing", list(ids))
        return found

    def search(self, searches: Sequence[Search], scope: Scope) -> list[list[Hit]]:
        return hits_of(self._ask("found", list(searches), scope))

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        found: dict[str, Payload] = self._ask("payloads", list(ids))
        return found

    def vectors(self, ids: Sequence[str]) -> dict[str, list[float]]:
        found: dict[str, list[float]] = self._ask("vectors", list(ids))
        return found

    def at(self, tenant: str, places: Mapping[str, Sequence[int]]) -> dict[str, Payload]:
        found: dict[str, Payload] = self._ask("at", tenant, dict(places))
        return found

    def facet(self, key: str, titles: Sequence[str], scope: Scope) -> dict[str, int]:
        found: dict[str, int] = self._ask("facet", key, list(titles), scope)
        return found

    def tags(self, scope: Scope) -> dict[str, int]:
        found: dict[str, int] = self._ask("tags", scope)
        return found

    def count(self, scope: Scope | None = None) -> int:
        return int(self._ask("count", scope))

    def unindexed(self) -> int:
        """See EdgeIndex."""
        return int(self._ask("unindexed"))

    def points(self) -> Iterator[tuple[str, Payload]]:
        return pages(lambda offset: self._ask("page", offset))

    def flush(self) -> None:
        with self._writing:
            self._ask("flush")

    def close(self) -> None:
        """Also ends an optimisation that is under way; the index stays as it was."""
        self._closed = True
        if self._helper:
            self._helper.end()
        with self._writing:
            self._worker.close()
            self._lock.release()

    def optimize(self) -> Optimized:
        """Replaces the shard by an optimised copy. Raises StoreError where that fails, or another thread is at it already."""
        if not self._optimizing.acquire(blocking=False):
            raise StoreError("The index is being optimised already.")
        copy = f"{SHARD}-{uuid4().hex[:8]}"
        try:
            return self._replace(copy)
        except WorkerGone as error:
            raise StoreError("Optimising was stopped; the index is as it was.") from error
        finally:
            self._touched = None
            if self._helper:
                self._helper.end()
            self._helper = None
            if not self._closed:
                remove_other_shards(self._folder, self._shard)
            self._optimizing.release()

    def _replace(self, copy: str) -> Optimized:
        start = perf_counter()
        with self._writing:
            self._touched = set()
            # Without flushing, which would make questions wait: what isn't in the segments' files is in the log's.
            copy_sparse(self._folder / self._shard, self._folder / copy)
            points = self.count()
        copied = perf_counter()
        helper = self._help(copy, urgent=False)
        if helper.call("count") != points:
            raise StoreError("The copy that was to be optimised holds other points than the index.")
        helper.call("optimize")
        helper.call("flush")
        helper.close()
        optimized = perf_counter()
        helper = self._help(copy, urgent=True)
        loaded, replayed = perf_counter(), 0
        while len(self._touched) > LAST_REPLAY:
            replayed += self._replay(helper)
        with self._writing:
            replayed += self._replay(helper)
            helper.call("flush")
            if self._closed:
                raise WorkerGone
            write_manifest(self._folder, self.manifest, copy)
            old, self._worker, self._shard = self._worker, helper, copy
            self._helper = None
        old.end()
        done = perf_counter()
        return Optimized(copied - start, optimized - copied, loaded - optimized, done - loaded, replayed)

    def _help(self, shard: str, *, urgent: bool) -> Worker:
        self._helper = Worker(self._folder, shard, self._settings, urgent=urgent)
        if self._closed:
            raise WorkerGone
        return self._helper

    def _replay(self, helper: Worker) -> int:
        """Makes the points that were written since the copy the same there."""
        with self._writing:
            touched, self._touched = list(self._touched or ()), set()
        for start in range(0, len(touched), REPLAY_BATCH):
            ids = touched[start : start + REPLAY_BATCH]
            there: list[Point] = self._ask("export", ids)
            helper.call("upsert", there)
            helper.call("remove", sorted(set(ids) - {point.id for point in there}))
        return len(touched)

    def _touch(self, ids: Any) -> None:
        if self._touched is not None:
            self._touched.update(ids)

    def _ask(self, method: str, *arguments: Any) -> Any:
        """Asks the worker; where it was replaced meanwhile, the one that replaced it; where it died, a new one, once."""
        asked = self._worker
        with suppress(WorkerGone):
            return asked.call(method, *arguments)
        with self._mending:
            if self._closed:
                raise StoreError("The index is closed.")
            if self._worker is asked:
                asked.end()
                self._worker = Worker(self._folder, self._shard, self._settings)
        try:
            return self._worker.call(method, *arguments)
        except WorkerGone as error:
            raise StoreError(
                "The process that holds the index has ended twice.", "Look at the system's log."
            ) from error
