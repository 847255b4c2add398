"""A whole document, for callers who may read it."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from brain.index import Scope
from brain.types import Document


class DocumentRequest(BaseModel):
    """A document by its id, as answers and passages name it."""

    model_config = ConfigDict(extra="forbid")

    document_id: str = Field(min_length=1, max_length=2000)


class DocumentResponse(BaseModel):
    """A document; `text` is Markdown, in which the spans of passages count."""

    document_id: str
    title: str
    url: str | None
    language: str | None
    tags: list[str]
    valid_from: date | None
    valid_until: date | None
    updated_at: date | None
    text: str


def may_read(document: Document, scope: Scope) -> bool:
    """As the index's filter has it: tenant, audience, and the day where there is one."""
    day = scope.valid_on
    starts, ends = document.valid_from or date.min, document.valid_until or date.max
    theirs = document.tenant == scope.tenant and bool(set(document.audience) & set(scope.audiences))
    return theirs and (day is None or starts <= day <= ends)


def shown_document(document: Document) -> DocumentResponse:
    return DocumentResponse(
        document_id=document.id,
        title=document.title,
        url=document.url,
        language=document.language,
        tags=list(document.tags),
        valid_from=document.valid_from,
        valid_until=document.valid_until,
        updated_at=document.updated_at,
        text=document.body,
    )
