"""The service's log: a line for people or an object for programs, with the request's id, without personal data, keys or questions."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Literal

import pytest

from api.logs import JsonLines, Terminal
from brain.errors import StoreError
from brain.keys.tokens import issue
from brain.request import request

Form = Literal["text", "json"]
PERSONAL = ("jean.martin@exemple.fr", "06 12 34 56 78", "FR7630006000011234567890189", "1 85 05 78 006 084 36")
QUESTION = f"Je suis Zénobie, {', '.join(PERSONAL)} : sous combien de jours renvoyer un article ?"
SENT = {"Content-Type": "application/json"}


@contextmanager
def logging_as(form: Form) -> Iterator[None]:
    """All that any part says, DEBUG too, as the service writes it."""
    handler: logging.Handler = JsonLines() if form == "json" else Terminal()
    handler.addFilter(lambda record: not record.name.startswith("http"))  # the test's own client
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def test_personal_data_is_masked(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as("text"):
        logging.getLogger("api").warning(
            "%s failed for %s, 06 12 34 56 78", "0f8fad5bd9cb469fa16570867728950e", PERSONAL[0]
        )

    line = capsys.readouterr().err
    assert line.endswith(" WARNING 0f8fad5bd9cb469fa16570867728950e failed for [E-MAIL], [TEL]\n")


def test_an_object_a_line_with_what_is_known_of_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as("json"), request("web-1"):
        logging.getLogger("brain.rerank").warning("line one\nline two", extra={"fields": {"status": 3}})
        logging.getLogger("api").info("next")

    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    moment = first.pop("time")
    assert moment.endswith("+00:00") and len(moment) == len("2026-11-28T20:56:31.123+00:00")
    assert first == {
        "level": "warning",
        "logger": "brain.rerank",
        "message": "line one\nline two",
        "status": 3,
        "request_id": "web-1",
    }
    assert second["message"] == "next"


@pytest.mark.parametrize("form", ["text", "json"])
def test_of_an_exception_the_place_and_not_the_message(capsys: pytest.CaptureFixture[str], form: Form) -> None:
    with logging_as(form):
        try:
            raise ZeroDivisionError(QUESTION)
        except ZeroDivisionError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")

    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said and "test_logs.py" in said
    assert "Zénobie" not in said


async def session(house: Any) -> tuple[dict[str, str], list[str]]:
    """All that a service does with questions, keys and tokens, some of it going wrong. The key, and what must not be told."""
    key, other = house.key("ask", "search", "feedback"), house.key(rate="1/hour")
    site = house.site()
    token = issue(site, house.page, timedelta(hours=1))
    visitor = {"Authorization": f"Bearer {token}", "Origin": house.page}
    async with house.asking() as asks:
        for headers in (key, visitor):
            for path in ("/v1/answer", "/v1/search"):
                await asks.post(path, json={"question": QUESTION}, headers=headers)
            stream = headers | {"Accept": "text/event-stream"}
            await asks.post("/v1/answer", json={"question": QUESTION}, headers=stream)
            chat = {"model": "brain", "messages": [{"role": "user", "content": QUESTION}]}
            await asks.post("/v1/chat/completions", json=chat, headers=headers)
            await asks.post("/v1/answer", content=QUESTION.encode(), headers=headers | SENT)
            await asks.post(
                f"/v1/{PERSONAL[0]}?q={QUESTION}", json={"question": QUESTION, QUESTION: 1}, headers=headers
            )
        answer = (await asks.post("/v1/answer", json={"question": QUESTION}, headers=key)).json()
        said = {"answer_id": answer["id"], "thumbs": "down", "comment": QUESTION}
        await asks.post("/v1/feedback", json=said, headers=key)
        await asks.post("/v1/answer", json={"question": QUESTION}, headers={"Authorization": f"Bearer {other}x"})
        for _ in range(2):
            await asks.post("/v1/answer", json={"question": QUESTION}, headers=other)
        await asks.post("/v1/answer", json={"question": QUESTION}, headers=key | {"X-Request-ID": "0612345678"})
        fails = house.brain.index.search
        house.brain.index.search = lambda *_, **__: (_ for _ in ()).throw(ValueError(QUESTION))
        await asks.post("/v1/answer", json={"question": "Autre chose"}, headers=key)
        house.brain.index.search = lambda *_, **__: (_ for _ in ()).throw(StoreError("The index failed.", "Look."))
        await asks.post("/v1/answer", json={"question": "Encore autre chose"}, headers=key)
        house.brain.index.search = fails
    secrets = [header["Authorization"].split("_", 2)[2] for header in (key, other)]
    return key, [*PERSONAL, "Zénobie", "0612345678", "renvoyer", "article se renvoie", *secrets, token]


@pytest.mark.parametrize("form", ["text", "json"])
async def test_nothing_of_what_was_asked_or_of_who_asked_is_in_the_whole_log(
    house: Any, form: Form, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_as(form):
        key, untold = await session(house)
    said = capsys.readouterr().err

    assert {"POST", "200", "401", "404", "422", "429", "500", "503"} <= {
        word.strip('",:') for part in said.split() for word in part.replace("=", " ").split()
    }
    assert [word for word in untold if word in said] == []
    assert key["Authorization"].split("_")[1] in said  # its id


async def test_the_line_of_an_answer_names_it_and_its_key_and_everything_said_meanwhile_has_the_id(
    house: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    key = house.key()
    with logging_as("json"):
        async with house.asking() as asks:
            reply = await asks.post(
                "/v1/answer", json={"question": "Où est Brest ?"}, headers=key | {"X-Request-ID": "mine"}
            )
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (done,) = (line for line in lines if line["message"] == "request")

    answer = reply.json()
    assert (done["route"], done["status"], done["key"]) == ("/v1/answer", 200, key["Authorization"].split("_")[1])
    assert (done["answer"], done["answered"], done.get("reason")) == (answer["id"], answer["status"], answer["reason"])
    assert done["request_id"] == "mine" and done["ms"] > 0
    assert house.brain.trace(answer["id"])["request_id"] == "mine"


async def test_what_is_logged_inside_brain_has_the_request_s_id(
    house: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    really: Callable[..., Any] = house.brain.index.search

    def search(*args: Any, **named: Any) -> Any:
        logging.getLogger("brain.index").warning("slow")  # in a thread, far from the request
        return really(*args, **named)

    monkeypatch.setattr(house.brain.index, "search", search)
    with logging_as("json"):
        async with house.asking() as asks:
            for id in ("one", "two"):
                await asks.post("/v1/search", json={"question": id}, headers=house.key() | {"X-Request-ID": id})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    assert {line.get("request_id") for line in lines if line["message"] == "slow"} >= {"one", "two"}
