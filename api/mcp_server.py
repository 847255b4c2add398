"""The tools by the Model Context Protocol, streamable HTTP at `/mcp`: each request stands alone, and brings its key."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from pydantic import ValidationError
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import MOST_BYTES
from api.mcp_tools import TOOLS, Desk, Said
from api.middleware import log_unknown
from brain.errors import BrainError

PATH = "/mcp"
INSTRUCTIONS = (
    "The company's own knowledge. Cite what `ask` cites, and say so where it refuses; don't answer from elsewhere."
)
_READS = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
_log = logging.getLogger(__name__)
Context = ServerRequestContext[Any, Any]


class McpEndpoint:
    """An ASGI app that lets callers in as every route does."""

    path = PATH
    """For the log."""

    def __init__(self) -> None:
        server: Server[Any] = Server(
            "brain",
            version=version("brain-answers"),
            instructions=INSTRUCTIONS,
            on_list_tools=_list_tools,
            on_call_tool=_call_tool,
        )
        # No session: replicas share nothing, and a key is checked each time.
        self._manager = StreamableHTTPSessionManager(
            server, json_response=True, stateless=True, max_request_body_size=MOST_BYTES
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"], request = self, Request(scope)
        await request.app.state.gate.admit(request)
        await _unless_gone(self._manager.handle_request, scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._manager.run():
            yield


def add_mcp(app: FastAPI) -> McpEndpoint:
    """Adds the endpoint; `running` must be entered while the app serves."""
    endpoint = McpEndpoint()
    # POST alone: there is nothing that the server would say unasked.
    app.router.routes.append(Route(PATH, endpoint, methods=["POST"]))
    return endpoint


async def _unless_gone(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Runs the app until the caller goes away; the SDK itself would let the model write on."""
    read, gone = asyncio.Event(), asyncio.Event()

    async def receive_body() -> Message:
        if read.is_set():
            await gone.wait()
            return {"type": "http.disconnect"}
        message = await receive()
        if not message.get("more_body"):
            read.set()
        return message

    async def leave() -> None:
        await read.wait()
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    working = asyncio.ensure_future(app(scope, receive_body, send))
    leaving = asyncio.ensure_future(leave())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _list_tools(context: Context, _: types.PaginatedRequestParams | None) -> types.ListToolsResult:
    """Those that the key is good for."""
    rights = _request(context).state.caller.rights
    return types.ListToolsResult(
        tools=[
            types.Tool(
                name=tool.name,
                description=tool.description,
                input_schema=tool.takes.model_json_schema(),
                output_schema=tool.gives.model_json_schema(mode="serialization"),
                annotations=_READS,
            )
            for tool in TOOLS.values()
            if tool.right in rights
        ]
    )


async def _call_tool(context: Context, asked: types.CallToolRequestParams) -> types.CallToolResult:
    """What goes wrong is told to the model that called, as the protocol wants it."""
    request = _request(context)
    try:
        tool = TOOLS.get(asked.name)
        if tool is None:
            return _failed(f"There is no tool of this name. Known: {', '.join(TOOLS)}")
        state = request.app.state
        desk = Desk(request.state.caller, state.opening.brain, state.gate.known)
        return _done(await tool.call(asked.arguments or {}, desk))
    except (ValidationError, RequestValidationError) as error:
        return _failed("\n".join(_wrong(dict(problem)) for problem in error.errors()))
    except BrainError as error:
        _log.warning("%s: %s", type(error).__name__, error)
        return _failed(f"{error} {error.hint}".strip())
    except Exception as error:  # noqa: BLE001  whatever it was: its message may quote the question
        log_unknown(error)
        return _failed("The tool failed; the service's log has the details.")


def _request(context: Context) -> Request:
    """The one that the message came with: here every message comes over HTTP."""
    request = context.request
    assert isinstance(request, Request)
    return request


def _done(said: Said) -> types.CallToolResult:
    text = types.TextContent(type="text", text=said.text)
    return types.CallToolResult(content=[text], structured_content=said.value.model_dump(mode="json"))


def _failed(why: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=why)], is_error=True)


def _wrong(problem: dict[str, Any]) -> str:
    """The field and what is wrong; never its value."""
    place = [str(part) for part in problem["loc"] if part != "body"]
    return f"{'.'.join(place) or 'arguments'}: {problem['msg']}"
