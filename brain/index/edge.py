"""Qdrant Edge: the index in this process, one folder, one owner.

Every call holds the GIL, so writes go in small batches. The write-ahead log stays on: a killed process loses no
acknowledged point. `optimize()` is never called here: it would stop the service for its whole length.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import qdrant_edge as qe

from brain.errors import IndexLockedError, IndexMissingError, StoreError
from brain.facets import values_of
from brain.index.base import (
    DENSE,
    KEYWORD_FIELDS,
    LOOKUP_FIELDS,
    MOST_FACET_VALUES,
    RANGE_FIELDS,
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
from brain.index.lock import FolderLock
from brain.index.qdrant_filter import FilterBuilder
from brain.text.bm25 import SparseVector

MANIFEST = "manifest.json"
SHARD = "shard"


class EdgeIndex:
    """Adapter of `EdgeShard`; see `brain.index.base.Index`."""

    def __init__(self, shard: qe.EdgeShard, manifest: dict[str, Any], lock: FolderLock, folder: Path) -> None:
        self._shard, self.manifest, self._lock, self._folder = shard, manifest, lock, folder
        self._filters = FilterBuilder(qe, qe.RangeFloat, lambda ids: qe.HasIdCondition(set(ids)))

    @classmethod
    def open(cls, folder: Path) -> "EdgeIndex":
        """Raises IndexMissingError where there is none, IndexLockedError where another process has it."""
        if not (folder / MANIFEST).exists():
            raise IndexMissingError(f"There is no index in {folder.parent} yet.", "Run: brain ingest FOLDER")
        lock = FolderLock(folder)
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            return cls(_guarded(qe.EdgeShard.load, str(folder / SHARD)), manifest, lock, folder)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def create(cls, folder: Path, manifest: dict[str, Any]) -> "EdgeIndex":
        folder.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(folder)
        shutil.rmtree(folder / SHARD, ignore_errors=True)  # of a creation that was cut short: there is no manifest
        (folder / SHARD).mkdir()
        dense = qe.EdgeVectorParams(size=manifest["dimensions"], distance=qe.Distance.Cosine)
        sparse = qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)
        config = qe.EdgeConfig(vectors={DENSE: dense}, sparse_vectors={SPARSE: sparse, TITLE: sparse})
        try:
            shard = _guarded(qe.EdgeShard.create, str(folder / SHARD), config)
            for field in KEYWORD_FIELDS:
                params = qe.KeywordIndexParams(is_tenant=field == "tenant")
                shard.update(qe.UpdateOperation.create_field_index(field, params))
            for field in (*RANGE_FIELDS, *LOOKUP_FIELDS):
                use = qe.IntegerIndexParams(lookup=field in LOOKUP_FIELDS, range=field in RANGE_FIELDS)
                shard.update(qe.UpdateOperation.create_field_index(field, use))
            shard.flush()
            # Written last: an index without a manifest was never finished, and is made anew.
            _write_manifest(folder, manifest)
        except BaseException:
            lock.release()
            raise
        return cls(shard, manifest, lock, folder)

    @classmethod
    def drop(cls, folder: Path) -> None:
        """Deletes the index. The manifest goes first, so that half a folder is never opened."""
        if not folder.exists():
            return
        lock = FolderLock(folder)
        (folder / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(folder / SHARD, ignore_errors=True)
        lock.release()

    def annotate(self, key: str, value: Any) -> None:
        self.manifest = {k: v for k, v in (self.manifest | {key: value}).items() if v is not None}
        _write_manifest(self._folder, self.manifest)

    def upsert(self, points: Sequence[Point]) -> None:
        for start in range(0, len(points), WRITE_BATCH):
            batch = [qe.Point(p.id, _vectors(p), p.payload) for p in points[start : start + WRITE_BATCH]]
            self._update(qe.UpdateOperation.upsert_points(batch))

    def overwrite_payloads(self, payloads: Sequence[tuple[str, Payload]]) -> None:
        for id, payload in payloads:
            self._update(qe.UpdateOperation.overwrite_payload([id], payload))

    def existing(self, ids: Sequence[str]) -> set[str]:
        return {str(record.id) for record in _guarded(self._shard.retrieve, list(ids), False, False)}

    def delete_document(self, tenant: str, document_id: str, keep: Sequence[str] = ()) -> None:
        self._update(qe.UpdateOperation.delete_points_by_filter(self._filters.document(tenant, document_id, keep)))

    def search(self, searches: Sequence[Search], scope: Scope) -> list[list[Hit]]:
        asked = [
            qe.QueryRequest(
                query=qe.Query.Nearest(_vector(s.vector), using=s.by),
                filter=self._filters.scope(scope, s.tag),
                limit=s.limit,
                with_payload=False,
            )
            for s in searches
            if not s.empty
        ]
        rankings = iter(_guarded(self._shard.query_batch, qe.QueryBatchRequest(asked)) if asked else ())
        return [
            [] if s.empty else [Hit(str(hit.id), page_of(str(hit.id)), hit.score) for hit in next(rankings)]
            for s in searches
        ]

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        records = _guarded(self._shard.retrieve, list(ids), True, False)
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

    def points(self) -> Iterator[tuple[str, Payload]]:
        offset = None
        while True:
            request = qe.ScrollRequest(limit=WRITE_BATCH, offset=offset, with_payload=True)
            records, offset = _guarded(self._shard.scroll, request)
            yield from ((str(record.id), record.payload or {}) for record in records)
            if offset is None:
                return

    def flush(self) -> None:
        _guarded(self._shard.flush)

    def close(self) -> None:
        self._shard.close()
        self._lock.release()

    def _update(self, operation: Any) -> None:
        _guarded(self._shard.update, operation)


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    unfinished = folder / f"{MANIFEST}.new"
    unfinished.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    unfinished.replace(folder / MANIFEST)


def _vector(vector: list[float] | SparseVector) -> Any:
    return qe.SparseVector(*vector) if isinstance(vector, SparseVector) else vector


def _vectors(point: Point) -> dict[str, Any]:
    vectors: dict[str, Any] = {DENSE: point.dense, SPARSE: _vector(point.sparse)}
    if point.title:
        vectors[TITLE] = _vector(point.title)
    return vectors


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
