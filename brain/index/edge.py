"""Qdrant Edge: the index in this process, one folder, one owner.

Every call holds the GIL, so writes go in small batches, and a service keeps the index in a process of its own
(`brain.index.process`). The write-ahead log stays on: a killed process loses no acknowledged point.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

import qdrant_edge as qe

from brain.errors import IndexLockedError, IndexMissingError, StoreError
from brain.facets import values_of
from brain.index.base import (
    ALWAYS,
    DENSE,
    FOREVER,
    MOST_FACET_VALUES,
    SPARSE,
    TITLE,
    WRITE_BATCH,
    Hit,
    Payload,
    Point,
    Scope,
    Search,
    page_of,
)
from brain.index.edge_config import edge_config, payload_indexes, search_params
from brain.index.lock import FolderLock
from brain.index.qdrant_filter import FilterBuilder
from brain.settings import IndexSettings
from brain.text.bm25 import SparseVector

MANIFEST = "manifest.json"
SHARD = "shard"
"""The folder of the points, where the manifest names no other."""
DEFAULTS = IndexSettings()

Found = tuple[list[str], list[float]]
"""A ranking: ids and scores."""


class EdgeIndex:
    """Adapter of `EdgeShard`; see `brain.index.base.Index`."""

    def __init__(
        self,
        folder: Path,
        name: str,
        shard: qe.EdgeShard,
        manifest: dict[str, Any],
        lock: FolderLock | None = None,
        settings: IndexSettings = DEFAULTS,
    ) -> None:
        self._folder, self._name, self._shard = folder, name, shard
        self.manifest, self._lock = manifest, lock
        self._params = search_params(settings)
        self._dating = Lock()
        self._any_dated: bool | None = None
        self._filters = FilterBuilder(qe, qe.RangeFloat, lambda ids: qe.HasIdCondition(set(ids)))

    @classmethod
    def open(cls, folder: Path, settings: IndexSettings = DEFAULTS) -> "EdgeIndex":
        """Raises IndexMissingError where there is none, IndexLockedError where another process has it."""
        read_manifest(folder)  # where there is none, nothing is to be locked
        lock = FolderLock(folder)
        try:
            manifest, shard = read_manifest(folder)
            remove_other_shards(folder, shard)
            loaded = load_shard(folder / shard, manifest["dimensions"], settings)
            return cls(folder, shard, loaded, manifest, lock, settings)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def create(cls, folder: Path, manifest: dict[str, Any], settings: IndexSettings = DEFAULTS) -> "EdgeIndex":
        folder.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(folder)
        shutil.rmtree(folder / SHARD, ignore_errors=True)  # of a creation that was cut short: there is no manifest
        (folder / SHARD).mkdir()
        try:
            shard = _guarded(qe.EdgeShard.create, str(folder / SHARD), edge_config(manifest["dimensions"], settings))
            for field, params in payload_indexes(settings):
                shard.update(qe.UpdateOperation.create_field_index(field, params))
            shard.flush()
            # Written last: an index without a manifest was never finished, and is made anew.
            write_manifest(folder, manifest, SHARD)
        except BaseException:
            lock.release()
            raise
        return cls(folder, SHARD, shard, manifest, lock, settings)

    @classmethod
    def drop(cls, folder: Path) -> None:
        """Deletes the index. The manifest goes first, so that half a folder is never opened."""
        if not folder.exists():
            return
        lock = FolderLock(folder)
        (folder / MANIFEST).unlink(missing_ok=True)
        remove_other_shards(folder, "")
        lock.release()

    def annotate(self, key: str, value: Any) -> None:
        self.manifest = {k: v for k, v in (self.manifest | {key: value}).items() if v is not None}
        write_manifest(self._folder, self.manifest, self._name)

    def upsert(self, points: Sequence[Point]) -> None:
        for start in range(0, len(points), WRITE_BATCH):
            some = points[start : start + WRITE_BATCH]
            batch = [qe.Point(p.id, _vectors(p), p.payload) for p in some]
            self._write(qe.UpdateOperation.upsert_points(batch), [point.payload for point in some])

    def overwrite_payloads(self, payloads: Sequence[tuple[str, Payload]]) -> None:
        for id, payload in payloads:
            self._write(qe.UpdateOperation.overwrite_payload([id], payload), [payload])

    def existing(self, ids: Sequence[str]) -> set[str]:
        return {str(record.id) for record in _guarded(self._shard.retrieve, list(ids), False, False)}

    def delete_document(self, tenant: str, document_id: str, keep: Sequence[str] = ()) -> None:
        self._update(qe.UpdateOperation.delete_points_by_filter(self._filters.document(tenant, document_id, keep)))

    def search(self, searches: Sequence[Search], scope: Scope) -> list[list[Hit]]:
        return hits_of(self.found(searches, scope))

    def found(self, searches: Sequence[Search], scope: Scope) -> list[Found]:
        """The same as `search`, as plain lists: a pipe takes them five times as fast as hits."""
        with self._dating:
            if scope.valid_on and not self._has_dates():
                if scope.expired:
                    return [([], []) for _ in searches]
                scope = replace(scope, valid_on=None)
            return self._found(searches, scope)

    def _found(self, searches: Sequence[Search], scope: Scope) -> list[Found]:
        asked = [
            qe.QueryRequest(
                query=qe.Query.Nearest(_vector(s.vector), using=s.by),
                filter=self._filters.scope(scope, s.tag),
                limit=s.limit,
                with_payload=False,
                params=self._params if s.by == DENSE else None,
            )
            for s in searches
            if not s.empty
        ]
        rankings = iter(_guarded(self._shard.query_batch, qe.QueryBatchRequest(asked)) if asked else ())
        found = [[] if s.empty else next(rankings) for s in searches]
        return [([str(hit.id) for hit in hits], [hit.score for hit in hits]) for hits in found]

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        records = _guarded(self._shard.retrieve, list(ids), True, False)
        return {str(record.id): record.payload or {} for record in records}

    def vectors(self, ids: Sequence[str]) -> dict[str, list[float]]:
        records = _guarded(self._shard.retrieve, list(ids), False, [DENSE])
        return {str(record.id): record.vector[DENSE] for record in records}

    def at(self, tenant: str, places: Mapping[str, Sequence[int]]) -> dict[str, Payload]:
        where, most = self._filters.at(tenant, places), sum(map(len, places.values()))
        records, _ = _guarded(self._shard.scroll, qe.ScrollRequest(limit=most, filter=where, with_payload=True))
        return {str(record.id): record.payload or {} for record in records}

    def facet(self, key: str, titles: Sequence[str], scope: Scope) -> dict[str, int]:
        where = self._filters.titled(titles, scope)
        request = qe.FacetRequest("tags", limit=MOST_FACET_VALUES, exact=True, filter=where)
        return values_of(key, ((str(hit.value), hit.count) for hit in _guarded(self._shard.facet, request).hits))

    def tags(self, scope: Scope) -> dict[str, int]:
        request = qe.FacetRequest("tags", limit=MOST_FACET_VALUES, exact=False, filter=self._filters.scope(scope))
        return {str(hit.value): hit.count for hit in _guarded(self._shard.facet, request).hits}

    def count(self, scope: Scope | None = None) -> int:
        where = self._filters.scope(scope) if scope else None
        return int(_guarded(self._shard.count, qe.CountRequest(exact=True, filter=where)))

    def page(self, offset: Any = None) -> tuple[list[tuple[str, Payload]], Any]:
        """Some points, and where the next ones begin; None where there are none."""
        records, offset = _guarded(
            self._shard.scroll, qe.ScrollRequest(limit=WRITE_BATCH, offset=offset, with_payload=True)
        )
        return [(str(record.id), record.payload or {}) for record in records], offset

    def points(self) -> Iterator[tuple[str, Payload]]:
        return pages(self.page)

    def flush(self) -> None:
        _guarded(self._shard.flush)

    def close(self) -> None:
        self._shard.close()
        if self._lock:
            self._lock.release()

    def unindexed(self) -> int:
        """Points whose dense vectors are compared one by one, because no graph holds them yet."""
        info = _guarded(self._shard.info)
        titled = qe.CountRequest(filter=qe.Filter(must=[qe.HasVectorCondition(TITLE)]), exact=True)
        # Qdrant counts the vectors of all names; sparse ones are always indexed.
        sparse = info.points_count + _guarded(self._shard.count, titled)
        return max(0, int(info.points_count + sparse - info.indexed_vectors_count))

    def optimize(self) -> None:
        """Builds the graph. It takes minutes and holds the GIL: never in a process that does anything else."""
        _guarded(self._shard.optimize)

    def ids_of(self, tenant: str, document_id: str, keep: Sequence[str] = ()) -> list[str]:
        """The points that `delete_document` would remove."""
        where, found, offset = self._filters.document(tenant, document_id, keep), list[str](), None
        while True:
            request = qe.ScrollRequest(limit=WRITE_BATCH, offset=offset, filter=where, with_payload=False)
            records, offset = _guarded(self._shard.scroll, request)
            found += [str(record.id) for record in records]
            if offset is None:
                return found

    def export(self, ids: Sequence[str]) -> list[Point]:
        """Those of the points that are there, as they were given to `upsert`."""
        return [_point(record) for record in _guarded(self._shard.retrieve, list(ids), True, True)]

    def remove(self, ids: Sequence[str]) -> None:
        self._update(qe.UpdateOperation.delete_points(list(ids)))

    def _has_dates(self) -> bool:
        """Whether any passage has a first or a last day: where none has, comparing days takes a quarter of a search for nothing.

        Who asks holds `_dating`, so that nothing dated is written between this and the search. Once there was one, it stays true.
        """
        if self._any_dated is None:
            limits = {"valid_from": qe.RangeFloat(gt=ALWAYS), "valid_until": qe.RangeFloat(lt=FOREVER)}
            dated = qe.Filter(should=[qe.FieldCondition(key=field, range=beyond) for field, beyond in limits.items()])
            self._any_dated = _guarded(self._shard.count, qe.CountRequest(exact=True, filter=dated)) > 0
        return self._any_dated

    def _write(self, operation: Any, payloads: Sequence[Payload]) -> None:
        with self._dating:
            if any(p.get("valid_from", ALWAYS) > ALWAYS or p.get("valid_until", FOREVER) < FOREVER for p in payloads):
                self._any_dated = True
            self._update(operation)

    def _update(self, operation: Any) -> None:
        _guarded(self._shard.update, operation)


def _vector(vector: list[float] | SparseVector) -> Any:
    return qe.SparseVector(*vector) if isinstance(vector, SparseVector) else vector


def _vectors(point: Point) -> dict[str, Any]:
    vectors: dict[str, Any] = {DENSE: point.dense, SPARSE: _vector(point.sparse)}
    if point.title:
        vectors[TITLE] = _vector(point.title)
    return vectors


def _point(record: Any) -> Point:
    vectors = {name: vector for name, vector in record.vector.items() if name != DENSE}
    sparse = {name: SparseVector(list(vector.indices), list(vector.values)) for name, vector in vectors.items()}
    return Point(str(record.id), record.vector[DENSE], sparse[SPARSE], record.payload or {}, sparse.get(TITLE))


def hits_of(found: Sequence[Found]) -> list[list[Hit]]:
    return [list(map(Hit, ids, map(page_of, ids), scores)) for ids, scores in found]


def pages(page: Callable[[Any], tuple[list[tuple[str, Payload]], Any]]) -> Iterator[tuple[str, Payload]]:
    """All points, read page by page."""
    some, offset = page(None)
    yield from some
    while offset is not None:
        some, offset = page(offset)
        yield from some


def read_manifest(folder: Path) -> tuple[dict[str, Any], str]:
    """What the index was built with, and the name of its shard's folder. Raises IndexMissingError."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise IndexMissingError(f"There is no index in {folder.parent} yet.", "Run: brain ingest FOLDER") from None
    return manifest, manifest.pop("shard", SHARD)


