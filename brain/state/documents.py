"""The documents of each source and how far their indexing got.

The protocol that keeps index and source equal is in `ingest/sync.py`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update

from brain.state.builds import Builds
from brain.state.models import DocumentRow, FileRow, FlagRow
from brain.types import Document, Flag

MANY = 500
"""Rows a statement: below every database's limit of variables."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the state knows of a document, without its body."""

    tenant: str
    id: str
    location: str
    content_hash: str
    indexed: bool
    passages: int


class State(Builds):
    """Reads and writes the rows; every method is one transaction. Raises StoreError."""

    def files(self, source: str) -> dict[str, FileRow]:
        with self._session() as session:
            return {row.path: row for row in session.scalars(select(FileRow).where(FileRow.source == source))}

    def save_files(self, source: str, files: Iterable[tuple[str, str, str | None]]) -> None:
        """Writes (path, signature, problem) of each file."""
        with self._session() as session:
            for path, signature, problem in files:
                session.merge(FileRow(source=source, path=path, signature=signature, problem=problem))

    def forget_files(self, source: str, paths: Iterable[str]) -> None:
        with self._session() as session:
            for some in _chunks(paths):
                session.execute(delete(FileRow).where(FileRow.source == source, FileRow.path.in_(some)))
                session.execute(delete(FlagRow).where(FlagRow.source == source, FlagRow.path.in_(some)))

    def save_flags(self, source: str, found: dict[str, list[tuple[str, str, Flag]]]) -> None:
        """What was noticed in each file's documents (tenant, id): all there is of those files."""
        with self._session() as session:
            for some in _chunks(found):
                session.execute(delete(FlagRow).where(FlagRow.source == source, FlagRow.path.in_(some)))
            for path, flags in found.items():
                for tenant, id, flag in flags:
                    key = {"source": source, "path": path, "document_id": id, "kind": flag.kind}
                    session.add(FlagRow(**key, tenant=tenant, found=flag.found))

    def flags(self, source: str | None = None) -> list[dict[str, Any]]:
        """Each document in which something was noticed, of one source or of all."""
        rows = select(FlagRow).order_by(FlagRow.source, FlagRow.path, FlagRow.document_id, FlagRow.kind)
        with self._session() as session:
            found: dict[tuple[str, str, str], dict[str, Any]] = {}
            for row in session.scalars(rows.where(FlagRow.source == source) if source is not None else rows):
                own = {"source": row.source, "path": row.path, "tenant": row.tenant, "document_id": row.document_id}
                key = (row.source, row.path, row.document_id)
                found.setdefault(key, own | {"flags": {}})["flags"][row.kind] = row.found
        return list(found.values())

    def known(self, source: str) -> list[Known]:
        """The source's documents."""
        return self._known(DocumentRow.source == source)

    def find(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[Known, str]]:
        """Those of the (tenant, id) that are there, each with its source."""
        found = {}
        wanted = set(keys)
        with self._session() as session:
            for some in _chunks({id for _, id in wanted}):
                for row in session.execute(_KNOWN.add_columns(DocumentRow.source).where(DocumentRow.id.in_(some))):
                    if (row[0], row[1]) in wanted:
                        found[row[0], row[1]] = (Known(*row[:6]), row[6])
        return found

    def mark(
        self, documents: Iterable[tuple[Document, str]], *, indexed: bool, passages: dict[tuple[str, str], int]
    ) -> None:
        """Writes the documents with their locations; `passages` counts by (tenant, id)."""
        with self._session() as session:
            for document, location in documents:
                session.merge(_row(document, location, indexed, passages.get((document.tenant, document.id), 0)))

    def mark_unindexed(self, keys: Iterable[tuple[str, str]] | None = None) -> None:
        """These documents, or all, are no longer as the index holds them."""
        with self._session() as session:
            if keys is None:
                session.execute(update(DocumentRow).values(indexed=False))
            for tenant, id in keys or ():
                where = (DocumentRow.tenant == tenant, DocumentRow.id == id)
                session.execute(update(DocumentRow).where(*where).values(indexed=False))

    def delete(self, keys: Iterable[tuple[str, str]]) -> None:
        with self._session() as session:
            for tenant, id in keys:
                session.execute(delete(DocumentRow).where(DocumentRow.tenant == tenant, DocumentRow.id == id))

    def document(self, tenant: str, id: str) -> Document | None:
        with self._session() as session:
            row = session.get(DocumentRow, (tenant, id))
            return _document(row) if row else None

    def documents(self, tenant: str, ids: Iterable[str]) -> dict[str, Document]:
        """Those that are there, by id."""
        with self._session() as session:
            rows = (
                session.scalars(select(DocumentRow).where(DocumentRow.tenant == tenant, DocumentRow.id.in_(some)))
                for some in _chunks(ids)
            )
            return {row.id: _document(row) for found in rows for row in found}

    def summary(self) -> dict[str, Any]:
        """Counts for `brain status`."""
        with self._session() as session:
            by_source = session.execute(
                select(DocumentRow.source, func.count(), func.sum(DocumentRow.passages)).group_by(DocumentRow.source)
            ).all()
            languages = session.execute(select(DocumentRow.language, func.count()).group_by(DocumentRow.language)).all()
            waiting = session.scalar(select(func.count()).where(DocumentRow.indexed.is_(False)))
            problems = session.execute(
                select(FileRow.source, FileRow.path, FileRow.problem).where(FileRow.problem.is_not(None))
            ).all()
            kinds = session.execute(select(FlagRow.kind, func.count()).group_by(FlagRow.kind)).all()
        return {
            "sources": [{"source": s, "documents": n, "passages": int(p or 0)} for s, n, p in by_source],
            "languages": {language or "und": n for language, n in languages},
            "unindexed": waiting or 0,
            "problems": [{"source": s, "path": p, "problem": problem} for s, p, problem in problems],
            "flags": dict(sorted((kind, count) for kind, count in kinds)),
            "last_ingest": self.meta("last_ingest"),
        }

    def stamp_ingest(self) -> None:
        self.set_meta("last_ingest", datetime.now(UTC).isoformat(timespec="seconds"))

    def _known(self, *where: Any) -> list[Known]:
        with self._session() as session:
            return [Known(*row) for row in session.execute(_KNOWN.where(*where).order_by(DocumentRow.location))]


_KNOWN = select(
    DocumentRow.tenant,
    DocumentRow.id,
    DocumentRow.location,
    DocumentRow.content_hash,
    DocumentRow.indexed,
    DocumentRow.passages,
)


def _row(document: Document, location: str, indexed: bool, passages: int) -> DocumentRow:
    return DocumentRow(
        tenant=document.tenant,
        id=document.id,
        source=document.source,
        location=location,
        content_hash=document.content_hash,
        indexed=indexed,
        passages=passages,
        title=document.title,
        body=document.body,
        url=document.url,
        language=document.language,
        audience=document.audience,
        tags=document.tags,
        valid_from=document.valid_from,
        valid_until=document.valid_until,
        updated_at=document.updated_at,
    )


def _document(row: DocumentRow) -> Document:
    return Document(
        id=row.id,
        title=row.title,
        body=row.body,
        tenant=row.tenant,
        source=row.source,
        url=row.url,
        language=row.language,
        audience=tuple(row.audience),
        tags=tuple(row.tags),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        updated_at=row.updated_at,
    )


def _chunks(items: Iterable[str]) -> Iterator[list[str]]:
    ordered = list(items)
    for start in range(0, len(ordered), MANY):
        yield ordered[start : start + MANY]


def default_source(folder: Path) -> str:
    """The name of a folder as a source: its absolute path."""
    return str(folder.resolve())
