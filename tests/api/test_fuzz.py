"""Requests made from the OpenAPI document, good and bad ones: what it says of the service is true, and nothing makes it fail.

BRAIN_TEST_FUZZ: how many of each kind (`make fuzz`).
"""

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from api.app import create_app
from brain.insights.settings import ReviewSettings
from brain.keys.webhooks import Webhooks
from brain.settings import load_settings

Serve = Callable[[FastAPI], AbstractContextManager[str]]
MANY = settings(
    max_examples=int(os.environ.get("BRAIN_TEST_FUZZ", "10")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
CHECKS: Any = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
# Rows that can't be used are told in the job and stop nothing.
TAKEN: Any = {"/v1/imports": [negative_data_rejection]}
SCOPES = ("ask", "search", "ingest", "feedback", "eval", "admin")
STREAM = {"Accept": "text/event-stream"}
NARROWING = ("from", "to", "language", "audience", "tags", "as_of", "document_languages")
"""What would leave out what is known to be there."""
DOCUMENT = create_app(load_settings()).openapi()
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
# The key is always sent, so its lack is no reason to refuse.
CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {"with-security-parameters": False},
        "checks": {
            "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 413, 422, 429, "5xx"]}
        },
    }
)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)


@schemathesis.serializer("application/x-ndjson")
def _lines(_: Any, body: Any) -> bytes:
    return body.encode(errors="replace") if isinstance(body, str) else b"\xff"


class Signing(requests.auth.AuthBase):
    """As the CMS of that webhook does (Standard Webhooks)."""

    def __init__(self, secret: str) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"))

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        stamp = f"{os.urandom(8).hex()}.{int(time.time())}"
        signed = f"{stamp}.".encode() + (body.encode() if isinstance(body, str) else body)
        made = base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest()).decode()
        id, at = stamp.split(".")
        request.headers.update({"webhook-id": id, "webhook-timestamp": at, "webhook-signature": f"v1,{made}"})
        return request


def things(asks: httpx.Client, path: str) -> dict[str, Any]:
    """What there is, by the name of the parameter or field that it is for; an `id` of what the path is about."""
    answer = asks.post("/v1/answer", json={"question": "Combien de jours ?"}).json()["id"]
    there = {"answer_id": answer, "id": answer, "model": "brain", "table": "groups"}
    match path.split("/")[2:]:
        case ["answer"]:
            there["conversation_id"] = asks.post("/v1/conversations", json={}).json()["id"]
        case ["conversations", *_]:
            there["id"] = asks.post("/v1/conversations", json={}).json()["id"]
        case ["documents", *_]:
            there["id"] = "aide/port"
            assert asks.put("/v1/documents/aide/port", json={"body": "Le port coûte 5 euros."}).is_success
        case ["jobs", *_]:
            there["id"] = asks.post("/v1/imports", json=[{"id": "port", "body": "Le port est offert."}]).json()["id"]
        case ["insights" | "drafts" as which, *_]:
            assert asks.post("/v1/feedback", json={"answer_id": answer, "thumbs": "down"}).is_success
            (group,) = asks.get("/v1/insights/groups").json()["groups"]
            there["id"] = group["id"]
            if "/notes/" in path:
                there["id"] = asks.post(f"/v1/insights/groups/{group['id']}/notes", json={}).json()["id"]
            if which == "drafts":
                there["id"] = asks.post(f"/v1/insights/groups/{group['id']}/draft", json={}).json()["draft_id"]
    return there


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{method} {path}" for method, path in OPERATIONS])
def test_the_service_is_as_it_is_documented(
    house: Any, knowledge: Any, serve: Serve, tmp_path: Path, method: str, path: str
) -> None:
    limits = {"key": "", "address": "", "visitor": "", "site": ""}
    reviewed = ReviewSettings(drafts=tmp_path / "drafts.jsonl", cases=tmp_path / "cases.jsonl")
    settings = house.brain.settings = house.with_settings(limits).model_copy(update={"review": reviewed})
    key, site, statuses = house.key(*SCOPES), house.site(), set[int]()
    webhooks = Webhooks(settings)
    signing = Signing(webhooks.create("cms", tenant="default", audience="agent", actor="me"))
    webhooks.close()
    with (
        serve(create_app(settings, house.brain, knowledge)) as url,
        httpx.Client(base_url=url, headers=key, timeout=30) as asks,
        requests.Session() as session,
    ):
        there = things(asks, path) | {"site_key": site.id, "name": "cms"}
        operation = SCHEMA[path][method]
        shown = operation.get_strategies_from_examples() or [operation.as_strategy()]

        def ask(case: Any, more: dict[str, str], known: bool) -> None:
            session.auth = signing if known and "webhooks" in path else None
            response = case.call(base_url=url, headers=key | more, timeout=60, session=session)
            statuses.add(response.status_code)
            case.validate_response(response, checks=CHECKS, excluded_checks=TAKEN.get(path, []))

        @MANY
        @given(
            st.one_of(operation.as_strategy(), *shown),
            st.booleans(),
            st.sampled_from([{}, STREAM]),
            st.sampled_from([{}, {"Origin": house.page}]),
        )
        def ask_well(case: Any, known: bool, accept: dict[str, str], origin: dict[str, str]) -> None:
            for part in (case.path_parameters, case.body, case.query):
                if known and isinstance(part, dict):
                    part |= {name: value for name, value in there.items() if name in part}
            ask(case, accept | origin, known)

        @MANY
        @given(st.one_of(*shown))
        def ask_as_shown(case: Any) -> None:
            for part in (case.path_parameters, case.body):
                if isinstance(part, dict):
                    part |= {name: value for name, value in there.items() if name in part}
            for name in NARROWING:
                case.query.pop(name, None)
            ask(case, {"Origin": house.page}, True)

        @MANY
        @given(operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
        def ask_badly(case: Any) -> None:
            ask(case, {}, False)

        ask_as_shown()
        assert statuses & {200, 201, 202, 204}, statuses  # it was asked what it can do, not only what it can't
        ask_well()
        with suppress(Unsatisfiable):  # there is nothing that could be wrong
            ask_badly()
