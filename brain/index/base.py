"""What the rest of Brain needs of a vector index, and what both adapters store."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from brain.facets import Family, tag_key, title_key
from brain.text.bm25 import SparseVector
from brain.types import Chunk, Document, Passage, Scores

SCHEMA_VERSION = 2
DENSE = "dense"
SPARSE = "bm25"
TITLE = "bm25_title"
"""The title's own terms, stored with a document's first passage only."""
FUSION = "fusion"
"""Where the manifest keeps the weights that were learned on this index; see `eval/tune.py`."""
WRITE_BATCH = 500
"""Points a call: Qdrant Edge holds the GIL during each."""

KEYWORD_FIELDS = ("tenant", "document_id", "audience", "tags", "tag_keys", "title_key", "language")
RANGE_FIELDS = ("valid_from", "valid_until")
LOOKUP_FIELDS = ("position",)
"""Integers: asked for in ranges, and by their value."""
GRAPH_FIELDS = ("tenant", "audience", "tags", "language")
"""For whose values the graph of vectors gets links of its own. The others leave a handful of passages, which are looked at one by
one, or nearly all; links for those took a quarter of the time of building."""
MOST_FACET_VALUES = 10_000
ALWAYS = date.min.toordinal()
FOREVER = date.max.toordinal()
"""Stored where a document has no end, so that a plain range finds it."""

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be found: a hard filter. Empty `languages` and `tags` restrict nothing; `valid_on=None` neither.

    A plain tag must be there; of the tags `key:value` of one key any, or no tag of that key. With `expired`, only what was
    valid until a day before `valid_on`. `without` leaves out the members of those families; `variants_of` finds only documents
    with one of these `title_key`s, and of them none that lacks the tags. `gone`: deleted documents, by id; not found though they
    may still be stored.
    """

    tenant: str
    audiences: tuple[str, ...]
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    valid_on: date | None = None
    expired: bool = False
    without: tuple[Family, ...] = ()
    variants_of: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """A passage as it is stored; `id` is made by `point_id`."""

    id: str
    dense: list[float]
    sparse: SparseVector
    payload: Payload
    title: SparseVector | None = None
    """Of the document's title, in its first passage."""


@dataclass(frozen=True, slots=True)
class Search:
    """One ranking that is wanted: by which vectors (DENSE, SPARSE or TITLE), how many, and of what has this tag alone."""

    by: str
    vector: list[float] | SparseVector
    limit: int
    tag: str | None = None

    @property
    def empty(self) -> bool:
        """A question without terms has no sparse ranking."""
        return isinstance(self.vector, SparseVector) and not self.vector.indices


class Hit(NamedTuple):
    """A passage in a ranking; hits of one document share `page`."""

    id: str
    page: str
    score: float


def point_id(tenant: str, document_id: str, content: str) -> str:
    """A UUID whose first half follows from the document, its second from the content.

    So a ranking tells which passages belong together without reading their payloads, which took half of a search's time.
    """
    halves = ("\0".join((tenant, document_id)), content)
    return str(UUID(bytes=b"".join(sha256(half.encode()).digest()[:8] for half in halves)))


def page_of(id: str) -> str:
    """What the ids of one document's passages share."""
    return id[:18]


class Index(Protocol):
    """A place for passages. Every method raises a StoreError (brain.errors) where the store fails."""

    @property
    def manifest(self) -> dict[str, Any]:
        """What the index was built with; see `brain.index.fingerprint`."""
        ...

    def annotate(self, key: str, value: Any) -> None:
        """Keeps a fact with the manifest; None removes it. Atomic."""
        ...

    def upsert(self, points: Sequence[Point]) -> None: ...

    def overwrite_payloads(self, payloads: Sequence[tuple[str, Payload]]) -> None:
        """Replaces what is stored beside the vectors of points that are there."""
        ...

    def existing(self, ids: Sequence[str]) -> set[str]:
        """Which of the ids are stored."""
        ...

    def delete_document(self, tenant: str, document_id: str, keep: Sequence[str] = ()) -> None:
        """Removes the document's points but for those in `keep`."""
        ...

    def search(self, searches: Sequence[Search], scope: Scope) -> list[list[Hit]]:
        """For each search the closest passages, best first, by cosine or BM25; all in one call."""
        ...

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        """What is stored beside the vectors of these points; a point that is gone is left out."""
        ...

    def vectors(self, ids: Sequence[str]) -> dict[str, list[float]]:
        """The dense vectors of these points; a point that is gone is left out."""
        ...

    def at(self, tenant: str, places: Mapping[str, Sequence[int]]) -> dict[str, Payload]:
        """What is stored of the passages at these positions of these documents, in one call."""
        ...

    def facet(self, key: str, titles: Sequence[str], scope: Scope) -> dict[str, int]:
        """How many documents there are for each value of the tags `key:value`, of those in scope whose `title_key` is one of
        `titles`."""
        ...

    def tags(self, scope: Scope) -> dict[str, int]:
        """All tags in scope, each with its number of passages."""
        ...

    def count(self, scope: Scope | None = None) -> int: ...

    def points(self) -> Iterator[tuple[str, Payload]]:
        """Every point's id and payload, in no order."""
        ...

    def flush(self) -> None:
        """Returns when all that was written is on disk."""
        ...

    def close(self) -> None: ...


def payload_of(document: Document, chunk: Chunk) -> Payload:
    """What is stored beside a passage's vectors."""
    return {
        "tenant": document.tenant,
        "document_id": document.id,
        "title": document.title,
        "url": document.url,
        "language": document.language,
        "audience": list(document.audience),
        "tags": list(document.tags),
        "tag_keys": sorted({key for tag in document.tags if (key := tag_key(tag))}),
        "title_key": title_key(document.title),
        "position": chunk.position,
        "updated_at": document.updated_at.isoformat() if document.updated_at else None,
        "valid_from": document.valid_from.toordinal() if document.valid_from else ALWAYS,
        "valid_until": document.valid_until.toordinal() if document.valid_until else FOREVER,
        "heading_path": list(chunk.heading_path),
        "text": chunk.text,
        "start": chunk.span[0],
        "end": chunk.span[1],
    }


def passage_of(id: str, payload: Payload, scores: Scores) -> Passage:
    """The inverse of `payload_of`."""
    updated = payload.get("updated_at")
    return Passage(
        id=id,
        document_id=payload["document_id"],
        text=payload["text"],
        span=(payload["start"], payload["end"]),
        scores=scores,
        title=payload["title"],
        heading_path=tuple(payload["heading_path"]),
        tenant=payload["tenant"],
        url=payload.get("url"),
        language=payload.get("language"),
        audience=tuple(payload["audience"]),
        tags=tuple(payload["tags"]),
        valid_from=_day(payload["valid_from"], ALWAYS),
        valid_until=_day(payload["valid_until"], FOREVER),
        updated_at=date.fromisoformat(updated) if updated else None,
        position=payload["position"],
    )


def _day(ordinal: int, absent: int) -> date | None:
    return None if ordinal == absent else date.fromordinal(ordinal)
