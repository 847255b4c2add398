"""`POST /v1/erasures`: what is kept of one person, erased; for keys with the scope `admin`."""

import asyncio
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator

from api.access import GateDep, MayAdminister
from api.caller import Caller
from api.errors import ERRORS
from api.examples import ERASED, shown_as
from api.kept import ID
from api.known import Known
from api.problems import problems
from brain.retention.matching import LEAST_CHARS
from brain.settings import Settings

router = APIRouter(tags=["administration"])
WAYS = ("conversation", "key", "visitor", "text")


class ErasureRequest(BaseModel):
    """Whose, in one way."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown_as({"text": "Jean Dupont"}))

    conversation: str | None = Field(None, pattern=ID, description="its id")
    key: str | None = Field(None, pattern=r"^[0-9a-f]{12}$", description="its id: all that was asked and said with it")
    visitor: str | None = Field(None, pattern=r"^[0-9a-f]{12,32}$", description="of a widget, as the log shows it")
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=LEAST_CHARS, max_length=200)] | None = (
        Field(
            None,
            description="that stands in what was asked, answered or said, as whole words; personal data is masked there",
        )
    )
    dry_run: StrictBool = Field(True, description="count; false: erase, for good")

    @model_validator(mode="after")
    def _one_way(self) -> "ErasureRequest":
        if sum(getattr(self, way) is not None for way in WAYS) != 1:
            raise ValueError(f"Give one of {', '.join(WAYS)}")
        return self


class ErasureResponse(BaseModel):
    """How much. Only of the key's tenant, and of readers who see no more than the key's own audience."""

    model_config = ConfigDict(json_schema_extra=shown_as(ERASED))

    id: str | None = Field(description="under which the audit log has it; null of a dry run")
    dry_run: bool
    conversations: int
    answers: int
    feedback: int


@router.post("/v1/erasures", summary="Erase one person's data", responses=problems(ERRORS, 400, 413, 422))
async def erase(body: ErasureRequest, who: MayAdminister, gate: GateDep) -> ErasureResponse:
    """Erase whole conversations, answers with their traces, and feedback of one person; first see how much, by a dry run.

    The audit log has that it was done and how much it was, not of whom.
    """
    return await asyncio.to_thread(_erased, body, who, gate.known, gate.settings)


def _erased(body: ErasureRequest, who: Caller, known: Known, settings: Settings) -> ErasureResponse:
    from brain.retention.erasing import Reach, Whose

    readers = settings.access.readers
    seen = [audience for audience, theirs in readers.items() if set(theirs) <= set(readers[who.audience])]
    way = next(way for way in WAYS if getattr(body, way) is not None)
    whose = Whose(way, getattr(body, way))  # type: ignore[arg-type]
    found = known.erasing.find(whose, Reach(who.tenant, seen))
    id = None if body.dry_run else known.erasing.erase(found, whose.by, who.recorded)
    return ErasureResponse(id=id, dry_run=body.dry_run, **found.counts())
