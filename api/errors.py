"""Every error as `application/problem+json` (RFC 9457). Two tables say which error is which status."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from brain.errors import (
    BrainError,
    EncoderError,
    IndexLockedError,
    IndexMismatchError,
    IndexMissingError,
    ModelError,
    SettingsError,
    StoreError,
)

_log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
MOST_BYTES = 64 * 1024
"""Of a request's body."""
MOST_FIELDS = 20
"""Wrong fields that a problem lists: a body may hold thousands."""
RETRY_AFTER = {"Retry-After": "2"}


class NotReadyError(BrainError):
    """Brain isn't open yet, or can't be opened."""


class Kind(NamedTuple):
    """What all problems of one type share."""

    status: int
    slug: str
    title: str

    @property
    def uri(self) -> str:
        return f"urn:problem:brain:{self.slug}"


ERRORS: dict[type[BrainError], Kind] = {
    NotReadyError: Kind(503, "not-ready", "The service isn't ready."),
    IndexMissingError: Kind(503, "index-missing", "Nothing has been ingested yet."),
    IndexLockedError: Kind(503, "index-locked", "Another process has the index open."),
    IndexMismatchError: Kind(503, "index-mismatch", "The index was built with other settings."),
    StoreError: Kind(503, "store-failed", "The index or the state database failed."),
    EncoderError: Kind(503, "encoder-failed", "The encoder failed."),
    ModelError: Kind(502, "model-failed", "The language model failed."),
    SettingsError: Kind(500, "wrong-settings", "The service's settings are wrong."),
    BrainError: Kind(500, "failed", "The service failed."),
}

INTERNAL = Kind(500, "internal", "The service failed unexpectedly.")
HTTP: dict[int, tuple[Kind, str]] = {
    404: (Kind(404, "not-found", "Not found."), "There is nothing at this address; /docs lists what there is."),
    405: (Kind(405, "method-not-allowed", "Wrong method."), "The header Allow names the methods of this address."),
    413: (
        Kind(413, "too-large", "The request is too large."),
        f"A request's body may have at most {MOST_BYTES} bytes.",
    ),
    422: (Kind(422, "invalid", "The request is invalid."), "The body doesn't have the documented form; see errors."),
}
"""With the detail, which is always the same."""


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


def kind_of(error: BrainError) -> Kind:
    """The row of the nearest class."""
    return next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)


def response_for(error: Exception, request_id: str) -> Response:
    """The problem that an error is; what nobody foresaw is told without details."""
    if isinstance(error, RequestValidationError):
        return _response(*HTTP[422], request_id, fields=_fields(error))
    if isinstance(error, HTTPException):
        kind, detail = HTTP.get(error.status_code) or (_other(error), str(error.detail))
        return _response(kind, detail, request_id, headers=error.headers)
    if isinstance(error, BrainError):
        kind = kind_of(error)
        headers = RETRY_AFTER if kind.status == 503 else None
        return _response(kind, str(error), request_id, hint=error.hint or None, headers=headers)
    return _response(INTERNAL, "The service's log has the details under this request_id.", request_id)


async def handle(request: Request, error: Exception) -> Response:
    """`response_for` as FastAPI calls it; the service's own failures are logged."""
    if isinstance(error, BrainError) and not isinstance(error, NotReadyError):
        _log.warning("request_id=%s %s: %s", request.state.request_id, type(error).__name__, error)
    return response_for(error, request.state.request_id)


def problems(errors: Iterable[type[BrainError]], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can fail with these, for OpenAPI."""
    titles: dict[int, list[str]] = {}
    for kind in [*(ERRORS[error] for error in errors), *(HTTP[status][0] for status in statuses)]:
        titles.setdefault(kind.status, []).append(kind.title)
    return {status: {"model": Problem, "description": " ".join(those)} for status, those in sorted(titles.items())}


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
