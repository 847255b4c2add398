"""`POST /v1/imports` and `/v1/jobs`: many documents at once, put one after the other while questions go on."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.access import GateDep, MayChange
from api.errors import CHANGING, ERRORS
from api.examples import shown_as
from api.examples_changing import JOB, JOB_ID, LISTED_JOB, ROW
from api.known import Known
from api.opening import BrainDep, KnowledgeDep, editor_of
from api.problems import problems
from brain.jobs import Job, JobMissingError, JobState
from brain.live import Draft, Editor

router = APIRouter(tags=["documents"])
FAILURES_SHOWN = 100
JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", examples=[JOB_ID])]


class ImportRow(Draft):
    """A document with its id."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown_as(ROW))

    id: str = Field(min_length=1, max_length=500)


class JobFailure(BaseModel):
    row: int = Field(description="counted from 1; lines without text don't count")
    reason: str


class JobResponse(BaseModel):
    """How far an import got."""

    model_config = ConfigDict(json_schema_extra=shown_as(JOB))

    id: str
    state: JobState
    created_at: datetime
    ended_at: datetime | None
    total: int = Field(description="rows")
    done: int = Field(description="rows put or failed")
    failed: int
    rate: float | None = Field(description="rows a second")
    seconds_left: float | None
    failures: list[JobFailure] = Field(description=f"the first {FAILURES_SHOWN}; none in a list of jobs")


class JobsResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown_as({"jobs": [LISTED_JOB]}))

    jobs: list[JobResponse]


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "one JSON object a line"},
                "example": json.dumps(ROW, ensure_ascii=False) + "\n",
            },
            "application/json": {
                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/ImportRow"}},
                "example": [ROW],
            },
        },
    }
}


@router.post(
    "/v1/imports",
    summary="Put many documents",
    status_code=202,
    responses=problems(CHANGING, 400, 413, 422),
    openapi_extra=_BODY,
)
async def import_documents(
    request: Request,
    response: Response,
    who: MayChange,
    brain: BrainDep,
    knowledge: KnowledgeDep,
    idempotency_key: Annotated[
        str, Header(max_length=200, description="sent twice, it is one job", examples=["articles-2026-11-28"])
    ] = "",
) -> JobResponse:
    """Begin a job that puts every row, an object as for `PUT` with its `id`: JSON Lines, or a JSON list.

    Rows that can't be used are told in the job and stop nothing. The job goes on after a restart.
    """
    rows = await asyncio.to_thread(_rows, await request.body())
    editor = editor_of(who, brain.settings)
    job = await asyncio.to_thread(knowledge.import_, editor, rows, idempotency_key)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return _shown(job, [])


@router.get("/v1/jobs", summary="List imports", responses=problems(ERRORS, 422))
async def list_jobs(
    who: MayChange, brain: BrainDep, gate: GateDep, limit: Annotated[int, Query(ge=1, le=100, examples=[20])] = 20
) -> JobsResponse:
    """The newest imports that this key could have begun."""
    found = await asyncio.to_thread(gate.known.jobs.newest, editor_of(who, brain.settings), limit)
    return JobsResponse(jobs=[_shown(job, []) for job in found])


@router.get("/v1/jobs/{id}", summary="Look at an import", responses=problems(ERRORS, 404, 422))
async def get_job(id: JobId, who: MayChange, brain: BrainDep, gate: GateDep) -> JobResponse:
    """How far it got, how fast it is, which rows failed and why."""
    return await asyncio.to_thread(_looked_at, id, editor_of(who, brain.settings), gate.known)


@router.delete("/v1/jobs/{id}", summary="Cancel an import", responses=problems(ERRORS, 404, 422))
async def cancel_job(id: JobId, who: MayChange, brain: BrainDep, gate: GateDep) -> JobResponse:
    """It stops after the rows that are being put. What was put stays; one that has ended stays as it is."""
    return await asyncio.to_thread(_cancelled, id, editor_of(who, brain.settings), gate.known)


def _looked_at(id: str, editor: Editor, known: Known) -> JobResponse:
    try:
        job = known.jobs.get(id, editor)
    except JobMissingError:
        raise HTTPException(404) from None
    return _shown(job, known.jobs.failures(id, FAILURES_SHOWN))


def _cancelled(id: str, editor: Editor, known: Known) -> JobResponse:
    try:
        known.jobs.cancel(id, editor)
    except JobMissingError:
        raise HTTPException(404) from None
    return _looked_at(id, editor, known)


def _rows(body: bytes) -> list[str]:
    """One JSON text a row. Raises HTTPException for what is not text, RequestValidationError for what holds no rows."""
    try:
        text = body.decode("utf-8-sig")
        # No row is a list: a body that begins like one is one.
        if text.lstrip().startswith("["):
            listed = json.loads(text)
            rows = [json.dumps(row, ensure_ascii=False) for row in listed]
        else:
            rows = [line for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError):
        raise HTTPException(400) from None
    if not rows:
        raise RequestValidationError([{"loc": ("body",), "msg": "There are no rows", "type": "value_error"}])
    # What a database can't keep as text: such a row is no JSON, and fails on its own.
    return [row.replace("\0", "\ufffd").encode("utf-8", "replace").decode() for row in rows]


def _shown(job: Job, failures: list[tuple[int, str]]) -> JobResponse:
    same = ("id", "state", "created_at", "ended_at", "total", "done", "failed", "rate", "seconds_left")
    return JobResponse(
        **{name: getattr(job, name) for name in same},
        failures=[JobFailure(row=row, reason=reason) for row, reason in failures],
    )
