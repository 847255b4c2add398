"""What Brain remembers besides vectors: the documents of each source and how far their indexing got.

SQLite in the home folder by default, PostgreSQL by URL; the same models. The protocol that keeps index and source equal
is in `ingest/sync.py`.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import (
    JSON,
    Engine,
    create_engine,
    delete,
    event,
    exists,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from brain.errors import StoreError
from brain.settings import Settings, redact_url
from brain.types import Document, Flag

INDEX_ID = "index_id"
"""The fact which index the documents are in, by its manifest's id."""
MANY = 500
"""Rows a statement: below every database's limit of variables."""


class Base(DeclarativeBase):
    type_annotation_map = {tuple[str, ...]: JSON, dict[str, Any]: JSON}  # noqa: RUF012  SQLAlchemy reads it so


class DocumentRow(Base):
    """A document as last seen in its source. `indexed` says whether the index holds exactly this content."""

    __tablename__ = "documents"

    tenant: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(index=True)
    location: Mapped[str]
    content_hash: Mapped[str]
    indexed: Mapped[bool]
    passages: Mapped[int] = mapped_column(default=0)
    title: Mapped[str]
    body: Mapped[str]
    url: Mapped[str | None]
    language: Mapped[str | None]
    audience: Mapped[tuple[str, ...]]
    tags: Mapped[tuple[str, ...]]
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    updated_at: Mapped[date | None]


class FileRow(Base):
    """A file of a source: the hash of its bytes and of how they were read, or why it could not be read."""

    __tablename__ = "files"

    source: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    signature: Mapped[str]
    problem: Mapped[str | None]


class BuiltRow(Base):
    """A document as an index holds it that is not the current one: the one being built, or the one before."""

    __tablename__ = "built"

    index_id: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    content_hash: Mapped[str]
    passages: Mapped[int]


class FlagRow(Base):
    """What was noticed in a document of a file, whether or not it is indexed."""

    __tablename__ = "flags"

    source: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    found: Mapped[str]


