"""`POST /v1/answer`: cited sentences, or a refusal with its reason."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, Field, model_validator

from api.access import GateDep, MayAsk
from api.asked import Asked, Text
from api.continuing import keeping, turns_before
from api.errors import ERRORS
from api.gate import address_of
from api.kept import ID
from api.opening import BrainDep
from api.problems import problems
from api.resuming import Owner, Streams
from api.shown import AnswerResponse, shown
from api.streaming import DESCRIBED, shown_events, unless_gone, wants_stream
from brain import types
from brain.answer import whole

router = APIRouter(tags=["questions"])


class Turn(BaseModel, extra="forbid"):
    """What was said before."""

    role: Literal["user", "assistant"]
    text: Text


class AskRequest(Asked):
    """A question and the conversation before it, oldest turn first."""

    turns: list[Turn] = Field([], max_length=20)

    def before(self) -> tuple[types.Turn, ...]:
        return tuple(types.Turn(turn.role, turn.text) for turn in self.turns)


class AnswerRequest(AskRequest):
    """A question and the conversation before it: its turns, oldest first, or one that the service keeps."""

    conversation_id: str | None = Field(
        None, pattern=ID, description="instead of `turns`: it is continued, and holds the answer once that is given"
    )

    @model_validator(mode="after")
    def _one_conversation(self) -> "AnswerRequest":
        if self.conversation_id and self.turns:
            raise ValueError("Give turns or a conversation_id, not both")
        return self


@router.post(
    "/v1/answer",
    summary="Answer a question",
    response_model=AnswerResponse,
    responses=problems(ERRORS, 400, 404, 413, 422) | DESCRIBED,
)
async def answer(
    request: Request,
    body: AnswerRequest,
    who: MayAsk,
    brain: BrainDep,
    gate: GateDep,
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            max_length=200,
            description="of a stream that was lost: its rest",
            examples=["9c1185a5c5e9fc54612808977ee8f548-1"],
        ),
    ] = None,
) -> AnswerResponse | Response:
    """Answer a question from the documents that the caller may read, every sentence cited, or refuse.

    A caller who goes away before the end stops the model, a stream's, who may come back, `service.resume_s` later; a
    conversation then holds nothing of it.
    """
    turns, within = body.before(), body.conversation_id
    if within:
        turns = await asyncio.to_thread(turns_before, within, who, brain.settings, gate.known)
    events = brain.stream(body.question_of(who, brain.settings.service.max_question_chars, turns), who.recorded)
    if within:
        events = keeping(events, within, who, gate.known)
    if wants_stream(request):
        owner = Owner(who, address_of(request) if who.kind == "open" else "", body)
        streams: Streams = request.app.state.streams
        searches = "search" in who.rights
        return streams.respond(
            owner, last_event_id, lambda: shown_events(request.state.request_id, events, searches=searches)
        )
    answered = await unless_gone(request, whole(events))
    return shown(answered) if isinstance(answered, types.Answer) else answered
