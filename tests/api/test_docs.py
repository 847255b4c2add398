"""What the service says about itself: the OpenAPI document and the page that shows it."""

import json
import os
import re
from pathlib import Path
from typing import Any, cast

import httpx
import jsonschema_rs

from api.app import create_app
from api.errors import HTTP, KINDS
from api.problems import MEDIA_TYPE, Problem
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


def operations(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


async def test_every_error_is_documented_as_a_problem_with_an_example_of_each_kind() -> None:
    schema: dict[str, Any] = (await get("/openapi.json")).json()
    known = {kind.uri: kind for kind in [*KINDS.values(), *(kind for kind, _ in HTTP.values())]}

    for name, operation in operations(schema):
        for status, response in operation["responses"].items():
            if status < "400":
                continue
            ((media, content),) = response["content"].items()
            place = (name, status)
            assert (media, content["schema"]["$ref"]) == (MEDIA_TYPE, "#/components/schemas/Problem"), place
            assert content["examples"], place
            for example in content["examples"].values():
                problem = Problem.model_validate(example["value"])
                assert known[problem.type].title == problem.title and str(problem.status) == status, place
                assert problem.title in response["description"], place
            assert ("Retry-After" in response.get("headers", {})) == (status in {"429", "503"}), place
    for path in ("/v1/answer", "/v1/search"):
        assert {status for status in schema["paths"][path]["post"]["responses"] if status >= "400"} == {
            *("400", "401", "403", "413", "422", "429", "500", "502", "503"),
            *(["404"] if path == "/v1/answer" else []),
        }


async def test_every_request_and_every_answer_has_an_example_that_is_one() -> None:
    schema: dict[str, Any] = (await get("/openapi.json")).json()

    def examples(content: dict[str, Any]) -> list[Any]:
        """Of a body, a response or a parameter, or of the model that it is; made of its fields' own where these have some."""
        of = resolved(content["schema"])
        if "example" in content:
            return [content["example"]]
        if "examples" in content:
            return [one["value"] for one in content["examples"].values()]
        if "examples" in of:
            return list(of["examples"])
        fields = {name: field.get("examples") for name, field in of.get("properties", {}).items()}
        assert fields and all(fields[name] for name in of.get("required", fields)), of
        return [{name: some[0] for name, some in fields.items() if some}]

    def resolved(of: dict[str, Any]) -> dict[str, Any]:
        name = of.get("$ref", "").rpartition("/")[2]
        return dict(schema["components"]["schemas"][name]) if name else of

    for name, operation in operations(schema):
        assert operation.get("summary") and operation.get("description"), name
        told = [
            ("answer", r["content"])
            for status, r in operation["responses"].items()
            if status < "300" and status != "204"
        ]
        asked = [("body", operation["requestBody"]["content"])] if "requestBody" in operation else []
        parts = [(f"{part} {media}", content) for part, some in (*asked, *told) for media, content in some.items()]
        parts += [(f"parameter {one['name']}", one) for one in operation.get("parameters", [])]
        for part, content in parts:
            for example in (found := examples(content)):
                whole = content["schema"] | {"components": schema["components"]}
                wrong = [str(error) for error in jsonschema_rs.Draft202012Validator(whole).iter_errors(example)]
                assert wrong == [], (name, part, example)
            assert found, (name, part)


def test_it_is_made_when_somebody_asks_for_it_and_kept() -> None:
    app = create_app(load_settings())
    assert app.openapi_schema is None
    assert app.openapi() is app.openapi() and "ImportRow" in app.openapi()["components"]["schemas"]


async def test_the_page_needs_no_other_host() -> None:
    page = await get("/docs")

    assert page.status_code == 200
    assert "//" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    linked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(linked) == 3
    for path in linked:
        assert (await get(path)).status_code == 200
