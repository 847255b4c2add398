"""The transport below every client: it answers from kept replies where it can, and asks within limits where it can't.

A transport of httpx, so that nothing above it needs to know. A reply is stored before its reader gets to the end of it: a process
that is killed afterwards finds it again.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import httpx

from brain.tokens import count_tokens
from eval.experiment import Prices
from eval.running.meter import ASKING, Asking, Usage, price
from eval.running.replies import Replies, key_of

LONGEST_WAIT_S = 30.0
REST_S = 2.0
"""How long the rest of a reply is read whose reader has heard enough."""
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class KeptReplies(httpx.AsyncBaseTransport):
    """Answers from `replies` where it can; otherwise asks, at most `concurrency` at once, again after 429, 5xx or no connection.

    What is asked and what it costs is counted where `ASKING` says. A streamed reply is passed on as it comes.
    """

    def __init__(
        self,
        replies: Replies,
        *,
        prices: Mapping[str, Prices] | None = None,
        concurrency: int = 4,
        retries: int = 4,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._replies, self._prices, self._retries, self._sleep = replies, dict(prices or {}), retries, sleep
        self._free = asyncio.Semaphore(concurrency)
        self._tls = httpx.create_ssl_context()  # 30 ms: once, not for each call
        self._asked: dict[str, asyncio.Lock] = {}

    def view(self) -> httpx.AsyncBaseTransport:
        """For one client: what is still open when it closes is closed."""
        return _View(self)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asking = ASKING.get() or Asking(0, Usage())
        body = await request.aread()
        key = key_of(str(request.url), body, asking.repeat)
        # Two tasks with one request: the second waits for the first one's reply.
        lock = self._asked.setdefault(key, asyncio.Lock())
        # Two tasks with one request: the second waits for the whole reply of the first.
        await lock.acquire()
        try:
            if (kept := await asyncio.to_thread(self._replies.get, key)) is not None:
                asking.usage.cached += 1
                lock.release()
                return httpx.Response(200, headers=kept[0], content=kept[1], request=request)
            response, connection = await self._ask(request)
        except BaseException:
            lock.release()
            raise
        return self._passed_on(response, connection, _Paid(key, asking.usage, body, lock))

    def _passed_on(
        self, response: httpx.Response, connection: httpx.AsyncBaseTransport, paid: "_Paid"
    ) -> httpx.Response:
        """The reply as it comes; kept once it is whole."""
        headers = _plain(response.headers)

        async def ended(content: bytes, whole: bool) -> None:
            try:
                if content or whole:
                    self._count(paid.usage, paid.body, content)
                if whole and response.status_code == 200:
                    told = {name: value for name, value in headers.items() if name.lower() == "content-type"}
                    await asyncio.to_thread(self._replies.put, paid.key, told, content)
            finally:
                self._free.release()
                paid.lock.release()
                await response.aclose()
                await connection.aclose()

        if response.status_code != 200:
            # The tries are spent: the client above must not multiply them.
            headers["x-should-retry"] = "false"
        stream = _Tee(response, ended)
        return httpx.Response(response.status_code, headers=headers, stream=stream, request=response.request)

    async def _ask(self, request: httpx.Request) -> tuple[httpx.Response, httpx.AsyncBaseTransport]:
        """A reply of which the headers are there. Holds one of the places until its body has been read."""
        # A connection for each call: a kept one belongs to one event loop, and the client above lives for one question.
        await self._free.acquire()
        try:
            for attempt in range(self._retries + 1):
                last, wait = (
                    attempt == self._retries,
                    min(LONGEST_WAIT_S, 0.5 * 2**attempt * random.uniform(0.75, 1.25)),
                )
                transport = httpx.AsyncHTTPTransport(verify=self._tls)
                try:
                    response = await transport.handle_async_request(request)
                    response.request = request
                except BaseException as error:
                    await transport.aclose()
                    if last or not isinstance(error, httpx.TransportError):
                        raise
                else:
                    if last or response.status_code not in AGAIN:
                        return response, transport
                    wait = _told(response.headers) or wait
                    await response.aclose()
                    await transport.aclose()
                await self._sleep(wait)
        except BaseException:
            self._free.release()
            raise
        raise AssertionError("the last attempt returns or raises")

    def _count(self, usage: Usage, body: bytes, content: bytes) -> None:
        try:
            asked: dict[str, Any] = json.loads(body)
        except ValueError:
            asked = {}
        tokens = _usage_in(content)
        usage.calls += 1
        usage.estimated = usage.estimated or tokens is None
        told = tokens or (
            count_tokens(body.decode("utf-8", "replace")),
            count_tokens(content.decode("utf-8", "replace")),
        )
        usage.tokens_in += told[0]
        usage.tokens_out += told[1]
        usage.usd += price(self._prices, str(asked.get("model", "")), *told)


class _View(httpx.AsyncBaseTransport):
    """One client's share of a transport that many use."""

    def __init__(self, shared: KeptReplies) -> None:
        self._shared, self._open = shared, list[httpx.AsyncByteStream]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._shared.handle_async_request(request)
        if isinstance(response.stream, httpx.AsyncByteStream):
            self._open.append(response.stream)
        return response

    async def aclose(self) -> None:
        for stream in self._open:
            await stream.aclose()


class _Paid(NamedTuple):
    """A call that is under way."""

    key: str
    usage: Usage
    body: bytes
    lock: asyncio.Lock


class _Tee(httpx.AsyncByteStream):
    """A reply's decoded bytes as they come; `ended` is told of all of them, once, and whether they are whole.

    Who has heard enough closes early; the rest is then read for a moment, for the reply to be kept whole.
    """

    def __init__(self, response: httpx.Response, ended: Callable[[bytes, bool], Awaitable[None]]) -> None:
        self._parts, self._ended, self._read = response.aiter_bytes(), ended, bytearray()
        self._over = self._broken = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._parts:
                self._read += part
                yield part
        except GeneratorExit:
            raise
        except BaseException:
            self._broken = True  # a lost connection, or a reader that gave up waiting
            raise
        await self._end(whole=True)

    async def aclose(self) -> None:
        if self._over:
            return
        whole = False
        if not self._broken:
            with contextlib.suppress(TimeoutError, httpx.HTTPError, httpx.StreamError, RuntimeError):
                async with asyncio.timeout(REST_S):
                    async for part in self._parts:
                        self._read += part
                    whole = True
        await self._end(whole)

    async def _end(self, whole: bool) -> None:
        if not self._over:
            self._over = True
            await self._ended(bytes(self._read), whole)


def _usage_in(content: bytes) -> tuple[int, int] | None:
    """Tokens in and out, as the endpoint counts them, in a whole reply or in the last event that has them."""
    for line in (content.strip(), *reversed(content.splitlines())):
        try:
            usage = json.loads(line.removeprefix(b"data:"))["usage"]
            return int(usage["prompt_tokens"]), int(usage.get("completion_tokens") or 0)
        except (ValueError, TypeError, LookupError):
            continue
    return None


def _told(headers: httpx.Headers) -> float | None:
    """Seconds that the endpoint asks to wait."""
    try:
        return min(LONGEST_WAIT_S, max(0.0, float(headers["retry-after"])))
    except (KeyError, ValueError):
        return None


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Without what described the bytes on the wire: they are decoded."""
    dropped = {"content-encoding", "content-length", "transfer-encoding"}
    return {name: value for name, value in headers.items() if name.lower() not in dropped}
