"""The HTTP service, put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from api import answers, chat, health, insights, kept, pages, problems, review, search, widget
from api.cors import SiteCors
from api.gate import Gate
from api.middleware import BodyLimit, RequestLog
from api.opening import Opening
from brain.errors import BrainError
from brain.session import Brain
from brain.settings import Settings

if TYPE_CHECKING:
    from api.mcp_server import McpEndpoint

DESCRIPTION = "Answers from a company's own knowledge: every sentence is cited, or there is no answer."


def create_app(settings: Settings, brain: Brain | None = None) -> FastAPI:
    """A service that opens Brain as it starts and closes it at the end; a given `brain` is used and left open."""
    opening, gate = Opening(settings, brain), Gate(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Not awaited before serving: /healthz answers while the encoder loads.
        task = asyncio.create_task(opening.run())
        try:
            async with mcp.running() if mcp else nullcontext():
                yield
        finally:
            await task
            await opening.close()
            await gate.close()

    # FastAPI's own /docs loads its script from a CDN; this one brings it along.
    app = FastAPIOffline(
        title="Brain",
        description=DESCRIPTION,
        version=version("brain-answers"),
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True, "defaultModelsExpandDepth": 0},
        generate_unique_id_function=_route_name,
        lifespan=lifespan,
        middleware=[Middleware(SiteCors, gate=gate), Middleware(RequestLog), Middleware(BodyLimit)],
        exception_handlers=dict.fromkeys((BrainError, HTTPException, RequestValidationError), problems.handle),
    )
    app.state.settings, app.state.opening, app.state.gate = settings, opening, gate
    for feature in (answers, chat, search, kept, insights, review, widget, health, pages):
        app.include_router(feature.router)
    mcp = _mcp(app) if settings.service.mcp else None
    _document_problems(app)
    return app


def _mcp(app: FastAPI) -> "McpEndpoint | None":
    """Where the extra `mcp` is installed."""
    if find_spec("mcp") is None:
        return None
    from api.mcp_server import add_mcp

    return add_mcp(app)


def _route_name(route: APIRoute) -> str:
    return route.name


def _document_problems(app: FastAPI) -> None:
    """FastAPI documents every response as plain JSON; errors here have their own media type."""
    schema: dict[str, Any] = app.openapi()  # kept by the app, and served from now on
    for path in schema["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    response["content"] = {problems.MEDIA_TYPE: response["content"]["application/json"]}
