"""What a route says to be asked only by callers who may, for FastAPI and its OpenAPI document."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.caller import Caller
from api.errors import KeyMissingError
from api.gate import Gate

bearer = HTTPBearer(
    scheme_name="key",
    description="An API key `brain_…` (`brain keys create`), or a widget's token (`POST /v1/widget/token`). Tenant, audience and "
    "scopes are the key's.",
    auto_error=False,
)
Presented = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


def gate_of(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


def _may(*rights: str) -> Callable[[Request, HTTPAuthorizationCredentials | None], Awaitable[Caller]]:
    async def admitted(request: Request, _: Presented) -> Caller:
        return await gate_of(request).admit(request, *rights)

    return admitted


async def _known(request: Request, _: Presented) -> Caller | None:
    """None where a key is needed and there is none; a wrong one is refused."""
    if "Authorization" in request.headers:
        return await gate_of(request).admit(request)
    try:
        return await gate_of(request).caller(request)
    except KeyMissingError:
        return None


GateDep = Annotated[Gate, Depends(gate_of)]
MayAdminister = Annotated[Caller, Depends(_may("admin"))]
MayChange = Annotated[Caller, Depends(_may("ingest"))]
MayAsk = Annotated[Caller, Depends(_may("ask"))]
MayGive = Annotated[Caller, Depends(_may("feedback"))]
MaySearch = Annotated[Caller, Depends(_may("search"))]
MayEvaluate = Annotated[Caller, Depends(_may("eval", "admin"))]
MayBeKnown = Annotated[Caller | None, Depends(_known)]