class MetaRow(Base):
    """Single facts, such as which index these documents are in."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


@dataclass(frozen=True, slots=True)
class Known:
    """What the state knows of a document, without its body."""

    tenant: str
    id: str
    location: str
    content_hash: str
    indexed: bool
    passages: int


class State:
    """Reads and writes the rows; every method is one transaction. Raises StoreError."""

    def __init__(self, settings: Settings) -> None:
        url = settings.state_url
        if not url:
            settings.home.mkdir(parents=True, exist_ok=True)
            url = f"sqlite:///{settings.home / 'state.db'}"
        self.url = redact_url(url)
        self._engine = _engine(url)
        self._make_tables()

    def close(self) -> None:
        self._engine.dispose()

    def meta(self, key: str) -> str | None:
        with self._session() as session:
            row = session.get(MetaRow, key)
            return row.value if row else None

    def set_meta(self, key: str, value: str) -> None:
        with self._session() as session:
            session.merge(MetaRow(key=key, value=value))

    def forget_meta(self, key: str) -> None:
        with self._session() as session:
            session.execute(delete(MetaRow).where(MetaRow.key == key))

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

    def to_build(self, index_id: str) -> list[tuple[str, str]]:
        """(tenant, id) of the documents that this index, not the current one, does not hold as they are now."""
        held = (
            BuiltRow.index_id == index_id,
            BuiltRow.tenant == DocumentRow.tenant,
            BuiltRow.id == DocumentRow.id,
            BuiltRow.content_hash == DocumentRow.content_hash,
        )
        keys = select(DocumentRow.tenant, DocumentRow.id).where(~exists().where(*held))
        with self._session() as session:
            return [(tenant, id) for tenant, id in session.execute(keys.order_by(DocumentRow.tenant, DocumentRow.id))]

    def save_built(self, index_id: str, documents: Iterable[tuple[Document, int]]) -> None:
        """That index holds these documents now, each as so many passages."""
        with self._session() as session:
            for document, passages in documents:
                key = {"index_id": index_id, "tenant": document.tenant, "id": document.id}
                session.merge(BuiltRow(**key, content_hash=document.content_hash, passages=passages))

    def built(self, index_id: str) -> int:
        """How many passages that index holds of the documents, as far as it was built."""
        here = (BuiltRow.tenant == DocumentRow.tenant) & (BuiltRow.id == DocumentRow.id)
        counted = select(func.sum(BuiltRow.passages)).join(DocumentRow, here).where(BuiltRow.index_id == index_id)
        with self._session() as session:
            return int(session.scalar(counted) or 0)

    def adopt(self, index_id: str) -> None:
        """That index is the current one now: what was built is what is indexed. The one before is remembered as it was left."""
        names = ["index_id", "tenant", "id", "content_hash", "passages"]
        with self._session() as session:
            row = session.get(MetaRow, INDEX_ID)
            before = row.value if row else ""
            session.execute(delete(BuiltRow).where(BuiltRow.index_id != index_id))
            columns = DocumentRow.tenant, DocumentRow.id, DocumentRow.content_hash, DocumentRow.passages
            kept = select(literal(before), *columns).where(DocumentRow.indexed)
            if before and before != index_id:
                session.execute(insert(BuiltRow).from_select(names, kept))
            where = (
                BuiltRow.index_id == index_id,
                BuiltRow.tenant == DocumentRow.tenant,
                BuiltRow.id == DocumentRow.id,
            )
            same = exists().where(*where, BuiltRow.content_hash == DocumentRow.content_hash)
            passages = select(func.coalesce(func.max(BuiltRow.passages), 0)).where(*where).scalar_subquery()
            session.execute(update(DocumentRow).values(indexed=same, passages=passages))
            session.execute(delete(BuiltRow).where(BuiltRow.index_id == index_id))
            session.merge(MetaRow(key=INDEX_ID, value=index_id))

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

    def _make_tables(self) -> None:
        """Those that are missing. Several processes and threads may open an empty database at once: they take turns."""
        if self._complete():
            return
        with _turn(self._engine), self._session() as session:
            if self._engine.dialect.name == "sqlite":
                # Readers never wait for a writer, and a killed process or machine leaves a whole database. It stays so.
                session.execute(text("PRAGMA journal_mode=WAL"))
            else:
                session.execute(text("SELECT pg_advisory_xact_lock(7305528)"))
            Base.metadata.create_all(session.connection())

    def _complete(self) -> bool:
        with self._session() as session:
            return set(Base.metadata.tables) <= set(inspect(session.connection()).get_table_names())

    def _known(self, *where: Any) -> list[Known]:
        with self._session() as session:
            return [Known(*row) for row in session.execute(_KNOWN.where(*where).order_by(DocumentRow.location))]

    def _session(self) -> "_Transaction":
        return _Transaction(self._engine, self.url)


class _Transaction:
    """A session that commits at the end; database errors become StoreError."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._session, self._url = Session(engine, expire_on_commit=False), url

    def __enter__(self) -> Session:
        return self._session

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self._session.commit()
        except SQLAlchemyError as problem:
            error = problem
        finally:
            self._session.close()
        if isinstance(error, SQLAlchemyError):
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise StoreError(
                f"The state database {self._url} failed: {cause}", "Check state_url, or run: brain doctor"
            ) from error


_KNOWN = select(
    DocumentRow.tenant,
    DocumentRow.id,
    DocumentRow.location,
    DocumentRow.content_hash,
    DocumentRow.indexed,
    DocumentRow.passages,
)


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(url)
    except (SQLAlchemyError, ImportError) as error:
        raise StoreError(
            f"state_url {redact_url(url)} can't be used: {error}",
            "Use sqlite:///… or, with the extra `postgres`, postgresql+psycopg://…",
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA synchronous=FULL")


def _turn(engine: Engine) -> AbstractContextManager[Any]:
    """SQLite does not wait for others while the journal's mode is set; PostgreSQL has locks of its own."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    return FileLock(f"{file}.lock") if file and file != ":memory:" else nullcontext()


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
