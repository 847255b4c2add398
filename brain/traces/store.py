"""Traces in the state's database, each with what it cited, so that it is found when that changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from sqlalchemy import JSON, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from brain.state import Base, DocumentRow, State
from brain.traces.record import quotes_of, stands

Record = dict[str, Any]


class TraceRow(Base):
    """An answer's record; see `brain.traces.record`. Times are ISO 8601 in UTC, which sort as text."""

    __tablename__ = "traces"

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(index=True)
    audience: Mapped[str]
    answered_at: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    asked_by: Mapped[str | None]
    """What the caller of the service is recorded as: for erasing what one person asked, never shown."""
    question: Mapped[str]
    record: Mapped[Record] = mapped_column(JSON)


class CitedRow(Base):
    """A document that an answer cited, and its content's hash then (None where the state no longer held what was cited)."""

    __tablename__ = "cited"

    trace_id: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(primary_key=True, index=True)
    document_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    content_hash: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Cited:
    """A document that an answer cited: its content's hash then and now, each None where unknown."""

    trace_id: str
    tenant: str
    document_id: str
    hash_then: str | None
    hash_now: str | None


class Traces(State):
    """Reads and writes them; every method is one transaction. Raises StoreError."""

    def save(self, records: Sequence[Record], asked_by: Sequence[str | None] = ()) -> None:
        """All or none; `asked_by` says of each who asked, where that is known."""
        with self._session() as session, session.no_autoflush:
            documents = _prepared(session, records)
            for record, asker in zip_longest(records, asked_by):
                question = record["question"]
                own = {"id": record["id"], "tenant": question["tenant"], "audience": question["audience"]}
                row = TraceRow(
                    **own, answered_at=record["answered_at"], status=record["status"], question=question["text"]
                )
                row.record, row.asked_by = record, asker
                session.add(row)
                cited = {c["document_id"] for sentence in record["sentences"] for c in sentence["citations"]}
                for id in cited:
                    document = documents.get((own["tenant"], id))
                    # It may have changed since the answer was given: then it is not what was cited.
                    same = document and all(stands(quote, document.body) for quote in quotes_of(record, id))
                    key = {"trace_id": record["id"], "tenant": own["tenant"], "document_id": id}
                    session.add(CitedRow(**key, content_hash=document.content_hash if document and same else None))

    def get(self, id: str) -> Record | None:
        with self._session() as session:
            row = session.get(TraceRow, id)
            return row.record if row else None

    def citing(self, document_id: str | None = None, tenant: str | None = None) -> list[Cited]:
        """What was cited of one document, or of all, newest answers first."""
        found = (
            select(
                CitedRow.trace_id,
                CitedRow.tenant,
                CitedRow.document_id,
                CitedRow.content_hash,
                DocumentRow.content_hash,
            )
            .join(TraceRow, TraceRow.id == CitedRow.trace_id)
            .outerjoin(DocumentRow, (DocumentRow.tenant == CitedRow.tenant) & (DocumentRow.id == CitedRow.document_id))
            .order_by(TraceRow.answered_at.desc(), CitedRow.document_id)
        )
        if document_id is not None:
            found = found.where(CitedRow.document_id == document_id)
        if tenant is not None:
            found = found.where(CitedRow.tenant == tenant)
        with self._session() as session:
            return [Cited(*row) for row in session.execute(found)]

    def newest(self, limit: int) -> list[Record]:
        """The latest records, newest first."""
        with self._session() as session:
            return list(session.scalars(select(TraceRow.record).order_by(TraceRow.answered_at.desc()).limit(limit)))


def _prepared(session: Session, records: Sequence[Record]) -> dict[tuple[str, str], DocumentRow]:
    """Takes out what was written of these records before, as far as a failure let it, and gives the documents that they cite.

    A few statements for all together: looking each row up before writing it took most of the time.
    """
    ids = [record["id"] for record in records]
    session.execute(delete(CitedRow).where(CitedRow.trace_id.in_(ids)))
    session.execute(delete(TraceRow).where(TraceRow.id.in_(ids)))
    cited = {c["document_id"] for record in records for s in record["sentences"] for c in s["citations"]}
    rows = session.scalars(
        select(DocumentRow).where(DocumentRow.id.in_(cited))
    )  # of 100 answers, some hundreds at most
    return {(row.tenant, row.id): row for row in rows}
