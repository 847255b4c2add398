"""Chromium, and what it looks at: the service with the sample base behind it, and pages of other sites."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import ASGIApp

import eval
from api.app import create_app
from brain.session import Brain
from brain.settings import ServiceSettings, load_settings
from ingest.parse import Defaults
from ingest.run import ingest_folder

KB = Path(eval.__file__).parent / "sample" / "kb"
WAIT_MS = 10_000


@contextmanager
def serving(app: ASGIApp, listener: socket.socket | None = None) -> Iterator[str]:
    """The origin of an app on a free port."""
    listener = listener or socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brain]:
    """The sample base, with the embedded encoder, made once."""
    _chromium()  # it takes seconds, which nobody needs without a browser
    settings = load_settings(home=tmp_path_factory.mktemp("sample") / "home", ingest={"workers": 1})
    assert ingest_folder(KB, settings, defaults=Defaults("sample")).failed == {}
    with Brain.open(settings) as brain:
        yield brain


@pytest.fixture(scope="session")
def service(sample: Brain) -> Iterator[str]:
    """The service as it stands in front of the public."""
    with serving(create_app(sample.settings, sample)) as origin:
        yield origin


@pytest.fixture(scope="session")
def agents(sample: Brain) -> Iterator[str]:
    """The service as it stands in front of agents."""
    settings = sample.settings.model_copy(update={"service": ServiceSettings(audience="agent")})
    with serving(create_app(settings, sample)) as origin:
        yield origin


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # For a module, not the session: while it runs, no other test could have an event loop of its own.
    executable = _chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages that may not write to the console, unless `quiet` is given."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def make(*, may_complain: bool = False, **context: Any) -> Any:
        context = {"locale": "fr-FR", "viewport": {"width": 1200, "height": 800}} | context
        contexts.append(browser.new_context(**context))
        contexts[-1].set_default_timeout(WAIT_MS)
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if not may_complain:
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def other_site() -> Callable[..., Any]:
    """Serves one page of another site, which is strict about what it lets in."""

    def make(body: str, of: str, lang: str = "fr", listener: socket.socket | None = None) -> Any:
        policy = f"default-src 'none'; script-src {of}; connect-src {of}; base-uri 'none'; require-trusted-types-for 'script'"
        html = f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Aide</title></head><body><main><h1>Aide</h1>{body}</main></body></html>'

        async def page(_: Request) -> HTMLResponse:
            return HTMLResponse(html, headers={"Content-Security-Policy": policy})

        return serving(Starlette(routes=[Route("/{path:path}", page)]), listener)

    return make


@pytest.fixture(scope="session")
def violations() -> Callable[[Any], list[str]]:
    """What axe finds wrong with a page: WCAG 2.2 A and AA, and good practice."""
    from axe_playwright_python.sync_playwright import Axe

    def check(page: Any) -> list[str]:
        found = Axe().run(page).response["violations"]
        return [f"{v['id']}: {node['html'][:200]} {node['failureSummary']}" for v in found for node in v["nodes"]]

    return check


def _chromium() -> str:
    pytest.importorskip("playwright", reason="no playwright: pip install -e '.[dev]'")
    found = os.environ.get("BRAIN_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("no Chromium: apt-get install chromium, or name one with BRAIN_TEST_CHROMIUM")
    return found
