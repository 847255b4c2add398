"""An answer as it is written: server-sent events; and work that ends when the caller goes away."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Iterator, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from api.errors import INTERNAL
from api.examples import ANSWER, CITED, PASSAGES, SENTENCE, STATUS
from api.middleware import log_unknown
from api.problems import Problem, example_of, response_for
from api.resuming import EVENT_STREAM, Event
from api.shown import (
    AnswerResponse,
    AnswerStatus,
    CitedDocument,
    FoundPassages,
    Sentence,
    cited_document,
    found_passages,
    numbered,
    shown,
)
from brain import types
from brain.answer import Events
from brain.errors import BrainError

GONE = 499
"""Nobody reads it; the log shows it."""
_log = logging.getLogger(__name__)
T = TypeVar("T")


def described_stream(
    text: str, examples: Mapping[str, Any], models: Mapping[str, type[BaseModel]] | None = None
) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: what the data of a stream's events are, by name, and as which models; without models the events have no name."""
    data = {"type": "string", "contentMediaType": "application/json"}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "data": data},
        "required": ["data"],
    }
    if models:
        schema["properties"]["event"] = {"enum": list(examples)}
        schema["allOf"] = [_read_as(name, model) for name, model in models.items()]
    shown = {
        name: {"value": ({"event": name} if models else {}) | {"data": json.dumps(data, ensure_ascii=False)}}
        for name, data in examples.items()
    }
    return {200: {"description": text, "content": {EVENT_STREAM: {"schema": schema, "examples": shown}}}}


def _read_as(event: str, model: type[BaseModel]) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {
        "if": {"properties": {"event": {"const": event}}, "required": ["event"]},
        "then": {"properties": {"data": {"contentSchema": reference}}},
    }


EVENTS: dict[str, type[BaseModel]] = {
    "passages": FoundPassages,
    "sentence": Sentence,
    "citation": CitedDocument,
    "status": AnswerStatus,
    "done": AnswerResponse,
    "problem": Problem,
}
DESCRIBED = described_stream(
    "With `Accept: text/event-stream`: `passages` once it is known what the answer is to be written from, before anything is written; "
    "`sentence` for each sentence as soon as it is known to hold, and after it a `citation` for each document that it is the first to "
    "cite; `status` once it is known how it ended; then `done`, with all of it. Or `problem`. Each has an id. Where the connection is "
    "lost, the same request with the last one as `Last-Event-ID` gets the rest; if that is not there any more, an event `restart` "
    "and the answer anew, and what came before does not count.",
    {
        "passages": PASSAGES,
        "sentence": SENTENCE,
        "citation": CITED,
        "status": STATUS,
        "done": ANSWER,
        "restart": {},
        "problem": example_of(INTERNAL),
    },
    EVENTS,
)


def wants_stream(request: Request) -> bool:
    return EVENT_STREAM in request.headers.get("Accept", "")


async def shown_events(request_id: str, events: Events, *, searches: bool) -> AsyncGenerator[Event, None]:
    """As described above; `problem` where it fails: the HTTP status was sent long ago. `searches`: as of `found_passages`."""
    found, numbers = types.Passages(), dict[str, int]()
    try:
        async with aclosing(events):
            async for event in events:
                match event:
                    case types.Passages():
                        found = event
                        yield _event("passages", found_passages(found, searches=searches))
                    case types.Sentence():
                        known = len(numbers)
                        yield _event("sentence", numbered(event, numbers))
                        for cited in _documents(event, found, numbers, known):
                            yield _event("citation", cited)
                    case types.Answer():
                        whole = shown(event)
                        yield Event("status", whole.model_dump_json(include=set(AnswerStatus.model_fields)))
                        yield _event("done", whole)
    except Exception as error:  # noqa: BLE001  nobody else would hear of it
        if isinstance(error, BrainError):
            _log.warning("%s: %s", type(error).__name__, error)
        else:
            log_unknown(error)
        yield Event("problem", bytes(response_for(error, request_id).body).decode())


def _event(name: str, data: BaseModel) -> Event:
    return Event(name, data.model_dump_json())


def _documents(
    sentence: types.Sentence, found: types.Passages, numbers: Mapping[str, int], known: int
) -> Iterator[CitedDocument]:
    """Those that the sentence is the first to cite; `known`: how many were numbered before it."""
    by_id = {passage.id: passage for passage in (*found, *found.around)}
    for citation in sentence.citations:
        if numbers[citation.document_id] == known + 1:
            known += 1
            yield cited_document(by_id[citation.passage_id], known)


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
