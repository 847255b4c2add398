"""Which pages' scripts may read the service's answers: those of the site keys' origins, and no other."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.gate import Gate

HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "X-Request-ID")
EXPOSED = ("Retry-After", "X-Request-ID")


class SiteCors(CORSMiddleware):
    """Starlette's, with origins that change while the service runs. No cookies: a token is sent on purpose or not at all."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        super().__init__(app, allow_methods=("GET", "POST"), allow_headers=HEADERS, expose_headers=EXPOSED)
        self._gate = gate
        self._known: frozenset[str] = frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(name == b"origin" for name, _ in scope["headers"]):
            self._known = await self._gate.origins()
        await super().__call__(scope, receive, send)

    def is_allowed_origin(self, origin: str) -> bool:
        return origin in self._known
