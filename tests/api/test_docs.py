"""What the service says about itself: the OpenAPI document and the page that shows it."""

import json
import os
import re
from pathlib import Path
from typing import Any, cast

import httpx

from api.app import create_app
from brain.session import Brain
from brain.settings import load_settings

SNAPSHOT = Path(__file__).with_name("openapi.json")


async def get(path: str) -> httpx.Response:
    app = create_app(load_settings(), cast(Brain, object()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return await client.get(path)


async def test_the_openapi_document_changes_only_on_purpose() -> None:
    found: dict[str, Any] = (await get("/openapi.json")).json()
    found["info"].pop("version")
    if os.environ.get("BRAIN_TEST_UPDATE") == "1":
        SNAPSHOT.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    assert found == json.loads(SNAPSHOT.read_text(encoding="utf-8")), "set BRAIN_TEST_UPDATE=1 to accept it"


async def test_every_error_is_documented_as_a_problem() -> None:
    schema: dict[str, Any] = (await get("/openapi.json")).json()

    responses = {
        (path, status): list(response["content"])
        for path, operations in schema["paths"].items()
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if status >= "400"
    }
    assert set(map(tuple, responses.values())) == {("application/problem+json",)}
    for path in ("/v1/answer", "/v1/search"):
        assert {status for where, status in responses if where == path} == {
            *("400", "401", "403", "413", "422", "429", "500", "502", "503"),
            *(["404"] if path == "/v1/answer" else []),
        }


async def test_the_page_needs_no_other_host() -> None:
    page = await get("/docs")

    assert page.status_code == 200
    assert "//" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    linked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(linked) == 3
    for path in linked:
        assert (await get(path)).status_code == 200
