"""The state's documents as programs change and list them while a service runs, and the tombstones of those they deleted."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import delete, exists, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from brain.state import Base, DocumentRow, State
from brain.state.models import FlagRow, MetaRow
from brain.tombstones import now
from brain.types import Document

WRITERS_LOCK = 7305529
"""PostgreSQL's advisory lock of who changes documents: replicas on several machines take turns."""

Key = tuple[str, str]
"""(tenant, document id)"""


class TombstoneRow(Base):
    """A document that was deleted; see `brain.tombstones`."""

    __tablename__ = "tombstones"

    tenant: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[str]


@dataclass(frozen=True, slots=True)
class Record:
    """A document of the state, where in which source it is, and whether the index is known to hold it on disk, as so many passages."""

    document: Document
    source: str
    location: str
    content_hash: str
    indexed: bool
    passages: int


class Documents(State):
    """Every method is one transaction. Raises StoreError."""

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits until no other machine's process changes documents. On one machine `brain.index.lock.changing` is that."""
        if self._engine.dialect.name != "postgresql":
            yield
            return
        with self._session() as session:
            session.execute(text(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})"))
            yield

    def record(self, tenant: str, id: str) -> Record | None:
        with self._session() as session:
            row = session.get(DocumentRow, (tenant, id))
            return _record(row) if row else None

    def listed(
        self,
        tenant: str,
        audiences: Collection[str],
        *,
        after: str = "",
        limit: int = 100,
        source: str | None = None,
        updated_since: date | None = None,
    ) -> list[Record]:
        """A tenant's documents that one of the audiences may read, by id, behind the id `after`."""
        where = [DocumentRow.tenant == tenant]
        if source is not None:
            where.append(DocumentRow.source == source)
        if updated_since is not None:
            where.append(DocumentRow.updated_at >= updated_since)
        found: list[Record] = []
        with self._session() as session:
            while len(found) < limit:
                asked = select(DocumentRow).where(*where, DocumentRow.id > after).order_by(DocumentRow.id).limit(limit)
                rows = session.scalars(asked).all()
                # Audiences are JSON, which the databases ask in ways of their own: they are compared here.
                found += [_record(row) for row in rows if set(row.audience) & set(audiences)]
                if len(rows) < limit:
                    break
                after = rows[-1].id
        return found[:limit]

    def bury(self, tenant: str, id: str) -> None:
        """The document is gone from the state, and from every question that begins from now on."""
        with self._session() as session:
            session.execute(delete(DocumentRow).where(DocumentRow.tenant == tenant, DocumentRow.id == id))
            session.execute(delete(FlagRow).where(FlagRow.tenant == tenant, FlagRow.document_id == id))
            session.merge(TombstoneRow(tenant=tenant, id=id, at=now()))

    def tombstones(self) -> list[Key]:
        with self._session() as session:
            return [(tenant, id) for tenant, id in session.execute(select(TombstoneRow.tenant, TombstoneRow.id))]

    def lift(self, keys: Iterable[Key]) -> None:
        """The index holds nothing of these documents any more but what the state holds."""
        lift(self, keys)

    def settle(self, written: Iterable[tuple[str, str, str]], gone: Iterable[Key]) -> None:
        """What was written (tenant, id, content hash) and what is gone is on the index's disk. What changed since stays open."""
        with self._session() as session:
            for tenant, id, content_hash in written:
                same = DocumentRow.tenant == tenant, DocumentRow.id == id, DocumentRow.content_hash == content_hash
                session.execute(update(DocumentRow).where(*same).values(indexed=True))
            for tenant, id in gone:
                again = exists().where(DocumentRow.tenant == tenant, DocumentRow.id == id)
                here = TombstoneRow.tenant == tenant, TombstoneRow.id == id
                session.execute(delete(TombstoneRow).where(*here, ~again))

    def open_keys(self, source: str) -> list[Key]:
        """The source's documents of which it isn't known that the index holds them on disk."""
        asked = select(DocumentRow.tenant, DocumentRow.id).where(
            DocumentRow.source == source, DocumentRow.indexed.is_(False)
        )
        with self._session() as session:
            return [(tenant, id) for tenant, id in session.execute(asked.order_by(DocumentRow.tenant, DocumentRow.id))]

    def sources(self) -> list[str]:
        with self._session() as session:
            return list(session.scalars(select(DocumentRow.source).distinct().order_by(DocumentRow.source)))

    def metas(self, prefix: str) -> dict[str, str]:
        """The facts whose names begin so."""
        with self._session() as session:
            rows = session.scalars(select(MetaRow).where(MetaRow.key.startswith(prefix, autoescape=True)))
            return {row.key: row.value for row in rows}

    def keys(self, source: str) -> list[Key]:
        asked = select(DocumentRow.tenant, DocumentRow.id).where(DocumentRow.source == source)
        with self._session() as session:
            return [(tenant, id) for tenant, id in session.execute(asked.order_by(DocumentRow.tenant, DocumentRow.id))]


def lift(state: State, keys: Iterable[Key]) -> None:
    """The same, for whoever writes documents by a plain State."""
    wanted = set(keys)
    with state._session() as session:
        there = session.execute(select(TombstoneRow.tenant, TombstoneRow.id)).all()
        for tenant, id in {(tenant, id) for tenant, id in there} & wanted:
            session.execute(delete(TombstoneRow).where(TombstoneRow.tenant == tenant, TombstoneRow.id == id))


def _record(row: DocumentRow) -> Record:
    values = {field.name: getattr(row, field.name) for field in fields(Document)}
    document = Document(**values | {"audience": tuple(row.audience), "tags": tuple(row.tags)})
    return Record(document, row.source, row.location, row.content_hash, row.indexed, row.passages)
