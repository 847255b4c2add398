"""The files that the service serves to browsers: how big, how they are kept, who may load them, what they may do."""

import gzip
import re
from collections.abc import AsyncIterator
from typing import cast

import httpx
import pytest

from api.app import create_app
from brain.session import Brain
from brain.settings import load_settings

COMPONENT = "/widget/brain-assistant.js"
MOST_BYTES = 20_000


@pytest.fixture
async def asks() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(load_settings(), cast(Brain, object()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_the_component_is_one_small_file_that_other_sites_may_load(asks: httpx.AsyncClient) -> None:
    response = await asks.get(COMPONENT, headers={"Origin": "https://help.example.com"})
    size = int(response.headers["Content-Length"])
    assert response.headers["Content-Encoding"] == "gzip" and 5_000 < size <= MOST_BYTES
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    plain = await asks.get(COMPONENT, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers and plain.text == response.text
    assert len(gzip.compress(plain.content)) <= MOST_BYTES


async def test_what_a_browser_has_already_is_not_sent_again(asks: httpx.AsyncClient) -> None:
    for path in (
        COMPONENT,
        "/console",
        "/console.js",
        "/past.js",
        "/console.css",
        "/insights",
        "/review",
        "/desk.js",
        "/desk.css",
    ):
        first = await asks.get(path)
        again = await asks.get(path, headers={"If-None-Match": first.headers["ETag"]})
        other = await asks.get(path, headers={"If-None-Match": '"other"'})
        assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
        assert again.content == b"" and first.headers["Cache-Control"] == again.headers["Cache-Control"]
        assert first.headers["ETag"] == again.headers["ETag"]


@pytest.mark.parametrize("path", ["/console", "/insights", "/review"])
async def test_the_pages_let_in_nothing_inline_and_nothing_from_elsewhere(asks: httpx.AsyncClient, path: str) -> None:
    page = await asks.get(path)
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "http" not in page.text and not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=\"/)", page.text)
    docs = (await asks.get("/docs")).headers["Content-Security-Policy"]
    assert "'unsafe-inline'" in docs  # which needs it


@pytest.mark.parametrize("path", [COMPONENT, "/console.js", "/desk.js", "/insights.js", "/review.js"])
async def test_no_markup_is_made_from_text(asks: httpx.AsyncClient, path: str) -> None:
    script = (await asks.get(path)).text
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", ".style."):
        assert way not in script


async def test_both_languages_say_the_same_things(asks: httpx.AsyncClient) -> None:
    """Each text of the one is in the other."""
    for path in (COMPONENT, "/console.js"):
        script = (await asks.get(path)).text
        french, english = (script.split(f"    {language}: {{\n")[1].split("\n    },\n")[0] for language in ("fr", "en"))
        names = [
            re.findall(r"^\s*(\w+):", texts.split("keys: {")[0], flags=re.MULTILINE) for texts in (french, english)
        ]
        assert len(names[0]) > 30 and names[0] == names[1]


async def test_features_say_whether_opinions_are_taken(asks: httpx.AsyncClient) -> None:
    has = "/v1/feedback" in (await asks.get("/openapi.json")).json()["paths"]
    response = await asks.get("/widget/features")
    assert response.json() == {"feedback": has} and response.headers["Access-Control-Allow-Origin"] == "*"
