"""`POST /v1/chat/completions` and `GET /v1/models`: for programs that talk to OpenAI's API."""

import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import time
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Path, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from api.access import MayAsk
from api.chat_models import MODEL, ChatChoice, ChatMessage, ChatRequest, ChatResponse, Model, Models, Usage
from api.chat_text import after_sentences, sentence_text, usage_of, whole_text
from api.errors import ERRORS, kind_of
from api.examples import CHUNK
from api.middleware import CHAT
from api.opening import BrainDep
from api.problems import problems
from api.resuming import EVENT_STREAM, HEADERS
from api.shown import numbered, shown
from api.streaming import described_stream, unless_gone
from brain.answer import Events
from brain.errors import BrainError
from brain.text.language import detect
from brain.types import Answer, Sentence, gap

_log = logging.getLogger(__name__)
router = APIRouter(tags=["OpenAI-compatible"])


STREAMED = described_stream(
    "With `stream`: OpenAI's chunks, the last with the whole answer as `brain`; then `[DONE]`.", {"chunk": CHUNK}
)


@router.post(
    CHAT,
    summary="Answer a conversation",
    response_model=ChatResponse,
    responses=problems(ERRORS, 400, 413, 422) | STREAMED,
)
async def chat_completions(
    request: Request, body: ChatRequest, who: MayAsk, brain: BrainDep
) -> ChatResponse | Response:
    """Answer the last user message; what was said before it is the conversation. Citations: in the text, and whole in `brain`."""
    text, turns = body.conversation(brain.settings.service.max_question_chars)
    question = body.brain.asking(text, who, turns)
    if body.stream:
        counted = bool(body.stream_options and body.stream_options.include_usage)
        language = body.brain.language or detect(text)
        chunks = _chunks(brain.stream(question, who.recorded), language, counted)
        return StreamingResponse(chunks, media_type=EVENT_STREAM, headers=HEADERS)
    answer = await unless_gone(request, brain.ask(question, who.recorded))
    if not isinstance(answer, Answer):
        return answer
    seen = shown(answer)
    choice = ChatChoice(message=ChatMessage(content=whole_text(seen)))
    usage = Usage(**usage_of(answer.trace.model))
    return ChatResponse(id=_id(answer.id), created=int(time()), choices=[choice], usage=usage, brain=seen)


@router.get("/v1/models", summary="List models", responses=problems(ERRORS))
async def models(_: MayAsk) -> Models:
    """There is one: Brain, as it is set."""
    return Models(data=[Model()])


@router.get("/v1/models/{model}", summary="Describe a model", responses=problems(ERRORS, 404, 422))
async def model_named(model: Annotated[str, Path(examples=[MODEL])], _: MayAsk) -> Model:
    """That one, or 404."""
    if model != MODEL:
        raise HTTPException(404)
    return Model()


def _id(answer_id: str) -> str:
    return f"chatcmpl-{answer_id}"


async def _chunks(events: Events, language: str, counted: bool) -> AsyncGenerator[str, None]:
    id, numbers = _id(uuid4().hex), dict[str, int]()
    start = {"id": id, "object": "chat.completion.chunk", "created": int(time()), "model": MODEL}
    usage = {"usage": None} if counted else {}

    def chunk(delta: dict[str, str], finish: str | None = None, **more: Any) -> str:
        return _data(start | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} | usage | more)

    try:
        yield chunk({"role": "assistant", "content": ""})
        said = ""
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Answer):
                    seen = shown(event)
                    if rest := after_sentences(seen):
                        yield chunk({"content": ("\n\n" if said else "") + rest})
                    yield chunk({}, "stop", brain=seen.model_dump(mode="json"))
                    if counted:
                        yield _data(start | {"choices": [], "usage": usage_of(event.trace.model)})
                elif isinstance(event, Sentence):
                    text = sentence_text(numbered(event, numbers), language)
                    yield chunk({"content": (gap(said, text) if said else "") + text})
                    said = text
        yield "data: [DONE]\n\n"
    except BrainError as error:
        _log.warning("%s: %s", type(error).__name__, error)
        yield _data({"error": {"message": str(error), "type": kind_of(error).uri, "code": kind_of(error).slug}})


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
