"""Failures behind the service: each becomes its problem, and what nobody foresaw tells nothing."""

import logging
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from api.app import create_app
from api.cli import serve
from api.errors import WRITING, Kind, LimitError, NotReadyError
from brain import errors
from brain.answer import Events
from brain.session import Brain
from brain.settings import load_settings
from brain.types import Question


class FailingBrain:
    def __init__(self, error: Exception) -> None:
        self.error, self.settings = error, load_settings()

    async def stream(self, question: Question, asked_by: str | None = None) -> Events:
        raise self.error
        yield


async def ask(error: Exception) -> httpx.Response:
    app = create_app(load_settings(), cast(Brain, FailingBrain(error)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return await client.post("/v1/answer", json={"question": "Où ?"}, headers={"X-Request-ID": "mine"})


@pytest.mark.parametrize(("error", "kind"), WRITING.items())
async def test_each_error_of_the_table_is_its_problem(error: type[errors.BrainError], kind: Kind) -> None:
    raised = LimitError(3) if error is LimitError else error("It broke.", "Mend it.")
    response = await ask(raised)

    assert response.status_code == kind.status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": f"urn:problem:brain:{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": str(raised),
        "hint": raised.hint,
        "request_id": "mine",
    }
    assert ("retry-after" in response.headers) == (kind.status in {429, 503})
    assert ("www-authenticate" in response.headers) == (kind.status == 401)


async def test_an_error_without_a_row_takes_its_base_class_one() -> None:
    response = await ask(errors.PromptError("It broke."))

    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["type"]) == (500, "urn:problem:brain:failed")
    assert "hint" not in problem


async def test_an_unforeseen_error_is_told_to_nobody_but_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="api"):
        response = await ask(ZeroDivisionError("Où ? secret"))

    assert (response.status_code, response.json()["type"]) == (500, "urn:problem:brain:internal")
    assert response.headers["x-request-id"] == response.json()["request_id"] == "mine"
    assert "secret" not in response.text and "ZeroDivision" not in response.text
    assert "unexpected ZeroDivisionError" in caplog.text
    assert "raise self.error" in caplog.text
    assert "secret" not in caplog.text


async def test_a_known_failure_is_logged_but_waiting_is_not(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="api"):
        await ask(errors.StoreError("The index failed: disk"))
        await ask(NotReadyError("Brain is being opened."))

    assert [record.getMessage() for record in caplog.records] == ["StoreError: The index failed: disk"]


def test_a_taken_port_and_an_unknown_audience_are_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(errors.SettingsError, match=rf"127\.0\.0\.1, port {port}: Address already in use$"):
            serve(port=port, home=tmp_path)
    with pytest.raises(errors.SettingsError, match=r"service\.audience 'nobody' is not a reader"):
        serve(audience="nobody", home=tmp_path)


def test_the_command_line_loads_the_service_only_to_serve() -> None:
    probe = "import sys, api.cli; print([name for name in ('fastapi', 'uvicorn', 'torch') if name in sys.modules])"

    assert subprocess.check_output([sys.executable, "-c", probe], text=True).strip() == "[]"


@pytest.mark.parametrize(
    "day", ["0", "1795899600", "7e-125", "2026-3-18", "2026-02-30", "٢٠٢٦-٠٣-١٨", "2026-03-18T00:00:00"]
)
async def test_a_day_is_written_as_one(house: Any, day: str) -> None:
    key = house.key("search", "eval", "ingest")
    async with house.asking() as asks:
        answers = [
            await asks.get("/v1/insights", params={"from": day}, headers=key),
            await asks.get("/v1/documents", params={"updated_since": day}, headers=key),
            await asks.post("/v1/search", json={"question": "Combien ?", "as_of": day}, headers=key),
        ]
    assert [answer.status_code for answer in answers] == [422] * 3
    fields = [problem["field"] for answer in answers for problem in answer.json()["errors"]]
    assert fields == ["from", "updated_since", "as_of"]
