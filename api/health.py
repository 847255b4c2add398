"""`GET /healthz` and `GET /readyz`: for whatever watches the process."""

import asyncio
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.access import MayBeKnown
from api.caller import readable
from api.errors import ERRORS
from api.opening import BrainDep
from api.problems import problems

router = APIRouter(tags=["health"])


class Health(BaseModel):
    status: Literal["ok"] = Field("ok", examples=["ok"])


class Readiness(BaseModel):
    status: Literal["ready"] = Field("ready", examples=["ready"])
    passages: int | None = Field(
        description="that the caller may read; null where it has not said who it is", examples=[28699]
    )
    encoder: str = Field(examples=["embedded/multilingual-e5-small"])


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> Health:
    """The process serves."""
    return Health()


@router.get(
    "/readyz",
    summary="Can questions be answered?",
    responses=problems(ERRORS),
    openapi_extra={"security": [{}]},  # or no key
)
async def readyz(who: MayBeKnown, brain: BrainDep) -> Readiness:
    """Questions can be answered; where not, the problem says why and what to do."""
    # Counted for who may not know it as well: an index that is away can't be asked.
    count = await asyncio.to_thread(brain.count, readable(who, brain.settings) if who else None)
    return Readiness(passages=count if who else None, encoder=brain.index.manifest["encoder"])
