"""When a request is sent again, and what is known of a stream: without any input or output, for both clients."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from brain.client.errors import ProblemError, UnreachableError, UnreadableError, problem_error
from brain.client.models import Answer, AnswerStatus, CitedDocument, Event, FoundPassages, Restart, Sentence

FIRST_WAIT_S = 0.5
PASSING = {429, 503}
"""The service's own: it says when to come back."""
EVENTS: dict[str, type[Event]] = {
    "passages": FoundPassages,
    "sentence": Sentence,
    "citation": CitedDocument,
    "status": AnswerStatus,
    "done": Answer,
    "restart": Restart,
}
"""Of a stream, by name; others are passed over."""
GATEWAY = {502, 504}
"""Of a proxy whose service is away; where the service itself says so its model failed, and it has tried again already."""

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is sent at most, and the longest wait that a `Retry-After` may ask for, in seconds."""

    tries: int = 3
    longest_s: float = 30


class Tries:
    """Of one request, or of one stream with all its connections."""

    def __init__(self, patience: Patience) -> None:
        self._patience, self._used = patience, 0

    def after(self, error: httpx.TransportError | ProblemError) -> float:
        """Seconds to wait before the next one. Raises what it was where there is none: UnreachableError, ProblemError."""
        self._used += 1
        # Not all at the same moment: many clients may have lost the same service.
        wait: float = FIRST_WAIT_S * 2 ** (self._used - 1) * random.uniform(0.5, 1)
        if isinstance(error, ProblemError):
            wait = wait if error.retry_after is None else error.retry_after
            if not _passes(error) or wait > self._patience.longest_s:
                raise error
        if self._used >= self._patience.tries or isinstance(error, httpx.UnsupportedProtocol):
            raise error if isinstance(error, ProblemError) else _unreachable(error)
        return wait


class Reading:
    """A stream's text, over as many connections as it takes."""

    def __init__(self) -> None:
        self.done = False
        self.problem: ProblemError | None = None
        """What the service told instead of an answer."""
        self._last, self._rest = "", ""

    def begin(self) -> dict[str, str]:
        """The headers of the next connection."""
        self._rest = ""
        return {"Accept": "text/event-stream"} | ({"Last-Event-ID": self._last} if self._last else {})

    def events(self, text: str) -> Iterator[Event]:
        """Those that this piece completes."""
        # Not by str.splitlines: what stands in a sentence may be a line break for Python, and isn't for the protocol.
        *blocks, self._rest = (self._rest + text).split("\n\n")
        for block in blocks:
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and line[0] != ":")
            self._last = fields.get("id", self._last)
            if event := self._event(fields.get("event", ""), fields.get("data", "")):
                yield event

    def end(self) -> None:
        """The connection ended. Raises httpx.RemoteProtocolError where that was too early."""
        if not self.done:
            raise httpx.RemoteProtocolError("the stream ended before the answer")

    def _event(self, name: str, data: str) -> Event | None:
        if name == "problem":
            problem = json.loads(data)
            self.done, self.problem = True, problem_error(problem["status"], problem)
        self.done = self.done or name == "done"
        return read(EVENTS[name], data) if name in EVENTS else None


def read(kind: type[T], text: str | bytes) -> T:
    """What came, nothing being an empty object. Raises UnreadableError."""
    try:
        return kind.model_validate_json(text or "{}")
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, one["loc"])) for one in error.errors()[:5])
        raise UnreadableError(f"What came is no {kind.__name__}: {fields or 'no JSON'}") from None


def _passes(error: ProblemError) -> bool:
    return error.status in PASSING or (error.status in GATEWAY and error.request_id is None)


def _unreachable(error: httpx.TransportError) -> UnreachableError:
    found = UnreachableError(f"The service can't be reached: {error or type(error).__name__}")
    found.__cause__ = error
    return found
