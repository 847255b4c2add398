"""Answers on their way as server-sent events, each event with an id: who lost the connection gets the rest of the same answer.

A task writes the answer, connections read along. The last one gone, the task goes on for a while: then it is stopped, or what it
wrote forgotten. All in this process: another replica knows nothing of it, and answers anew.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import NamedTuple
from uuid import uuid4

from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.caller import Caller

EVENT_STREAM = "text/event-stream"
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
PING_S = 15
"""After such a silence a comment is sent: proxies close what seems dead, and who went away unseen is noticed."""
KEPT_BYTES = 16 * 2**20
"""Of answers that are whole and that nobody reads; beyond it the oldest are forgotten."""
MOST_LOST = 4
"""Answers being written that one caller left; with one more the oldest is stopped."""


class Owner(NamedTuple):
    """Who may read on: the same caller, who has no key from the same address, with the same request."""

    caller: Caller
    address: str
    asked: BaseModel
    """As it was sent: what it means (today, in a conversation that has gone on) may have changed meanwhile."""


class Event(NamedTuple):
    name: str
    data: str
    """JSON, which has no line breaks of its own."""


class Streamed:
    """One answer: the events so far, and the task that writes more."""

    def __init__(self, owner: Owner, *first: str) -> None:
        self.id, self.owner = uuid4().hex, owner
        self.lines = [f"id: {self.id}-0\n{''.join(first)}\n".encode()]
        """An id alone to begin with: what is lost before the first sentence can be taken up as well."""
        self.readers, self.done = 0, False
        self.more = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None

    @property
    def size(self) -> int:
        return sum(map(len, self.lines))

    def add(self, event: Event) -> None:
        self.lines.append(f"id: {self.id}-{len(self.lines)}\nevent: {event.name}\ndata: {event.data}\n\n".encode())
        self._tell()

    def end(self) -> None:
        self.done = True
        self._tell()

    async def read(self, start: int) -> AsyncGenerator[bytes, None]:
        """Events from this place on, the last one when the answer is whole."""
        at = start
        while True:
            more = self.more
            for line in self.lines[at:]:
                at += 1
                yield line
            if self.done and at >= len(self.lines):
                return
            try:
                await asyncio.wait_for(more.wait(), PING_S)
            except TimeoutError:
                yield b": \n\n"

    def _tell(self) -> None:
        self.more.set()
        self.more = asyncio.Event()


class Streams:
    """All that are written, or kept for who may come back within `seconds`; 0: nobody may."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._all: dict[str, Streamed] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def respond(
        self, owner: Owner, last_event_id: str | None, write: Callable[[], AsyncGenerator[Event, None]]
    ) -> StreamingResponse:
        """The events after that one, where it is of an answer to this owner's question; else those of a new answer.

        A new one that should have been the rest of another says so by an event `restart`: what came before it doesn't count.
        """
        id, _, number = (last_event_id or "").rpartition("-")
        found = self._all.get(id)
        if found and found.owner == owner and number.isdecimal() and int(number) < len(found.lines):
            return _Reading(self, found, int(number) + 1)
        made = Streamed(owner, *(["event: restart\ndata: {}\n"] if last_event_id else []))
        self._all[made.id] = made
        made.task = asyncio.create_task(self._write(made, write()))
        # asyncio itself holds tasks weakly, and this one may outlive what is kept here.
        self._tasks.add(made.task)
        made.task.add_done_callback(self._tasks.discard)
        return _Reading(self, made, 0)

    async def close(self) -> None:
        """Stops what is still written."""
        for streamed in list(self._all.values()):
            self._forget(streamed)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def enter(self, streamed: Streamed) -> None:
        streamed.readers += 1
        if streamed.timer:
            streamed.timer.cancel()

    def leave(self, streamed: Streamed) -> None:
        streamed.readers -= 1
        if streamed.readers or streamed.id not in self._all:
            return
        if not self._seconds:
            self._forget(streamed)
            return
        streamed.timer = asyncio.get_running_loop().call_later(self._seconds, self._forget, streamed)
        self._make_room(streamed)

    async def _write(self, streamed: Streamed, events: AsyncGenerator[Event, None]) -> None:
        try:
            async with aclosing(events):
                async for event in events:
                    streamed.add(event)
        finally:
            streamed.end()

    def _make_room(self, left: Streamed) -> None:
        unread = [s for s in self._all.values() if not s.readers]
        lost = [s for s in unread if not s.done and s.owner[:2] == left.owner[:2]]
        for oldest in lost[:-MOST_LOST]:
            self._forget(oldest)
        whole = [s for s in unread if s.done]
        size = sum(s.size for s in whole)
        for oldest in whole:
            if size <= KEPT_BYTES:
                break
            size -= oldest.size
            self._forget(oldest)

    def _forget(self, streamed: Streamed) -> None:
        self._all.pop(streamed.id, None)
        if streamed.timer:
            streamed.timer.cancel()
        if streamed.task:
            streamed.task.cancel()


class _Reading(StreamingResponse):
    """One connection that reads along."""

    def __init__(self, streams: Streams, streamed: Streamed, start: int) -> None:
        super().__init__(streamed.read(start), media_type=EVENT_STREAM, headers=HEADERS)
        self._streams, self._streamed = streams, streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._streams.enter(self._streamed)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._streamed)
