"""A Qdrant server or cluster, for what outgrows one process."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from grpc import Call, RpcError, StatusCode
from qdrant_client import QdrantClient
from qdrant_client import models as qm
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException

from brain.errors import IndexMissingError, StoreError
from brain.facets import values_of
from brain.index.base import (
    DENSE,
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
from brain.index.qdrant_filter import FilterBuilder
from brain.index.server_config import collection, differences, payload_indexes, read_consistency, search_params
from brain.settings import IndexSettings, redact_url
from brain.text.bm25 import SparseVector

IN_MEMORY = ":memory:"
GRPC_PORT = 6334
_REFUSED = {StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED, 401, 403}
_FAILURES = (
    ApiException,
    ResponseHandlingException,
    QdrantException,
    RpcError,
    ConnectionError,
    TimeoutError,
    ValueError,
)


class ServerIndex:
    """Adapter of `QdrantClient`; see `brain.index.base.Index`. The manifest is the collection's metadata."""

    def __init__(self, client: QdrantClient, settings: IndexSettings, manifest: dict[str, Any]) -> None:
        self._client, self._settings, self.manifest = client, settings, manifest
        self._collection = settings.collection
        # The client's own memory has no graph, no copies and no indexes: it warns where it is told of them.
        self._params = None if settings.url == IN_MEMORY else search_params(settings)
        self._consistency = read_consistency(settings.cluster)
        self._filters = FilterBuilder(qm, qm.Range, lambda ids: qm.HasIdCondition(has_id=list(ids)))

    @classmethod
    def open(cls, settings: IndexSettings, client: QdrantClient | None = None) -> "ServerIndex":
        """Raises IndexMissingError where the collection is not there, StoreError where the server isn't."""
        client = client or connect(settings)
        index = cls(client, settings, {})
        if not index.guarded(client.collection_exists, settings.collection):
            raise IndexMissingError(f"There is no collection '{settings.collection}' yet.", "Run: brain ingest FOLDER")
        info = index.guarded(client.get_collection, settings.collection)
        index.manifest = _present(info.config.metadata or {})
        return index

    @classmethod
    def create(
        cls, settings: IndexSettings, manifest: dict[str, Any], client: QdrantClient | None = None
    ) -> "ServerIndex":
        client = client or connect(settings)
        index = cls(client, settings, manifest)
        index.guarded(
            client.create_collection,
            settings.collection,
            **collection(manifest["dimensions"], settings),
            metadata=manifest,
        )
        for field, schema in () if settings.url == IN_MEMORY else payload_indexes(settings):
            index.guarded(client.create_payload_index, settings.collection, field, schema)
        return index

    @classmethod
    def drop(cls, settings: IndexSettings, client: QdrantClient | None = None) -> None:
        """Deletes the collection, if it is there."""
        client = client or connect(settings)
        cls(client, settings, {}).guarded(client.delete_collection, settings.collection)

    def annotate(self, key: str, value: Any) -> None:
        # Qdrant merges metadata: a key is not removed but set to nothing, and read as absent.
        self.guarded(self._client.update_collection, self._collection, metadata={key: value})
        self.manifest = _present(self.manifest | {key: value})

    def upsert(self, points: Sequence[Point]) -> None:
        for start in range(0, len(points), WRITE_BATCH):
            some = points[start : start + WRITE_BATCH]
            batch = [qm.PointStruct(id=p.id, vector=_vectors(p), payload=p.payload) for p in some]
            self.guarded(self._client.upsert, self._collection, batch, wait=True)

    def overwrite_payloads(self, payloads: Sequence[tuple[str, Payload]]) -> None:
        for start in range(0, len(payloads), WRITE_BATCH):
            operations = [
                qm.OverwritePayloadOperation(overwrite_payload=qm.SetPayload(payload=payload, points=[id]))
                for id, payload in payloads[start : start + WRITE_BATCH]
            ]
            self.guarded(self._client.batch_update_points, self._collection, operations, wait=True)

    def existing(self, ids: Sequence[str]) -> set[str]:
        found = self.guarded(self._client.retrieve, self._collection, list(ids), with_payload=False, with_vectors=False)
        return {str(record.id) for record in found}

    def delete_document(self, tenant: str, document_id: str, keep: Sequence[str] = ()) -> None:
        selector = qm.FilterSelector(filter=self._filters.document(tenant, document_id, list(keep)))
        self.guarded(self._client.delete, self._collection, selector, wait=True)

    def search(self, searches: Sequence[Search], scope: Scope) -> list[list[Hit]]:
        asked = [
            qm.QueryRequest(
                query=_vector(s.vector),
                using=s.by,
                filter=self._filters.scope(scope, s.tag),
                limit=s.limit,
                with_payload=False,
                params=self._params if s.by == DENSE else None,
            )
            for s in searches
            if not s.empty
        ]
        query, how = self._client.query_batch_points, {"consistency": self._consistency}
        replies = iter(self.guarded(query, self._collection, asked, **how) if asked else ())
        return [
            [] if s.empty else [Hit(str(hit.id), page_of(str(hit.id)), hit.score) for hit in next(replies).points]
            for s in searches
        ]

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        found = self.guarded(self._client.retrieve, self._collection, list(ids), with_payload=True, with_vectors=False)
        return {str(record.id): record.payload or {} for record in found}

    def vectors(self, ids: Sequence[str]) -> dict[str, list[float]]:
        found = self.guarded(
            self._client.retrieve, self._collection, list(ids), with_payload=False, with_vectors=[DENSE]
        )
        return {str(record.id): record.vector[DENSE] for record in found}

    def at(self, tenant: str, places: Mapping[str, Sequence[int]]) -> dict[str, Payload]:
        where, most = self._filters.at(tenant, places), sum(map(len, places.values()))
        scroll = self._client.scroll
        records, _ = self.guarded(scroll, self._collection, where, limit=most, consistency=self._consistency)
        return {str(record.id): record.payload or {} for record in records}

    def facet(self, key: str, titles: Sequence[str], scope: Scope) -> dict[str, int]:
        where = self._filters.titled(titles, scope)
        found = self.guarded(
            self._client.facet, self._collection, "tags", facet_filter=where, limit=MOST_FACET_VALUES, exact=True
        )
        return values_of(key, ((str(hit.value), hit.count) for hit in found.hits))

    def tags(self, scope: Scope) -> dict[str, int]:
        where = self._filters.scope(scope)
        found = self.guarded(self._client.facet, self._collection, "tags", facet_filter=where, limit=MOST_FACET_VALUES)
        return {str(hit.value): hit.count for hit in found.hits}

    def count(self, scope: Scope | None = None) -> int:
        where = self._filters.scope(scope) if scope else None
        return int(self.guarded(self._client.count, self._collection, count_filter=where, exact=True).count)

    def points(self) -> Iterator[tuple[str, Payload]]:
        offset = None
        while True:
            records, offset = self.guarded(self._client.scroll, self._collection, limit=WRITE_BATCH, offset=offset)
            yield from ((str(record.id), record.payload or {}) for record in records)
            if offset is None:
                return

    def differences(self) -> list[str]:
        """What the collection was made with where the settings say otherwise."""
        return differences(self.guarded(self._client.get_collection, self._collection).config, self._settings)

    def flush(self) -> None:
        """Nothing to do: every write waited for the server's word."""

    def close(self) -> None:
        self._client.close()

    def guarded(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            return call(*arguments, **named)
        except _FAILURES as error:
            raise _told(error, self._settings) from error


def _told(error: Exception, settings: IndexSettings) -> StoreError:
    """What is wrong with the server, and what to do."""
    # gRPC's own text is six lines; of a chain of causes the last one says it.
    said = " ".join(str(error.details() if hasattr(error, "details") else error).split())
    cause = said.rpartition(": ")[2].strip(" .]")
    code = error.code() if isinstance(error, Call) else getattr(error, "status_code", None)
    server = f"The Qdrant server at {redact_url(settings.url)}"
    if code in _REFUSED:
        return StoreError(f"{server} refuses the key: {cause}.", "Set index.api_key to a key that the server knows.")
    if code == StatusCode.DEADLINE_EXCEEDED or "timed out" in said:
        wait = f"within index.timeout_s ({settings.timeout_s} s)"
        return StoreError(f"{server} did not answer {wait}.", "See the server's log, or raise index.timeout_s.")
    if code == StatusCode.UNAVAILABLE or isinstance(error, ResponseHandlingException | ConnectionError):
        port = f" on its gRPC port {GRPC_PORT}" if settings.prefer_grpc else ""
        either = f"Open port {GRPC_PORT} too, or set index.prefer_grpc to false." if settings.prefer_grpc else ""
        return StoreError(
            f"{server} can't be reached{port}: {cause}.", f"Start it, or correct index.url. {either}".strip()
        )
    return StoreError(f"{server} failed: {said}", "Check that index.url is a Qdrant server's, and see its log.")


def _vector(vector: list[float] | SparseVector) -> Any:
    if isinstance(vector, SparseVector):
        return qm.SparseVector(indices=vector.indices, values=vector.values)
    return vector


def _present(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if value is not None}


def _vectors(point: Point) -> dict[str, Any]:
    vectors: dict[str, Any] = {DENSE: point.dense, SPARSE: _vector(point.sparse)}
    if point.title:
        vectors[TITLE] = _vector(point.title)
    return vectors


def connect(settings: IndexSettings) -> QdrantClient:
    if settings.url == IN_MEMORY:
        return QdrantClient(IN_MEMORY)
    key = settings.api_key.get_secret_value() or None
    return QdrantClient(
        url=settings.url,
        api_key=key,
        grpc_port=GRPC_PORT,
        prefer_grpc=settings.prefer_grpc,
        timeout=settings.timeout_s,
        check_compatibility=False,
    )
