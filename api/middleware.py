"""What happens around every request: an id, numbers, a span, a line in the log, a limit on the body's size. Pure ASGI."""

import logging
import re
from contextlib import nullcontext
from time import perf_counter
from traceback import format_tb
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import MOST_BYTES, MOST_CHAT_BYTES
from api.metrics import HttpMetrics
from api.problems import response_for
from brain.request import Noted, request
from brain.settings import LiveSettings
from brain.spans import within
from brain.telemetry import RequestSpan, Tracer

REQUEST_ID = "X-Request-ID"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CHAT = "/v1/chat/completions"
_log = logging.getLogger(__name__)
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECURITY = {
    # The page /docs needs inline script and style; nothing may come from, or go to, another host.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


class RequestLog:
    """Gives each request an id, counts, traces and logs it when it is done, and turns what nobody caught into a problem.

    None of them holds what was asked: no path (a route instead), no query, no body, no message of an unknown error.
    """

    def __init__(self, app: ASGIApp, metrics: HttpMetrics, tracer: Tracer | None = None) -> None:
        self.app, self._metrics, self._tracer = app, metrics, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        with request(_request_id(headers.get(REQUEST_ID))) as noted:
            span = self._tracer.request(_method(scope), headers) if self._tracer else None
            with within(span) if span else nullcontext():
                await self._answered(scope, receive, send, noted, span)

    async def _answered(
        self, scope: Scope, receive: Receive, send: Send, noted: Noted, span: RequestSpan | None
    ) -> None:
        start, status = perf_counter(), 0
        scope.setdefault("state", {})["request_id"] = noted.id

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = noted.id
                for name, value in _SECURITY.items():
                    headers.setdefault(name, value)  # a page may bring a stricter policy
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            log_unknown(error)
            if status:
                raise
            await response_for(error, noted.id)(scope, receive, send_with_headers)
        finally:
            self._done(scope, status, perf_counter() - start, noted, span)

    def _done(self, scope: Scope, status: int, seconds: float, noted: Noted, span: RequestSpan | None) -> None:
        method, route = _method(scope), getattr(scope.get("route"), "path", "-")
        self._metrics.done(method, route, status, seconds)
        who = scope.get("state", {}).get("caller")
        done = {"method": method, "route": route, "status": status, "ms": round(1e3 * seconds, 1)}
        facts = {name: value for name, value in noted.facts.items() if value}
        _log.info("request", extra={"fields": done | {"key": who.shown if who else "-"} | facts})
        if span:
            span.answered(method, route, status, noted.id)


class BodyLimit:
    """Refuses bodies over `MOST_BYTES` (a chat's: `MOST_CHAT_BYTES`; documents' as the settings say), whether they say their
    length or come in chunks.

    FastAPI's own `max_body_size` would answer in plain text.
    """

    def __init__(self, app: ASGIApp, live: LiveSettings) -> None:
        self.app = app
        document, many = (int(megabytes * 1e6) for megabytes in (live.max_document_mb, live.max_import_mb))
        self._most = {CHAT: MOST_CHAT_BYTES, "/v1/documents/": document, "/v1/webhooks/": document, "/v1/imports": many}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            most = next((most for start, most in self._most.items() if scope["path"].startswith(start)), MOST_BYTES)
            receive = _limited(scope, receive, most)
        await self.app(scope, receive, send)


def _limited(scope: Scope, receive: Receive, most: int) -> Receive:
    length = Headers(scope=scope).get("Content-Length", "")
    stated, seen = int(length) if length.isdecimal() else 0, 0

    async def receive_limited() -> Message:
        nonlocal seen
        message: Message = {} if stated > most else await receive()
        seen += len(message.get("body", b""))
        if max(stated, seen) > most:
            # Raised where the route reads its body, so that it is handled as every other error.
            raise HTTPException(413)
        return message

    return receive_limited


def _method(scope: Scope) -> str:
    """One that there is: a caller may write anything."""
    return scope["method"] if scope["method"] in METHODS else "other"


def _request_id(given: str | None) -> str:
    return given if given and _GOOD_ID.fullmatch(given) else uuid4().hex


def log_unknown(error: Exception) -> None:
    # Where, but not the message: it may quote the request.
    where = "".join(format_tb(error.__traceback__))
    _log.error("unexpected %s\n%s", type(error).__name__, where)
