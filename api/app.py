"""The HTTP service, put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from api import (
    answers,
    chat,
    conversations,
    erasures,
    health,
    imports,
    insights,
    kept,
    live,
    metrics,
    openapi,
    pages,
    problems,
    review,
    search,
    streaming,
    webhooks,
    widget,
)
from api.cors import SiteCors
from api.gate import Gate
from api.metrics import HttpMetrics
from api.middleware import BodyLimit, RequestLog
from api.opening import Opening
from api.purging import purge_daily
from api.resuming import Streams
from brain.errors import BrainError
from brain.live import Knowledge
from brain.session import Brain
from brain.settings import Settings
from brain.telemetry import make_tracer

if TYPE_CHECKING:
    from api.mcp_server import McpEndpoint

DESCRIPTION = "Answers from a company's own knowledge: every sentence is cited, or there is no answer."


def create_app(settings: Settings, brain: Brain | None = None, knowledge: Knowledge | None = None) -> FastAPI:
    """A service that opens Brain as it starts and closes it at the end; a given `brain` and its `knowledge` are used and left open."""
    opening, gate, streams = Opening(settings, brain, knowledge), Gate(settings), Streams(settings.service.resume_s)
    counted, tracer = HttpMetrics(), make_tracer(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Not awaited before serving: /healthz answers while the encoder loads.
        task, purging = asyncio.create_task(opening.run()), asyncio.create_task(purge_daily(settings))
        try:
            async with mcp.running() if mcp else nullcontext():
                yield
        finally:
            purging.cancel()
            await asyncio.gather(purging, return_exceptions=True)
            await streams.close()
            opening.stop()
            await task
            await opening.close()
            await gate.close()
            if tracer:
                await asyncio.to_thread(tracer.close)

    # FastAPI's own /docs loads its script from a CDN; this one brings it along.
    app = FastAPIOffline(
        title="Brain",
        description=DESCRIPTION,
        version=version("brain-answers"),
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True, "defaultModelsExpandDepth": 0},
        generate_unique_id_function=_route_name,
        lifespan=lifespan,
        middleware=[
            Middleware(SiteCors, gate=gate),
            Middleware(RequestLog, metrics=counted, tracer=tracer),
            Middleware(BodyLimit, live=settings.live),
        ],
        exception_handlers=dict.fromkeys((BrainError, HTTPException, RequestValidationError), problems.handle),
    )
    app.state.settings, app.state.opening, app.state.gate = settings, opening, gate
    app.state.streams, app.state.metrics = streams, counted
    for feature in (
        answers,
        conversations,
        chat,
        search,
        kept,
        live,
        imports,
        webhooks,
        erasures,
        insights,
        review,
        widget,
        health,
        metrics,
        pages,
    ):
        app.include_router(feature.router)
    mcp = _mcp(app) if settings.service.mcp else None
    openapi.complete(app, [imports.ImportRow, webhooks.UpsertEvent, webhooks.DeleteEvent], streaming.EVENTS.values())
    return app


def _mcp(app: FastAPI) -> "McpEndpoint | None":
    """Where the extra `mcp` is installed."""
    if find_spec("mcp") is None:
        return None
    from api.mcp_server import add_mcp

    return add_mcp(app)


def _route_name(route: APIRoute) -> str:
    return route.name