def write_manifest(folder: Path, manifest: dict[str, Any], shard: str) -> None:
    """From now on the index is the shard of this name: the one step that can't be seen half done."""
    replace_file(folder / MANIFEST, json.dumps(manifest | {"shard": shard}, indent=1))


def replace_file(path: Path, text: str) -> None:
    """Whole or not at all, also where the machine loses power."""
    unfinished = path.with_name(f"{path.name}.new")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def remove_other_shards(folder: Path, shard: str) -> None:
    """Copies that were never finished, or are no longer needed."""
    for other in folder.glob(f"{SHARD}*"):
        if other.name != shard:
            shutil.rmtree(other, ignore_errors=True)


def load_shard(folder: Path, dimensions: int, settings: IndexSettings) -> qe.EdgeShard:
    shard: qe.EdgeShard = _guarded(qe.EdgeShard.load, str(folder), edge_config(dimensions, settings))
    return shard


def _guarded(call: Any, *arguments: Any) -> Any:
    """Edge raises bare `Exception`s; here they become ours."""
    try:
        return call(*arguments)
    except Exception as error:
        if "WouldBlock" in str(error):
            raise IndexLockedError(
                "Another process has this index open.",
                "Stop it, ask the running service instead, or give another --home.",
            ) from error
        raise StoreError(f"The index failed: {error}", "Run: brain doctor") from error
