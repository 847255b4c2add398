"""An answer as it is written: server-sent events; and work that ends when the caller goes away."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from api.problems import response_for
from brain.answer import Events
from brain.errors import BrainError
from brain.types import Answer, Sentence

EVENT_STREAM = "text/event-stream"
DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "With `Accept: text/event-stream`: an event `sentence` for each sentence as soon as it is known to hold, its "
        "data a Sentence; then `answer`, its data the whole AnswerResponse; or `problem`, its data a Problem.",
        "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
    }
}
"""For OpenAPI."""
GONE = 499
"""Nobody reads it; the log shows it."""
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
_log = logging.getLogger(__name__)
T = TypeVar("T")


def wants_stream(request: Request) -> bool:
    return EVENT_STREAM in request.headers.get("Accept", "")


def streamed(
    request: Request, events: Events, sentence: Callable[[Sentence], BaseModel], answer: Callable[[Answer], BaseModel]
) -> Response:
    """Events `sentence`, then `answer`; `problem` where it fails. The headers are sent at once, so the status is always 200."""

    async def body() -> AsyncGenerator[str, None]:
        try:
            async with aclosing(events):
                async for event in events:
                    whole = isinstance(event, Answer)
                    shown = answer(event) if isinstance(event, Answer) else sentence(event)
                    yield _event("answer" if whole else "sentence", shown.model_dump_json())
        except BrainError as error:
            _log.warning("%s: %s", type(error).__name__, error)
            yield _event("problem", bytes(response_for(error, request.state.request_id).body).decode())

    return StreamingResponse(body(), media_type=EVENT_STREAM, headers=HEADERS)


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


def _event(name: str, data: str) -> str:
    """JSON has no line breaks of its own."""
    return f"event: {name}\ndata: {data}\n\n"
