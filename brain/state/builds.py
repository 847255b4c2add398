"""Which documents an index holds that is not the current one: the one being built beside it, or the one before."""

from collections.abc import Iterable

from sqlalchemy import delete, exists, func, insert, literal, select, update

from brain.state.database import Database
from brain.state.models import BuiltRow, DocumentRow, MetaRow
from brain.types import Document

INDEX_ID = "index_id"
"""The fact which index the documents are in, by its manifest's id."""


class Builds(Database):
    """Reads and writes them; every method is one transaction. Raises StoreError."""

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
