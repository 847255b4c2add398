"""Who asks. The tenant and the audience come from here alone, never from what a request says."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from brain.index import Scope
from brain.settings import Settings


@dataclass(frozen=True, slots=True)
class Caller:
    """A reader of one tenant's documents."""

    tenant: str
    audience: str


async def caller(request: Request) -> Caller:
    """The one caller that the settings name, until there are API keys."""
    return configured_caller(request.app.state.settings)


def configured_caller(settings: Settings) -> Caller:
    return Caller(settings.service.tenant, settings.service.audience)


def readable(who: Caller, settings: Settings) -> Scope:
    """All that the caller may read, valid today or not."""
    return Scope(who.tenant, settings.access.readers[who.audience])


CallerDep = Annotated[Caller, Depends(caller)]
