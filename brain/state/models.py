"""The tables of documents and their indexing, and the base of all tables."""

from datetime import date
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


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
