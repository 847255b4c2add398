"""Requests made from the OpenAPI document, good and bad ones: what it says of the service is true, and nothing makes it fail.

BRAIN_TEST_FUZZ: how many of each kind (`make fuzz`).
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

import httpx
import pytest
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
from brain.settings import load_settings

Serve = Callable[[FastAPI], AbstractContextManager[str]]
MANY = settings(
    max_examples=int(os.environ.get("BRAIN_TEST_FUZZ", "25")),
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
SCOPES = ("ask", "search", "ingest", "feedback", "eval", "admin")
STREAM = {"Accept": "text/event-stream"}
OPERATIONS = [
    (method, path) for path, methods in create_app(load_settings()).openapi()["paths"].items() for method in methods
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{method} {path}" for method, path in OPERATIONS])
def test_the_service_is_as_it_is_documented(house: Any, serve: Serve, method: str, path: str) -> None:
    limits = {"key": "", "address": "", "visitor": "", "site": ""}
    key, site, statuses = house.key(*SCOPES), house.site(), set[int]()
    with serve(create_app(house.with_settings(limits), house.brain)) as url:
        answer = httpx.post(f"{url}/v1/answer", json={"question": "Combien de jours ?"}, headers=key).json()
        there = {"id": answer["id"], "answer_id": answer["id"], "model": "brain", "site_key": site.id}
        operation = schemathesis.openapi.from_url(f"{url}/openapi.json")[path][method]

        def ask(case: Any, more: dict[str, str]) -> None:
            response = case.call(headers=key | more, timeout=60)
            statuses.add(response.status_code)
            case.validate_response(response, checks=CHECKS)

        @MANY
        @given(
            operation.as_strategy(),
            st.booleans(),
            st.sampled_from([{}, STREAM]),
            st.sampled_from([{}, {"Origin": house.page}]),
        )
        def ask_well(case: Any, known: bool, accept: dict[str, str], origin: dict[str, str]) -> None:
            for part in (case.path_parameters, case.body):
                if known and isinstance(part, dict):
                    part |= {name: value for name, value in there.items() if name in part}
            ask(case, accept | origin)

        @MANY
        @given(operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
        def ask_badly(case: Any) -> None:
            ask(case, {})

        ask_well()
        assert statuses & {200, 201, 202, 204}, statuses  # it was asked what it can do, not only what it can't
        with suppress(Unsatisfiable):  # there is nothing that could be wrong
            ask_badly()
