"""`GET /healthz` and `GET /readyz`: for whatever watches the process."""

import asyncio
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.caller import CallerDep, readable
from api.errors import NotReadyError
from api.opening import BrainDep
from api.problems import problems
from brain.errors import EncoderError, IndexLockedError, IndexMismatchError, IndexMissingError, StoreError

router = APIRouter(tags=["health"])
_UNREADY = (NotReadyError, IndexMissingError, IndexLockedError, IndexMismatchError, StoreError, EncoderError)


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    status: Literal["ready"] = "ready"
    passages: int = Field(description="that the caller may read")
    encoder: str


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> Health:
    """The process serves."""
    return Health()


@router.get("/readyz", summary="Can questions be answered?", responses=problems(_UNREADY))
async def readyz(who: CallerDep, brain: BrainDep) -> Readiness:
    """Questions can be answered; where not, the problem says why and what to do."""
    count = await asyncio.to_thread(brain.count, readable(who, brain.settings))
    return Readiness(passages=count, encoder=brain.index.manifest["encoder"])
