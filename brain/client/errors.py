"""What can go wrong between a program and the service.

ClientError                   base of all
├── UnreachableError          no connection, a timeout, or a stream that broke off and could not be taken up
├── UnreadableError           what came is not what this client knows: another service, or a much newer one
└── ProblemError              the service's own answer: a problem (RFC 9457) with `status`, `type`, `detail`, `hint` …
    ├── InvalidError          400, 413, 422: the request; `fields` names what is wrong
    ├── KeyRefusedError       401: no key, or not a valid one
    ├── ForbiddenError        403: the key is not good for this
    ├── NotFoundError         404: there is no such thing, or it is not for this caller
    ├── ConflictError         409: an idempotency key was used for something else
    ├── LimitedError          429: too many requests; `retry_after` says for how long
    └── FailedError           5xx: the service, its index or its model
        └── NotReadyError     503: it starts, or recovers
"""

import math
from collections.abc import Mapping
from typing import Any

import httpx


class ClientError(Exception):
    """Base of all."""


class UnreachableError(ClientError):
    """There was no answer; `__cause__` says why."""


class UnreadableError(ClientError):
    """What came is not what was asked for; nothing of it is repeated here."""


class ProblemError(ClientError):
    """The service refused, or failed; `str(error)` says what is wrong and what to do."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after: float | None = None) -> None:
        self.status, self.retry_after = status, retry_after
        self.type = str(problem.get("type") or "about:blank")
        self.title = str(problem.get("title") or f"HTTP {status}")
        self.detail = str(problem.get("detail") or "")
        self.hint: str | None = problem.get("hint")
        self.fields = {str(one["field"]): str(one["message"]) for one in problem.get("errors") or ()}
        self.request_id: str | None = problem.get("request_id")
        wrong = "; ".join(f"{field}: {message}" for field, message in self.fields.items())
        said = " ".join(filter(None, (self.detail or self.title, self.hint, wrong and f"({wrong})")))
        super().__init__(f"{status}: {said}")


class InvalidError(ProblemError): ...


class KeyRefusedError(ProblemError): ...


class ForbiddenError(ProblemError): ...


class NotFoundError(ProblemError): ...


class ConflictError(ProblemError): ...


class LimitedError(ProblemError): ...


class FailedError(ProblemError): ...


class NotReadyError(FailedError): ...


_KINDS: dict[int, type[ProblemError]] = {
    400: InvalidError,
    401: KeyRefusedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    413: InvalidError,
    422: InvalidError,
    429: LimitedError,
    503: NotReadyError,
}


def problem_error(status: int, problem: Mapping[str, Any], retry_after: float | None = None) -> ProblemError:
    """The error that a problem is."""
    kind = _KINDS.get(status) or (FailedError if status >= 500 else ProblemError)
    return kind(status, problem, retry_after)


def success(response: httpx.Response) -> httpx.Response:
    """The response. Raises the ProblemError that it is, if it was read; what is no problem (a proxy's page) is told by its status."""
    if response.is_success:
        return response
    try:
        body = response.json()
    except ValueError:
        body = None
    raise problem_error(response.status_code, body if isinstance(body, dict) else {}, _seconds(response))


def _seconds(response: httpx.Response) -> float | None:
    """Of Retry-After; a date is not read, as the service sends none."""
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
