"""An answer as it is written, over HTTP; and that nobody writes for a caller who went away."""

import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

import httpx
import pytest

from api.app import create_app
from brain.errors import StoreError
from brain.session import Brain

ASKED = {"question": "Combien de jours pour renvoyer un article ?", "language": "fr"}
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": ASKED["question"]}]}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": ASKED}}
STREAM = {"Accept": "text/event-stream"}
LIMIT_S = 10


@pytest.fixture
def client(slow_brain: Brain, serving: Any) -> Iterator[httpx.Client]:
    with serving(create_app(slow_brain.settings, slow_brain)) as client:
        yield client


def events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        if line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_sentences_come_as_they_are_written_and_make_the_answer(
    client: httpx.Client, slow_brain: Brain, slow: Any
) -> None:
    with client.stream("POST", "/v1/answer", json=ASKED, headers=STREAM) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        coming = events(response.iter_lines())
        slow.may_say[0].set()
        first = next(coming)
        assert not slow.may_say[1].is_set()  # the second is not even written
        slow.may_say[1].set()
        second, answer = coming
    plain = client.post("/v1/answer", json=ASKED).json()
    assert [first[0], second[0], answer[0]] == ["sentence", "sentence", "answer"]
    assert answer[1]["sentences"] == [first[1], second[1]] == plain["sentences"]
    assert answer[1]["text"] == slow.text and answer[1]["sources"] == plain["sources"]
    counted = slow_brain.metrics.registry.get_sample_value
    assert counted("brain_answers_total", {"status": "answered", "reason": "", "language": "fr"}) == 2
    assert counted("brain_first_sentence_seconds_count") == 2


@pytest.mark.parametrize(
    ("error", "slug"),
    [(StoreError("The index failed.", "Run: brain doctor"), "store-failed"), (ZeroDivisionError("secret"), "internal")],
)
def test_what_fails_on_the_way_is_a_problem(
    client: httpx.Client, slow_brain: Brain, monkeypatch: pytest.MonkeyPatch, error: Exception, slug: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    assert client.post("/v1/search", json=ASKED).status_code == 200
    monkeypatch.setattr(slow_brain._serving.retriever, "_find", fail)
    with client.stream("POST", "/v1/answer", json=ASKED, headers=STREAM) as response:
        ((name, problem),) = events(response.iter_lines())
        assert name == "problem" and problem["type"] == f"urn:problem:brain:{slug}"
        assert problem["request_id"] == response.headers["x-request-id"] and "secret" not in problem["detail"]


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/v1/answer", ASKED, STREAM),
        ("/v1/answer", ASKED, {}),
        ("/v1/chat/completions", CHAT, {}),
        ("/v1/chat/completions", CHAT | {"stream": True}, {}),
        ("/mcp", CALL, {"Accept": "application/json, text/event-stream"}),
    ],
)
def test_a_caller_who_goes_away_stops_the_model(
    client: httpx.Client, slow_brain: Brain, slow: Any, path: str, body: dict[str, Any], headers: dict[str, str]
) -> None:
    caller = Thread(target=_ask_briefly, args=(client.base_url, path, body, headers))
    caller.start()
    assert slow.asked.wait(LIMIT_S) and not slow.ended.is_set()
    caller.join()
    assert slow.ended.wait(LIMIT_S)
    assert slow_brain._serving.wait(LIMIT_S)  # nothing is held any more


def _ask_briefly(url: httpx.URL, path: str, body: dict[str, Any], headers: dict[str, str]) -> None:
    with httpx.Client(base_url=url, timeout=0.5) as client, pytest.raises(httpx.ReadTimeout):
        client.post(path, json=body, headers=headers)


def test_a_caller_who_goes_away_between_two_sentences_stops_the_model(client: httpx.Client, slow: Any) -> None:
    slow.may_say[0].set()
    with client.stream("POST", "/v1/answer", json=ASKED, headers=STREAM) as response:
        next(events(response.iter_lines()))
    assert slow.ended.wait(LIMIT_S) and not slow.may_say[1].is_set()
