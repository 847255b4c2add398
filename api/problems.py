"""Every error as `application/problem+json` (RFC 9457)."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.errors import HTTP, INTERNAL, KINDS, Kind, LimitError, NotReadyError, kind_of
from brain.errors import BrainError

_log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
MOST_FIELDS = 20
"""Wrong fields that a problem lists: a body may hold thousands."""
RETRY_AFTER = {"Retry-After": "2"}
_WAIT = {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}


class FieldProblem(BaseModel):
    """What is wrong with one field. Its value is never repeated."""

    field: str = Field(examples=["turns.0.role"])
    message: str


class Problem(BaseModel):
    """Why a request failed (RFC 9457)."""

    type: str = Field(examples=["urn:problem:brain:index-missing"])
    title: str
    status: int
    detail: str
    hint: str | None = Field(None, description="what to do about it")
    errors: list[FieldProblem] | None = Field(None, description="the wrong fields, where the request is invalid")
    request_id: str = Field(description="as in the header X-Request-ID and in the service's log")


def response_for(error: Exception, request_id: str) -> Response:
    """The problem that an error is; what nobody foresaw is told without details."""
    if isinstance(error, RequestValidationError):
        return _response(*HTTP[422], request_id, fields=_fields(error))
    if isinstance(error, HTTPException):
        kind, detail = HTTP.get(error.status_code) or (_other(error), str(error.detail))
        return _response(kind, detail, request_id, headers=error.headers)
    if isinstance(error, BrainError):
        kind = kind_of(error)
        return _response(kind, str(error), request_id, hint=error.hint or None, headers=_headers(kind, error))
    return _response(INTERNAL, "The service's log has the details under this request_id.", request_id)


async def handle(request: Request, error: Exception) -> Response:
    """`response_for` as FastAPI calls it; what is refused for a limit is counted, the service's own failures are logged."""
    if isinstance(error, LimitError):
        request.app.state.metrics.limited(error.of)
    if isinstance(error, BrainError) and kind_of(error).status >= 500 and not isinstance(error, NotReadyError):
        _log.warning("%s: %s", type(error).__name__, error)
    return response_for(error, request.state.request_id)


def problems(errors: Iterable[type[BrainError]], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can fail with these, for OpenAPI."""
    kinds: dict[int, list[Kind]] = {}
    for kind in [*(KINDS[error] for error in errors), *(HTTP[status][0] for status in statuses)]:
        kinds.setdefault(kind.status, []).append(kind)
    return {status: _documented(status, those) for status, those in sorted(kinds.items())}


def _documented(status: int, kinds: list[Kind]) -> dict[str, Any]:
    examples = {kind.slug: {"summary": kind.title, "value": example_of(kind)} for kind in kinds}
    headers = {"Retry-After": _WAIT} if status in {429, 503} else {}
    return {
        "model": Problem,
        "description": " ".join(kind.title for kind in kinds),
        "content": {MEDIA_TYPE: {"examples": examples}},
        **({"headers": headers} if headers else {}),
    }


def example_of(kind: Kind) -> dict[str, Any]:
    detail = HTTP[kind.status][1] if kind.status in HTTP else kind.title
    wrong = [FieldProblem(field="question", message="Field required")] if kind.status == 422 else None
    problem = Problem(
        type=kind.uri,
        title=kind.title,
        status=kind.status,
        detail=detail,
        errors=wrong,
        request_id="4f0d8c1f6a3b4f4e9d6f0a5f1c2b3d4e",
        hint=None,
    )
    return problem.model_dump(exclude_none=True)


def _headers(kind: Kind, error: BrainError) -> Mapping[str, str] | None:
    if isinstance(error, LimitError):
        return {"Retry-After": str(error.wait)}
    return {401: {"WWW-Authenticate": "Bearer"}, 503: RETRY_AFTER}.get(kind.status)


def _other(error: HTTPException) -> Kind:
    return Kind(error.status_code, f"http-{error.status_code}", "The request can't be served.")


def _fields(error: RequestValidationError) -> list[FieldProblem]:
    return [FieldProblem(field=_place(problem), message=problem["msg"]) for problem in error.errors()[:MOST_FIELDS]]


def _place(problem: Mapping[str, Any]) -> str:
    # Behind "body" stand names, or where the JSON broke off.
    path = () if problem["type"] == "json_invalid" else problem["loc"][1:]
    return ".".join(map(str, path)) or "body"


def _response(
    kind: Kind,
    detail: str,
    request_id: str,
    *,
    hint: str | None = None,
    fields: list[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    problem = Problem(
        type=kind.uri,
        title=kind.title,
        status=kind.status,
        detail=detail,
        hint=hint,
        errors=fields,
        request_id=request_id,
    )
    return Response(problem.model_dump_json(exclude_none=True), kind.status, headers, MEDIA_TYPE)
