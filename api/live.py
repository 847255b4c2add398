"""`/v1/documents`: documents that programs put, delete and look at; the next question knows."""

import asyncio
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.access import GateDep, MayChange
from api.errors import CHANGING, ERRORS
from api.examples import TEXT, shown_as
from api.examples_changing import ID, ITEM, PUT
from api.opening import BrainDep, KnowledgeDep, editor_of
from api.problems import problems
from brain.days import IsoDay
from brain.documents import Record
from brain.errors import DocumentError
from brain.live import Change, Draft, clean_id

router = APIRouter(tags=["documents"])
MOST_LISTED = 500
DocumentId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=500,
        description="may hold slashes; percent-encode what a path can't hold",
        examples=[ID],
    ),
]


class PutResponse(BaseModel):
    """The document is found by the next question, and survives the service's end."""

    model_config = ConfigDict(json_schema_extra=shown_as(PUT))

    document_id: str = Field(description="as it is stored: composed characters, nothing invisible")
    change: Change
    passages: int
    language: str = Field(description="given, or detected")
    flags: dict[str, str] = Field(
        description="what was noticed in it that may be meant for an assistant, with the words"
    )


class DocumentItem(BaseModel):
    """A document without its text."""

    document_id: str
    source: str = Field(description="`api`, or the folder that it was ingested from")
    title: str
    url: str | None
    language: str | None
    audience: list[str]
    tags: list[str]
    valid_from: date | None
    valid_until: date | None
    updated_at: date | None
    content_hash: str = Field(description="SHA-256 of all that can change an answer")
    passages: int


class DocumentWhole(DocumentItem):
    model_config = ConfigDict(json_schema_extra=shown_as(ITEM | {"text": TEXT}))

    text: str = Field(description="Markdown, in which the spans of passages count")


class DocumentPage(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown_as({"documents": [ITEM]}))

    documents: list[DocumentItem]
    next: str | None = Field(description="give it as `after` for the next page; null on the last one")


@router.put("/v1/documents/{id:path}", summary="Put a document", responses=problems(CHANGING, 400, 404, 413, 422))
async def put_document(
    id: DocumentId, draft: Draft, who: MayChange, brain: BrainDep, knowledge: KnowledgeDep
) -> PutResponse:
    """Create or replace a document of the source `api`. The next question finds it; acknowledged, it survives `kill -9`.

    Tenant and the readers that may be written for are the key's. An id of a folder's document is refused (409). Nothing is
    fetched: the body is the document, `url` is only shown.
    """
    put = await asyncio.to_thread(knowledge.put, editor_of(who, brain.settings), _id(id), draft)
    flags = {flag.kind: flag.found for flag in put.flags}
    return PutResponse(document_id=put.id, change=put.change, passages=put.passages, language=put.language, flags=flags)


@router.delete(
    "/v1/documents/{id:path}",
    summary="Delete a document",
    status_code=204,
    response_class=Response,
    responses=problems(CHANGING, 404, 422),
)
async def delete_document(id: DocumentId, who: MayChange, brain: BrainDep, knowledge: KnowledgeDep) -> None:
    """Delete a document of the source `api`. No question that begins from now on is answered from it, on any replica."""
    if not await asyncio.to_thread(knowledge.delete, editor_of(who, brain.settings), _id(id)):
        raise HTTPException(404)


@router.get("/v1/documents", summary="List documents", responses=problems(ERRORS, 422))
async def list_documents(
    who: MayChange,
    brain: BrainDep,
    gate: GateDep,
    after: Annotated[str, Query(max_length=500, description="`next` of the page before", examples=[ID])] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED, examples=[100])] = 100,
    source: Annotated[str | None, Query(max_length=2000, description="of this source alone", examples=["api"])] = None,
    updated_since: Annotated[
        IsoDay | None, Query(description="`updated_at` that day or later", examples=["2026-03-01"])
    ] = None,
) -> DocumentPage:
    """The documents of the key's tenant that its audience may read, by id: those of folders, too."""
    audiences = brain.settings.access.readers[who.audience]
    found = await asyncio.to_thread(
        gate.known.written.listed,
        who.tenant,
        audiences,
        after=clean_id(after),
        limit=limit + 1,
        source=source and clean_id(source),
        updated_since=updated_since,
    )
    more = len(found) > limit
    shown = [_item(record) for record in found[:limit]]
    return DocumentPage(documents=shown, next=shown[-1].document_id if more else None)


@router.get("/v1/documents/{id:path}", summary="Look at a document", responses=problems(ERRORS, 404, 422))
async def get_document(id: DocumentId, who: MayChange, brain: BrainDep, gate: GateDep) -> DocumentWhole:
    """A document with its text, valid today or not. There is none where the key's audience may not read it."""
    record = await asyncio.to_thread(gate.known.written.record, who.tenant, _id(id))
    if record is None or not set(record.document.audience) & set(brain.settings.access.readers[who.audience]):
        raise HTTPException(404)
    return DocumentWhole(**_item(record).model_dump(), text=record.document.body)


def _id(given: str) -> str:
    if not (id := clean_id(given)):
        raise DocumentError("Nothing of this id can be seen.", "Give it letters or digits.")
    return id


def _item(record: Record) -> DocumentItem:
    document = record.document
    same = ("title", "url", "language", "valid_from", "valid_until", "updated_at")
    return DocumentItem(
        document_id=document.id,
        source=record.source,
        audience=list(document.audience),
        tags=list(document.tags),
        content_hash=record.content_hash,
        passages=record.passages,
        **{name: getattr(document, name) for name in same},
    )
