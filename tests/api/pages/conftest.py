"""Chromium, and what it looks at: the service with the sample base behind it, and pages of another site."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from api.app import create_app
from brain.keys.sites import Sites
from brain.keys.store import Keys
from brain.session import Brain
from brain.settings import LimitSettings, ServiceSettings, Settings

WAIT_MS = 10_000
Serve = Callable[[ASGIApp], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def sample(request: pytest.FixtureRequest) -> Brain:
    """The sample base, which takes seconds to make: nobody needs it without a browser."""
    _chromium()
    brain: Brain = request.getfixturevalue("sample_brain")
    return brain


@pytest.fixture(scope="session")
def host(serve: Serve) -> Iterator[str]:
    """Another site, strict about what it lets in. `/fr?of=SERVICE&is=ATTRIBUTES` is a page in French with the component."""

    async def page(request: Request) -> HTMLResponse:
        of, attributes = request.query_params["of"], request.query_params.get("is", "")
        policy = f"default-src 'none'; script-src {of}; connect-src {of}; base-uri 'none'; require-trusted-types-for 'script'"
        html = (
            f'<!doctype html><html lang="{request.path_params["lang"]}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Aide</title>'
            f'<script src="{of}/widget/brain-assistant.js" defer></script></head><body><main><h1>Aide</h1>'
            f"<brain-assistant {attributes}></brain-assistant></main></body></html>"
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    with serve(Starlette(routes=[Route("/{lang}", page)])) as origin:
        yield origin


@pytest.fixture(scope="session")
def service(sample: Brain, host: str, serve: Serve) -> Iterator[tuple[str, str]]:
    """The service as the public has it, and a site key of the other site."""
    settings = _settings(sample)
    with serve(create_app(settings, sample)) as origin:
        yield origin, _site_key(settings, host)


@pytest.fixture(scope="session")
def agents(sample: Brain, serve: Serve) -> Iterator[str]:
    """The service as agents have it within the house: without keys."""
    with serve(create_app(_settings(sample, audience="agent", keys="off"), sample)) as origin:
        yield origin


@pytest.fixture
def locked(sample: Brain, serve: Serve) -> Iterator[tuple[str, str]]:
    """The service as agents have it with keys, and a key."""
    settings = _settings(sample, keys="required")
    keys = Keys(settings)
    key = str(keys.create("pages", ("ask", "search"), tenant="default", audience="agent", actor="test"))
    keys.close()
    with serve(create_app(settings, sample)) as origin:
        yield origin, key


def _settings(brain: Brain, **service: Any) -> Settings:
    """Without limits: the tests ask faster than a visitor may."""
    changed = {"service": ServiceSettings(**service), "limits": LimitSettings(address="", visitor="", site="")}
    return brain.settings.model_copy(update=changed)


def _site_key(settings: Settings, origin: str) -> str:
    sites = Sites(settings)
    try:
        return sites.create("pages", [origin], tenant="default", actor="test").id
    finally:
        sites.close()


@pytest.fixture
def killable(
    make_workspace: Callable[[Path], Any], quick_path: Path
) -> Iterator[tuple[str, Callable[[], subprocess.Popen[bytes]], Path]]:
    """Where a service in a process of its own is, how to start it, and the file that makes it wait between its two sentences."""
    _chromium()
    workspace = make_workspace(quick_path)
    workspace.write(
        "retours.md", "# Retours\n\nUn article se renvoie sous 14 jours. Les articles soldés ne sont pas repris."
    )
    workspace.run()
    workspace.close()
    wait = quick_path / "wait"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        script = Path(__file__).with_name("slow_service.py")
        started.append(subprocess.Popen([sys.executable, str(script), str(workspace.settings.home), str(port)]))
        _until_ready(f"http://127.0.0.1:{port}")
        return started[-1]

    yield f"http://127.0.0.1:{port}", start, wait
    for process in started:
        process.kill()
        process.wait()


def _until_ready(origin: str, seconds: float = 30) -> None:
    end = monotonic() + seconds
    while monotonic() < end:
        try:
            if httpx.get(f"{origin}/readyz").status_code == 200:
                return
        except httpx.ConnectError:
            pass
        sleep(0.05)
    raise AssertionError(f"{origin} is not ready")


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
    """Opens pages on which no script may fail; with `strict`, nothing may complain in their console either: no policy is broken."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def make(*, strict: bool = True, **context: Any) -> Any:
        contexts.append(
            browser.new_context(**({"locale": "fr-FR", "viewport": {"width": 1200, "height": 800}} | context))
        )
        contexts[-1].set_default_timeout(WAIT_MS)
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if strict:
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def violations() -> Callable[[Any], list[str]]:
    """What axe finds wrong with a page: WCAG A and AA up to 2.2, and good practice."""
    from axe_playwright_python.sync_playwright import Axe

    def check(page: Any) -> list[str]:
        # Evaluated, not injected as an element: the pages' policies forbid that.
        found = Axe().run(page).response["violations"]
        return [f"{v['id']}: {node['html'][:200]} {node['failureSummary']}" for v in found for node in v["nodes"]]

    return check


@pytest.fixture(scope="session")
def said() -> Callable[..., dict[str, Any]]:
    """An answer as the service gives it, for what the sample base does not bring about; changed by `more`."""

    def make(**more: Any) -> dict[str, Any]:
        text = "👍 Bon. Le colis part sous 2 jours. Sinon, non."
        quote = "Le colis part sous 2 jours."
        start = text.index(quote)
        citation = {
            "number": 1,
            "passage_id": "p",
            "document_id": "d",
            "span": [start, start + len(quote)],
            "quote": quote,
        }
        source = {
            "number": 1,
            "document_id": "d",
            "title": "Envoi",
            "url": "https://aide.example.com/envoi",
            "newer": False,
            "internal": False,
        }
        plain = {
            "id": "a1",
            "status": "answered",
            "reason": None,
            "message": None,
            "language": "fr",
            "text": quote,
            "sentences": [{"text": quote, "citations": [citation], "supported": True, "problems": []}],
            "sources": [source | {"updated_at": "2026-03-18", "heading_path": ["Envoi"]}],
            "quoted": [{"id": "p", "document_id": "d", "heading_path": ["Envoi", "Délai"], "text": text}],
            "closest": [],
            "choices": [],
            "contact": None,
        }
        return plain | more

    return make


@pytest.fixture(scope="session")
def answering() -> Callable[..., list[dict[str, Any]]]:
    """Makes a page's questions get these answers, one after another, the last one again and again; gives what is asked."""

    def make(page: Any, *answers: dict[str, Any]) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def fulfil(route: Any) -> None:
            answer = answers[min(len(asked), len(answers) - 1)]
            asked.append(route.request.post_data_json)
            events = [
                *(("sentence", one) for one in answer["sentences"]),
                *(("citation", one) for one in answer["sources"]),
            ]
            route.fulfill(
                content_type="text/event-stream; charset=utf-8",
                headers={"Access-Control-Allow-Origin": "*"},
                body="".join(
                    f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in [*events, ("done", answer)]
                ),
            )

        page.route("**/v1/answer", fulfil)
        return asked

    return make


def _chromium() -> str:
    pytest.importorskip("playwright", reason="no playwright: pip install -e '.[dev]'")
    found = os.environ.get("BRAIN_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("no Chromium: apt-get install chromium, or name one with BRAIN_TEST_CHROMIUM")
    return found
