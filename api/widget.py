"""`POST /v1/widget/token`: what a help centre's page asks with."""

import asyncio
import contextlib
from datetime import timedelta

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from api.access import GateDep
from api.errors import ForbiddenError, LimitError
from api.problems import problems
from brain.errors import KeyRefusedError, StoreError

router = APIRouter(tags=["widget"])


class TokenRequest(BaseModel):
    """The site key that stands in the page."""

    model_config = ConfigDict(extra="forbid")

    site_key: str = Field(max_length=100, examples=["site_3f9a0c1b22de"])
    token: str | None = Field(
        None,
        max_length=2000,
        description="the one before, while it is valid: the visitor stays the same, with its conversations and limits",
    )


class TokenResponse(BaseModel):
    """To be sent as `Authorization: Bearer …`, from the same page."""

    token: str = Field(examples=["eyJhbGciOiJIUzI1NiIsImtpZCI6InNpdGVfM2Y5YTBjMWIyMmRlIn0.….…"])
    expires_in: int = Field(description="seconds; ask for another one before", examples=[900])


@router.post(
    "/v1/widget/token",
    summary="Exchange a site key for a token",
    responses=problems((KeyRefusedError, ForbiddenError, LimitError, StoreError), 400, 413, 422),
)
async def widget_token(request: Request, body: TokenRequest, gate: GateDep) -> TokenResponse:
    """Exchange a widget's public site key for a token of a few minutes, good for questions as the public from the page's origin.

    The page's origin is what the browser says in `Origin`; it must be one of the site key's.
    """
    from brain.keys.tokens import issue, visitor_of

    await gate.take_address(request)
    site = await asyncio.to_thread(gate.known.site, body.site_key)
    if site is None:
        raise KeyRefusedError("This site key is not valid.", "Check it, or have one made: brain keys create-site NAME")
    seconds = request.app.state.settings.service.token_s
    origin = request.headers.get("Origin", "")
    if origin not in site.origins:
        raise ForbiddenError("This site key is not for this page's origin.", "See: brain keys origins")
    visitor = ""
    if body.token:
        with contextlib.suppress(KeyRefusedError):  # too late, or not of this page: a visitor like any other
            visitor = visitor_of(body.token, origin, {site.id: site}.get).id
    token = issue(site, origin, timedelta(seconds=seconds), visitor=visitor)
    return TokenResponse(token=token, expires_in=seconds)
