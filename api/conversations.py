"""`/v1/conversations`: what a caller asked before, kept by the service; its maker's alone.

A visitor of a widget is known by its token alone: see `POST /v1/widget/token` for keeping it beyond the token's end.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException

from api.access import GateDep, MayAsk
from api.caller import Caller, owner_of, readable
from api.errors import ERRORS, WRITING
from api.examples import CONVERSATION, CONVERSATION_ID, KEPT, QUESTION, shown_as
from api.kept import ID, KeptAnswer, shown_again
from api.known import Known
from api.opening import BrainDep
from api.problems import problems
from brain.conversations.owner import Place
from brain.conversations.record import documents_of
from brain.settings import Settings
from brain.types import Document

MOST = 1000
"""Exchanges that are read of one conversation: more than are kept."""
router = APIRouter(prefix="/v1/conversations", tags=["conversations"])
ConversationId = Annotated[str, Path(pattern=ID, examples=[CONVERSATION_ID])]


class ConversationRequest(BaseModel):
    """What a conversation is to be called; without that, its first question."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown_as({}))

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = None


class Conversation(BaseModel):
    """To be continued by `POST /v1/answer` with its id as `conversation_id`."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra=shown_as(CONVERSATION))

    id: str
    title: str | None = Field(description="personal data masked; null where nothing was asked yet")
    created_at: datetime
    updated_at: datetime = Field(description="of its last question")


class Conversations(BaseModel):
    """The one that was continued last first."""

    model_config = ConfigDict(json_schema_extra=shown_as({"conversations": [CONVERSATION]}))

    conversations: list[Conversation]
    next: str | None = Field(description="to be sent as `after` for what comes next; null at the end")


class Exchange(BaseModel):
    """A question and its answer, personal data masked."""

    question: str
    asked_at: datetime
    answer: KeptAnswer | None = Field(description="null where it cites a document that the caller can't read any more")


class WholeConversation(Conversation):
    """With what was said in it (`conversations.exchanges`), oldest first."""

    model_config = ConfigDict(
        json_schema_extra=shown_as(
            CONVERSATION | {"exchanges": [{"question": QUESTION, "asked_at": KEPT["answered_at"], "answer": KEPT}]}
        )
    )

    exchanges: list[Exchange]


@router.post("", summary="Begin a conversation", status_code=201, responses=problems(WRITING, 400, 413, 422))
async def begin_conversation(
    body: ConversationRequest,
    who: MayAsk,
    gate: GateDep,
    idempotency_key: Annotated[
        str, Header(max_length=200, description="sent twice, it is one conversation", examples=["5f1c0c5e-talk-1"])
    ] = "",
) -> Conversation:
    """Begin a conversation that the service keeps (`conversations.keep_days`), for its maker alone."""
    made = await asyncio.to_thread(gate.known.conversations.create, owner_of(who), body.title, idempotency_key)
    return Conversation.model_validate(made)


@router.get("", summary="List conversations", responses=problems(ERRORS, 422))
async def list_conversations(
    who: MayAsk,
    gate: GateDep,
    limit: Annotated[int, Query(ge=1, le=100, examples=[20])] = 20,
    after: Annotated[
        str | None,
        Query(
            pattern=r"^\d{13}-[0-9a-f]{32}$",
            description="`next` of the page before",
            examples=[f"1795899600000-{CONVERSATION_ID}"],
        ),
    ] = None,
) -> Conversations:
    """The caller's own."""
    place = _place(after) if after else None
    found = await asyncio.to_thread(lambda: gate.known.conversations.list(owner_of(who), limit + 1, place))
    shown = [Conversation.model_validate(one) for one in found[:limit]]
    return Conversations(conversations=shown, next=_cursor(shown[-1]) if len(found) > limit else None)


@router.get("/{id}", summary="Look at a conversation", responses=problems(ERRORS, 404, 422))
async def conversation(id: ConversationId, who: MayAsk, brain: BrainDep, gate: GateDep) -> WholeConversation:
    """One of the caller's own. An answer is left out once a document that it cites is not for the caller any more."""
    return await asyncio.to_thread(_whole, id, who, brain.settings, gate.known)


@router.delete("/{id}", summary="Delete a conversation", status_code=204, responses=problems(ERRORS, 404, 422))
async def delete_conversation(id: ConversationId, who: MayAsk, gate: GateDep) -> None:
    """With all that was said in it. The answers' traces stay as long as others (`traces.keep_days`)."""
    if not await asyncio.to_thread(lambda: gate.known.conversations.delete(owner_of(who), id)):
        raise HTTPException(404)


def readable_of(
    records: Iterable[Mapping[str, Any]], who: Caller, settings: Settings, known: Known
) -> dict[str, Document]:
    """The documents cited there that the caller may read today, by id. What became internal, or is gone, is missing."""
    cited = {id for record in records for id in documents_of(record)}
    return known.documents(cited, readable(who, settings))


def _whole(id: str, who: Caller, settings: Settings, known: Known) -> WholeConversation:
    found = known.conversations.get(owner_of(who), id)
    records = known.conversations.exchanges(owner_of(who), id, MOST)
    if found is None or records is None:
        raise HTTPException(404)
    documents = readable_of(records, who, settings, known)
    return WholeConversation(
        **Conversation.model_validate(found).model_dump(),
        exchanges=[_exchange(record, documents) for record in records],
    )


def _exchange(record: Mapping[str, Any], documents: Mapping[str, Document]) -> Exchange:
    cited = documents_of(record)
    there = all(id in documents for id in cited)
    return Exchange(
        question=record["question"]["text"],
        asked_at=record["answered_at"],
        answer=shown_again(record, cited, documents) if there else None,
    )


def _cursor(last: Conversation) -> str:
    return f"{round(1000 * last.updated_at.timestamp())}-{last.id}"


def _place(cursor: str) -> Place:
    milliseconds, id = cursor.split("-")
    moment = datetime.fromtimestamp(int(milliseconds) // 1000, UTC).replace(
        microsecond=1000 * (int(milliseconds) % 1000)
    )
    return Place(moment.isoformat(timespec="milliseconds"), id)
