"""What is counted of HTTP itself, and the endpoint `/metrics`: this process's numbers, for the operator's Prometheus."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address, ip_network
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from starlette.exceptions import HTTPException

from api.access import Presented, gate_of
from api.errors import ERRORS, ForbiddenError
from api.gate import address_of
from api.problems import problems
from brain.errors import BrainError
from brain.metrics import SECONDS

PATH = "/metrics"
router = APIRouter(tags=["health"])
_EXAMPLE = 'brain_http_requests_total{method="POST",route="/v1/answer",status="200"} 42.0\n'


class HttpMetrics:
    """One for each app. A request without a route counts as `-`, an unknown method as `other`: they could be anything."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "brain_http_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "brain_http_seconds", "Until the whole answer.", ("route",), buckets=SECONDS, registry=self.registry
        )
        self._limited = Counter(
            "brain_rate_limited", "Requests refused for a limit, by whose.", ("limit",), registry=self.registry
        )

    def done(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def limited(self, of: str) -> None:
        """`of`: whose limit it was, such as `key` or `address`."""
        self._limited.labels(of).inc()


class _All:
    """Several registries as one."""

    def __init__(self, *registries: CollectorRegistry) -> None:
        self._registries = registries

    def collect(self) -> Iterable[Metric]:
        for registry in self._registries:
            yield from registry.collect()


async def _may_scrape(request: Request, _: Presented) -> None:
    """The numbers are about all tenants: an administrator of another tenant than the service's own may not see them."""
    settings = request.app.state.settings
    if not settings.metrics.enabled:
        raise HTTPException(404)
    if "Authorization" not in request.headers and _among(address_of(request), settings.metrics.open_to):
        return
    who = await gate_of(request).admit(request, "admin")
    if who.tenant != settings.service.tenant:
        raise ForbiddenError("These numbers are about all tenants.", f"Use a key of '{settings.service.tenant}'.")


@router.get(
    PATH,
    summary="Numbers for Prometheus",
    dependencies=[Depends(_may_scrape)],
    response_class=Response,
    responses=problems(ERRORS, 404)
    | {
        200: {
            "description": "Text in Prometheus' or OpenMetrics' format.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
)
async def metrics(request: Request) -> Response:
    """What this process counted since its start. Needs a key with the scope `admin` of the service's own tenant, or an
    address of `metrics.open_to`."""
    return Response(*await asyncio.to_thread(_written, request))


def _written(request: Request) -> tuple[bytes, int, dict[str, str]]:
    """Body, status and headers. Counts what is in the database: for a thread."""
    state: Any = request.app.state
    registries = [state.metrics.registry]
    with suppress(BrainError):  # not open yet: HTTP is counted all the same
        registries.append(state.opening.brain.metrics.registry)
    write, media_type = choose_encoder(request.headers.get("Accept", ""))
    return write(_All(*registries)), 200, {"Content-Type": media_type}


def _among(address: str, networks: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in ip_network(part.strip()) for part in networks.split(",") if part.strip())
