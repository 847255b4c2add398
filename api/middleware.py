"""What happens around every request: an id, a line in the log, a limit on the body's size. Pure ASGI."""

import logging
import re
from time import perf_counter
from traceback import format_tb
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import MOST_BYTES, MOST_CHAT_BYTES
from api.problems import response_for
from brain.settings import LiveSettings

REQUEST_ID = "X-Request-ID"
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
    """Gives each request an id, logs one line when it is done, and turns what nobody caught into a problem.

    The log never holds what was asked: no path (a route instead), no query, no body, no message of an unknown error.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = perf_counter(), 0
        request_id = _request_id(Headers(scope=scope).get(REQUEST_ID))
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                for name, value in _SECURITY.items():
                    headers.setdefault(name, value)  # a page may bring a stricter policy
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            log_unknown(error, request_id)
            if status:
                raise
            await response_for(error, request_id)(scope, receive, send_with_headers)
        finally:
            _log_done(scope, status, 1e3 * (perf_counter() - start), request_id)


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


def _request_id(given: str | None) -> str:
    return given if given and _GOOD_ID.fullmatch(given) else uuid4().hex


def log_unknown(error: Exception, request_id: str) -> None:
    # Where, but not the message: it may quote the request.
    where = "".join(format_tb(error.__traceback__))
    _log.error("request_id=%s unexpected %s\n%s", request_id, type(error).__name__, where)


def _log_done(scope: Scope, status: int, milliseconds: float, request_id: str) -> None:
    route = getattr(scope.get("route"), "path", "-")
    who = scope.get("state", {}).get("caller")
    line = "method=%s route=%s status=%d ms=%.1f key=%s request_id=%s"
    _log.info(line, scope["method"], route, status, milliseconds, who.shown if who else "-", request_id)
