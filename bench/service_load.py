"""The load of `bench.service`, in a process of its own: reads a plan as JSON from stdin, prints what came of it as JSON.

Bare HTTP/1.1 over asyncio's streams, requests made before the start: what a general client costs would be taken from the
service, which shares the cores. Its own share of a core is measured all the same.
"""

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter, process_time
from typing import Any

WAIT_S = 60
IDLE_S = 3
"""A connection that was not used for longer is made anew: the service closes them after 5 s, which is no error of its own."""


@dataclass
class Tally:
    """Milliseconds of each answered request, what each said, and when the last one was answered."""

    latencies: list[float] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


class Connection:
    """One, kept open."""

    def __init__(self, port: int) -> None:
        self._port, self._used = port, 0.0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body. Raises OSError, EOFError, TimeoutError."""
        if perf_counter() - self._used > IDLE_S:
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            async with asyncio.timeout(WAIT_S):
                return await self._asked(request, *self._streams)
        except BaseException:
            self.close()
            raise
        finally:
            self._used = perf_counter()

    async def _asked(
        self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[int, bytes]:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        return int(head[9:12]), await reader.readexactly(length)

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None


def requests_of(plan: dict[str, Any]) -> Iterator[bytes]:
    """As they go over the wire; from the first on once they are used up, where they may be repeated."""
    made = []
    for body in plan["bodies"]:
        data = json.dumps(body, ensure_ascii=False).encode()
        head = (
            f"POST {plan['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {plan['key']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        made.append(head.encode() + data)
    while True:
        yield from made
        if not plan["repeat"]:
            raise SystemExit("there were too few questions for this load: a question would have been asked twice")


async def ask(connection: Connection, request: bytes, start: float, tally: Tally) -> None:
    try:
        status, body = await connection.ask(request)
    except (OSError, EOFError, TimeoutError) as error:
        tally.errors[type(error).__name__] += 1
        return
    if status != 200:
        tally.errors[str(status)] += 1
        return
    tally.latencies.append(1e3 * (perf_counter() - start))
    tally.said[body.partition(b'"status":"')[2].partition(b'"')[0].decode() or "found"] += 1


async def closed(plan: dict[str, Any], requests: Iterator[bytes], tally: Tally) -> None:
    """So many clients, each asks again as soon as it was answered."""
    end = perf_counter() + plan["seconds"]

    async def client() -> None:
        connection = Connection(plan["port"])
        while perf_counter() < end:
            await ask(connection, next(requests), perf_counter(), tally)
        connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(plan["clients"]):
            group.create_task(client())


async def opened(plan: dict[str, Any], requests: Iterator[bytes], tally: Tally) -> None:
    """So many requests a second whatever the service does; each is timed from when it was due."""
    idle: list[Connection] = []

    async def once(due: float) -> None:
        connection = idle.pop() if idle else Connection(plan["port"])
        await ask(connection, next(requests), due, tally)
        idle.append(connection)

    async with asyncio.TaskGroup() as group:
        async for due in _due(plan):
            group.create_task(once(due))
    for connection in idle:
        connection.close()


async def _due(plan: dict[str, Any]) -> AsyncIterator[float]:
    """Moments evenly apart, or at random as those of many people who know nothing of each other (Poisson)."""
    draw, start, at = random.Random(plan["seed"]), perf_counter(), 0.0
    for number in count(1):
        if at >= plan["seconds"]:
            return
        if (wait := start + at - perf_counter()) > 0:
            await asyncio.sleep(wait)
        yield start + at
        at = at + draw.expovariate(plan["rate"]) if plan["random"] else number / plan["rate"]


def main() -> None:
    plan = json.load(sys.stdin)
    tally, requests = Tally(), requests_of(plan)
    prepared = [next(requests)]  # all of them are made now
    start, used = perf_counter(), process_time()
    with suppress(KeyboardInterrupt):
        asyncio.run((closed if plan["clients"] else opened)(plan, _chained(prepared, requests), tally))
    wall = perf_counter() - start
    figures = {
        "wall_s": wall,
        "cpu_s": process_time() - used,
        "latencies_ms": [round(value, 2) for value in tally.latencies],
        "said": tally.said,
        "errors": tally.errors,
    }
    print(json.dumps(figures))


def _chained(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from first
    yield from rest


if __name__ == "__main__":
    main()
