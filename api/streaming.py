"""An answer as it is written: server-sent events; and work that ends when the caller goes away."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from api.errors import INTERNAL
from api.examples import ANSWER, SENTENCE
from api.middleware import log_unknown
from api.problems import example_of, response_for
from api.resuming import EVENT_STREAM, Event
from brain.answer import Events
from brain.errors import BrainError
from brain.types import Answer, Sentence

GONE = 499
"""Nobody reads it; the log shows it."""
_log = logging.getLogger(__name__)
T = TypeVar("T")


def described_stream(text: str, *examples: tuple[str, Any]) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: what a stream's events are, each an `(event, data)`; none has a name where it is empty."""
    names = sorted({name for name, _ in examples})
    event = {"event": {"enum": names}} if names != [""] else {}
    data = {"type": "string", "contentMediaType": "application/json"}
    schema = {"type": "object", "properties": {"id": {"type": "string"}, **event, "data": data}, "required": ["data"]}
    shown = {
        name or "chunk": {"value": ({"event": name} if name else {}) | {"data": json.dumps(data, ensure_ascii=False)}}
        for name, data in examples
    }
    return {200: {"description": text, "content": {EVENT_STREAM: {"schema": schema, "examples": shown}}}}


DESCRIBED = described_stream(
    "With `Accept: text/event-stream`: an event `sentence` for each sentence as soon as it is known to hold, its data a Sentence; "
    "then `answer`, its data the whole AnswerResponse; or `problem`, its data a Problem. Each has an id. Where the connection is "
    "lost, the same request with the last one as `Last-Event-ID` gets the rest; if that is not there any more, an event `restart` "
    "and the answer anew, and what came before does not count.",
    ("sentence", SENTENCE),
    ("answer", ANSWER),
    ("restart", {}),
    ("problem", example_of(INTERNAL)),
)


def wants_stream(request: Request) -> bool:
    return EVENT_STREAM in request.headers.get("Accept", "")


async def shown_events(
    request_id: str, events: Events, sentence: Callable[[Sentence], BaseModel], answer: Callable[[Answer], BaseModel]
) -> AsyncGenerator[Event, None]:
    """`sentence`, again and again, then `answer`; `problem` where it fails: the status was sent long ago."""
    try:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Answer):
                    yield Event("answer", answer(event).model_dump_json())
                else:
                    yield Event("sentence", sentence(event).model_dump_json())
    except Exception as error:  # noqa: BLE001  nobody else would hear of it
        if isinstance(error, BrainError):
            _log.warning("%s: %s", type(error).__name__, error)
        else:
            log_unknown(error)
        yield Event("problem", bytes(response_for(error, request_id).body).decode())


async def unless_gone(request: Request, work: Awaitable[T]) -> T | Response:
    """What comes of the work; it is cancelled where the caller goes away before."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else Response(status_code=GONE)
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
