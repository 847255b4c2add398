"""`GET /v1/answers/{id}` and `POST /v1/feedback`: answers given before, for those who could be given them today."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from api.access import GateDep, MayAsk, MayGive
from api.caller import Caller, readable
from api.errors import ERRORS, WRITING, ForbiddenError
from api.examples import ANSWER_ID, KEPT, shown_as
from api.known import Known
from api.opening import BrainDep
from api.problems import problems
from api.shown import Citation, Sentence, Source
from brain import types
from brain.conversations.record import documents_of
from brain.feedback import Complaint, Feedback
from brain.session import Brain
from brain.types import PUBLIC, Document

TRACE_RIGHTS = {"eval", "admin"}
router = APIRouter(tags=["answers"])
ID = r"^[0-9a-f]{32}$"


class KeptAnswer(BaseModel):
    """An answer as it was given, personal data masked; titles and addresses of its sources are today's."""

    model_config = ConfigDict(json_schema_extra=shown_as(KEPT))

    id: str
    answered_at: datetime
    question: str
    status: types.Status
    reason: types.Reason | None
    message: str | None
    language: str
    text: str
    sentences: list[Sentence]
    sources: list[Source]
    trace: dict[str, Any] | None = Field(description="how it came about, where it was asked for")


class FeedbackRequest(BaseModel):
    """What a person says of an answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown_as({"answer_id": ANSWER_ID, "thumbs": "down", "reason": "outdated"}),
    )

    answer_id: str = Field(pattern=ID, description="as in the answer's `id`")
    thumbs: Literal["up", "down"]
    reason: Complaint | None = None
    comment: str | None = Field(None, max_length=2000)
    correction: str | None = Field(None, max_length=10_000, description="what the answer should have been")


class FeedbackResponse(BaseModel):
    id: str = Field(examples=["0b7c2a9e4f5d4b1c9e8d7a6f5c4b3a29"])


@router.get("/v1/answers/{id}", summary="Look at an answer again", responses=problems(ERRORS, 404, 422))
async def kept_answer(
    id: Annotated[str, Path(pattern=ID, examples=[ANSWER_ID])],
    who: MayAsk,
    brain: BrainDep,
    gate: GateDep,
    trace: Annotated[bool, Query(examples=[False])] = False,
) -> KeptAnswer:
    """An answer given before (`traces.keep_days`). There is none where it, or a document it cites, is not for the caller.

    `trace` needs a key with the scope `eval` or `admin`.
    """
    if trace and not TRACE_RIGHTS & who.rights:
        raise ForbiddenError("Traces need the scope 'eval' or 'admin'.", "Use a key that has one of them.")
    return await asyncio.to_thread(_kept, id, who, brain, gate.known, trace)


@router.post(
    "/v1/feedback", summary="Say what an answer was worth", status_code=201, responses=problems(WRITING, 400, 413, 422)
)
async def give_feedback(
    body: FeedbackRequest,
    who: MayGive,
    brain: BrainDep,
    gate: GateDep,
    idempotency_key: Annotated[
        str, Header(max_length=200, description="sent twice, it is written once", examples=["5f1c0c5e-opinion-1"])
    ] = "",
) -> FeedbackResponse:
    """Keep what a person says of an answer that the caller could be given. Personal data is masked; `feedback.keep_days`."""
    record = await asyncio.to_thread(record_for, body.answer_id, who, brain)
    if record is None:
        problem = {"loc": ("body", "answer_id"), "msg": "There is no such answer", "type": "value_error"}
        raise RequestValidationError([problem])
    said = body.model_dump()
    given = Feedback(tenant=who.tenant, audience=who.audience, given_by=who.recorded, **said)
    return FeedbackResponse(id=await asyncio.to_thread(gate.known.feedbacks.save, given, idempotency_key))


def record_for(id: str, who: Caller, brain: Brain) -> dict[str, Any] | None:
    """What is kept of the answer, where it was given to a reader who may see no more than this one."""
    record, readers = brain.trace(id), brain.settings.access.readers
    if record is None or record["question"]["tenant"] != who.tenant:
        return None
    theirs = readers.get(record["question"]["audience"])
    return record if theirs is not None and set(theirs) <= set(readers[who.audience]) else None


def _kept(id: str, who: Caller, brain: Brain, known: Known, trace: bool) -> KeptAnswer:
    record = record_for(id, who, brain)
    if record is None:
        raise HTTPException(404)
    cited = documents_of(record)
    used = [passage["document_id"] for passage in record["passages_used"]] if trace else []
    scope = readable(who, brain.settings)
    there = known.documents({*cited, *used}, scope)
    # A document that became internal, or is gone, takes what was quoted from it along.
    if len(there) < len({*cited, *used}):
        raise HTTPException(404)
    return shown_again(record, cited, there, trace)


def shown_again(
    record: Mapping[str, Any], cited: list[str], documents: Mapping[str, Document], trace: bool = False
) -> KeptAnswer:
    """What is kept of an answer, with the documents that it cites as they are today."""
    numbers = {document: number for number, document in enumerate(cited, start=1)}
    same = ("id", "answered_at", "status", "reason", "message", "language", "text")
    return KeptAnswer(
        **{name: record[name] for name in same},
        question=record["question"]["text"],
        sentences=[_sentence(sentence, numbers) for sentence in record["sentences"]],
        sources=list(_sources(documents, numbers, record["newer"])),
        trace=dict(record) if trace else None,
    )


def _sentence(kept: Mapping[str, Any], numbers: Mapping[str, int]) -> Sentence:
    same = ("passage_id", "document_id", "span", "quote")
    citations = [
        Citation(number=numbers[c["document_id"]], **{name: c[name] for name in same}) for c in kept["citations"]
    ]
    support = kept["support"] or {"supported": True, "problems": []}
    return Sentence(
        text=kept["text"],
        citations=citations,
        supported=support["supported"],
        problems=list(support["problems"]),
        cells=kept.get("cells", []),  # answers of before there were any
    )


def _sources(documents: Mapping[str, Document], numbers: Mapping[str, int], newer: str | None) -> Iterable[Source]:
    for id, number in numbers.items():
        document = documents[id]
        yield Source(
            number=number,
            newer=id == newer,
            internal=PUBLIC not in document.audience,
            document_id=id,
            title=document.title,
            url=document.url,
            updated_at=document.updated_at,
            heading_path=[],
        )
