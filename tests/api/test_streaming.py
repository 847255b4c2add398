"""An answer as it is written, over HTTP; and that nobody writes for a caller who went away."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
import uvicorn

from api.app import create_app
from brain.answerers.base import Draft
from brain.errors import StoreError
from brain.session import Brain
from brain.settings import AnswerSettings, ServiceSettings
from brain.testing import HashEncoder
from brain.types import Citation, Passages, Question, Sentence

TEXT = "Un article se renvoie sous 14 jours. Les articles soldés ne sont pas repris."
ASKED = {"question": "Combien de jours pour renvoyer un article ?", "language": "fr"}
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": ASKED["question"]}]}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": ASKED}}
STREAM = {"Accept": "text/event-stream"}
LIMIT_S = 10


class Slow:
    """Quotes the page's two sentences, and waits before each until it may go on."""

    name, reads_around = "slow", False

    def __init__(self) -> None:
        self.may_say = [Event(), Event()]
        self.asked, self.ended = Event(), Event()

    async def write(self, question: Question, language: str, passages: Passages) -> AsyncGenerator[Draft, None]:
        (passage,) = passages
        self.asked.set()
        try:
            for may, text in zip(self.may_say, TEXT.split(". "), strict=True):
                while not may.is_set():  # noqa: ASYNC110  set by another thread
                    await asyncio.sleep(0.01)
                quote = text.removesuffix(".") + "."
                start = passage.text.index(quote)
                citation = Citation(passage.id, passage.document_id, (start, start + len(quote)), quote)
                yield Draft((Sentence(quote, (citation,)),))
        finally:
            self.ended.set()

    def close(self) -> None:
        """Nothing to give back."""


@contextmanager
def serving(brain: Brain) -> Iterator[httpx.Client]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(brain.settings, brain), log_config=None, ws="none"))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=LIMIT_S) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(LIMIT_S)
        assert not thread.is_alive()


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def brain(make_workspace: Callable[[Path], Any], quick_path: Path, slow: Slow) -> Iterator[Brain]:
    workspace = make_workspace(quick_path)
    workspace.write("retours.md", f"# Retours\n\n{TEXT}")
    workspace.run()
    changed = {"answer": AnswerSettings(sufficiency=0), "service": ServiceSettings(audience="agent")}
    with Brain(workspace.index, HashEncoder(), slow, workspace.settings.model_copy(update=changed)) as brain:
        yield brain
    workspace.state.close()


def events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        if line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_sentences_come_as_they_are_written_and_make_the_answer(brain: Brain, slow: Slow) -> None:
    with serving(brain) as client:
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
    assert answer[1]["text"] == TEXT and answer[1]["sources"] == plain["sources"]
    counted = brain.metrics.registry.get_sample_value
    assert counted("brain_answers_total", {"status": "answered", "reason": "", "language": "fr"}) == 2
    assert counted("brain_first_sentence_seconds_count") == 2


def test_what_fails_on_the_way_is_a_problem(brain: Brain, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise StoreError("The index failed.", "Run: brain doctor")

    with serving(brain) as client:
        assert client.post("/v1/search", json=ASKED).status_code == 200
        monkeypatch.setattr(brain._serving.retriever, "_find", fail)
        with client.stream("POST", "/v1/answer", json=ASKED, headers=STREAM) as response:
            ((name, problem),) = events(response.iter_lines())
            assert name == "problem" and problem["type"] == "urn:problem:brain:store-failed"
            assert problem["request_id"] == response.headers["x-request-id"]


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
    brain: Brain, slow: Slow, path: str, body: dict[str, Any], headers: dict[str, str]
) -> None:
    with serving(brain) as client:
        caller = Thread(target=_ask_briefly, args=(client.base_url, path, body, headers))
        caller.start()
        assert slow.asked.wait(LIMIT_S) and not slow.ended.is_set()
        caller.join()
        assert slow.ended.wait(LIMIT_S)
        assert brain._serving.wait(LIMIT_S)  # nothing is held any more


def _ask_briefly(url: httpx.URL, path: str, body: dict[str, Any], headers: dict[str, str]) -> None:
    with httpx.Client(base_url=url, timeout=0.5) as client, pytest.raises(httpx.ReadTimeout):
        client.post(path, json=body, headers=headers)


def test_a_caller_who_goes_away_between_two_sentences_stops_the_model(brain: Brain, slow: Slow) -> None:
    slow.may_say[0].set()
    with serving(brain) as client:
        with client.stream("POST", "/v1/answer", json=ASKED, headers=STREAM) as response:
            next(events(response.iter_lines()))
        assert slow.ended.wait(LIMIT_S) and not slow.may_say[1].is_set()
