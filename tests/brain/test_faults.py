"""Whatever a model's endpoint does, the user gets a safe answer within the limits, is told, and it is counted."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from brain.answer import answer_events
from brain.answerers.llm import LLMAnswerer
from brain.breaker import FAILURES, PAUSE_S, Breaker
from brain.metrics import Metrics
from brain.retrieve import Retriever
from brain.settings import AnswerSettings, Settings
from brain.types import Answer, Passage, Passages, Question, Reason, Scores, Sentence, Status
from brain.verify import Verifier

QUESTION = Question("Combien de temps pour renvoyer un article ?", language="fr")
FIRST = "Le client a 14 jours pour renvoyer un article"
TEXT = "Le client dispose de 14 jours pour renvoyer un article. Les articles soldés ne sont pas repris."
PASSAGES = Passages((Passage("p1", "d1", TEXT, (0, len(TEXT)), Scores(1.0), title="Retours", language="fr"),), "fr")
LIMITS = {"connect_s": 4, "first_token_s": 4, "timeout_s": 4}
"""Where the endpoint says something at once."""
HANGING = {"first_token_s": 0.4, "timeout_s": 1.2}
HANGS_S = 20.0
"""What no case may come near to."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


def event(text: str | None, **choice: Any) -> bytes:
    choices = [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": None} | choice]
    about = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
    return f"data: {json.dumps(about)}\n\n".encode()


END = event(None, finish_reason="stop") + b"data: [DONE]\n\n"
STARTED = HEAD + event(f"{FIRST} [1]. Les articles")
"""One sentence, and the next one begun."""


@asynccontextmanager
async def endpoint(*scripts: Script) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Follows the scripts, one for each connection, the last one for all further ones. Gives its URL and the requests."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            requests.append(head + await reader.readexactly(length))
            await scripts[min(len(requests), len(scripts)) - 1](writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", requests
    finally:
        server.close()


def says(*parts: bytes, then: float = 0.0) -> Script:
    """Sends the parts, waits so many seconds, and closes."""

    async def script(writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
        await asyncio.sleep(then)

    return script


def status(line: str, body: bytes = b"{}", header: str = "") -> Script:
    head = f"HTTP/1.1 {line}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{header}\r\n"
    return says(head.encode() + body)


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    for _ in range(200):
        writer.write(b": still here\n\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _slow(writer: asyncio.StreamWriter) -> None:
    writer.write(STARTED)
    for _ in range(200):
        writer.write(event(" et"))
        await writer.drain()
        await asyncio.sleep(0.02)


async def _huge(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"data: ")
    for _ in range(100):
        writer.write(b"x" * 100_000)
        await writer.drain()


def answerer_of(url: str, **llm: Any) -> LLMAnswerer:
    given = {"url": url, "model": "m", "api_key": "sk-very-secret"} | LIMITS | llm
    return LLMAnswerer(Settings.model_validate({"answer": {"provider": "llm", "sufficiency": 0}, "llm": given}))


class Found:
    """The retriever's part."""

    async def search(self, question: Question, limit: int, **_: Any) -> Passages:
        return PASSAGES


async def ask(answerer: LLMAnswerer, metrics: Metrics | None = None) -> tuple[list[Sentence], Answer]:
    """What was released, and the answer."""
    released: list[Sentence] = []
    retriever, settings = cast(Retriever, Found()), AnswerSettings(sufficiency=0)
    async with asyncio.timeout(HANGS_S):
        async for said in answer_events(QUESTION, retriever, answerer, settings, Verifier()):
            if isinstance(said, Answer):
                (metrics or Metrics()).answered(said)
                assert list(said.sentences) == released
                assert "sk-very-secret" not in json.dumps(said.to_dict())
                return released, said
            if isinstance(said, Sentence):
                released.append(said)
    raise AssertionError("no answer")


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def quoted(answer: Answer) -> bool:
    """Nothing but the passages' own words."""
    return bool(answer.sentences) and all(s.text == s.citations[0].quote for s in answer.sentences)


BEFORE = {
    "hangs before the head": (says(then=HANGS_S), "timeout"),
    "hangs before the first token": (says(HEAD, then=HANGS_S), "timeout"),
    "keeps the line open": (_drip, "timeout"),
    "closes at once": (says(), "unreachable"),
    "is no HTTP": (says(b"SSH-2.0-OpenSSH_9.9\r\n"), "unreachable"),
    "ends before the first token": (says(HEAD), "interrupted"),
    "garbage": (says(HEAD, b"data: {not json\n\n"), "unreadable"),
    "half a character": (says(HEAD, b'data: {"choices": "\xc3\n\n'), "unreadable"),
    "a page": (says(HEAD.replace(b"text/event-stream", b"text/html"), b"<html>Welcome</html>"), "interrupted"),
    "a plain reply": (
        status("200 OK", json.dumps({"choices": [{"message": {"content": "x"}}]}).encode()),
        "interrupted",
    ),
    "an error with 200": (says(HEAD, b'data: {"error": {"message": "sk-very-secret"}}\n\n'), "reported"),
    "huge": (_huge, "too_large"),
    "500": (status("500 Internal Server Error"), "status_500"),
    "429": (status("429 Too Many Requests"), "status_429"),
    "401": (status("401 Unauthorized", b'{"error": {"message": "sk-very-secret"}}'), "status_401"),
    "400": (status("400 Bad Request"), "status_400"),
    "nothing said": (says(HEAD, event("<think>hm</think>"), END), "empty"),
}


@pytest.mark.parametrize("name", BEFORE)
async def test_a_failure_before_anything_is_released_leaves_the_passages_own_sentences(name: str) -> None:
    script, kind = BEFORE[name]
    metrics = Metrics()
    async with endpoint(script) as (url, _):
        _, answer = await ask(answerer_of(url, **(HANGING if kind == "timeout" else {})), metrics)
    assert (answer.status, answer.reason) == (Status.DEGRADED, Reason.MODEL_FAILED)
    assert quoted(answer) and answer.message and "n'est pas disponible" in answer.message
    assert answer.trace.model is not None and answer.trace.model["failure"] == kind
    assert value(metrics, "brain_llm_failures_total", model="m", kind=kind) == 1
    assert value(metrics, "brain_answers_total", status="degraded", reason="model_failed", language="fr") == 1


AFTER = {
    "hangs": (says(STARTED, then=HANGS_S), "timeout"),
    "is slow": (_slow, "timeout"),
    "drops": (says(STARTED), "interrupted"),
    "drops in the middle of an event": (says(STARTED, event(" soldés")[:-9]), "interrupted"),
    "garbage": (says(STARTED, b"data: \xff\xfe\n\n"), "unreadable"),
    "reports an error": (says(STARTED, b'data: {"error": {"message": "out of memory"}}\n\n'), "reported"),
}


@pytest.mark.parametrize("name", AFTER)
async def test_a_failure_after_a_sentence_was_released_leaves_that_one(name: str) -> None:
    script, kind = AFTER[name]
    metrics = Metrics()
    async with endpoint(script) as (url, requests):
        released, answer = await ask(answerer_of(url, timeout_s=1.2 if kind == "timeout" else 4), metrics)
    assert [sentence.text for sentence in released] == [f"{FIRST}."]
    assert (answer.status, answer.reason) == (Status.DEGRADED, Reason.MODEL_FAILED)
    assert answer.message and "interrompue" in answer.message
    assert len(requests) == 1  # what was begun is not begun again
    assert value(metrics, "brain_llm_failures_total", model="m", kind=kind) == 1


async def test_an_address_where_nobody_listens() -> None:
    _, answer = await ask(answerer_of("http://127.0.0.1:9/v1"))
    assert answer.status is Status.DEGRADED and quoted(answer)
    assert answer.trace.model is not None
    assert answer.trace.model["failure"] == "unreachable" and answer.trace.model["attempts"] > 1


async def test_a_connection_that_never_comes_about(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: Any, **__: Any) -> None:
        await asyncio.sleep(HANGS_S)

    monkeypatch.setattr("anyio.connect_tcp", never)
    _, answer = await ask(answerer_of("http://127.0.0.1:9/v1", connect_s=0.1, first_token_s=5, timeout_s=5))
    assert answer.status is Status.DEGRADED and quoted(answer)
    assert answer.trace.model is not None and answer.trace.model["failure"] == "unreachable"


@pytest.mark.parametrize("first", ["500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests"])
async def test_what_may_pass_is_tried_again(first: str) -> None:
    good = says(STARTED, event(" soldés ne sont pas repris [1]."), END)
    async with endpoint(status(first), good) as (url, requests):
        _, answer = await ask(answerer_of(url))
    assert (answer.status, len(answer.sentences), len(requests)) == (Status.ANSWERED, 2, 2)
    assert answer.trace.model is not None and answer.trace.model["attempts"] == 2


async def test_retry_after_is_kept_to_or_there_is_no_second_try() -> None:
    good = says(STARTED, END)
    async with endpoint(status("429 Too Many Requests", header="Retry-After: 30\r\n"), good) as (url, requests):
        _, answer = await ask(answerer_of(url))
    assert (answer.status, len(requests)) == (Status.DEGRADED, 1)


async def test_an_endpoint_that_knows_no_stream_options_is_asked_without() -> None:
    good = says(STARTED, END)
    async with endpoint(status("400 Bad Request"), good) as (url, requests):
        answerer = answerer_of(url)
        for _ in range(2):
            assert (await ask(answerer))[1].status is Status.ANSWERED
    assert [b"stream_options" in request for request in requests] == [True, False, False]


async def test_a_prompt_that_is_refused_leaves_the_endpoint_as_it_is() -> None:
    async with endpoint(*[status("400 Bad Request")] * 2, says(STARTED, END)) as (url, requests):
        answerer = answerer_of(url)
        assert [(await ask(answerer))[1].status for _ in range(2)] == [Status.DEGRADED, Status.ANSWERED]
    assert [b"stream_options" in request for request in requests] == [True, False, True]


async def test_what_keeps_failing_is_left_alone_and_tried_by_one_after_the_pause() -> None:
    now = 0.0
    async with endpoint(*[status("401 Unauthorized")] * (FAILURES + 1), says(STARTED, END)) as (url, requests):
        answerer, metrics = answerer_of(url), Metrics()
        answerer.breaker._clock = lambda: now
        metrics.watch("brain_llm_paused", "1 while it is left alone.", lambda: answerer.breaker.open)
        kinds = []
        for then in (0, 0, 0, 0, PAUSE_S, PAUSE_S, 2 * PAUSE_S, 2 * PAUSE_S):
            now = then
            _, answer = await ask(answerer, metrics)
            kinds.append((answer.trace.model or {}).get("failure"))
    assert kinds == ["status_401"] * FAILURES + ["paused", "status_401", "paused", None, None]
    assert len(requests) == FAILURES + 3
    assert value(metrics, "brain_llm_paused") == 0


async def test_a_try_that_ends_early_because_there_is_no_answer_closes_the_breaker() -> None:
    now = 0.0
    no_answer = says(HEAD, event("[[NO_ANSWER]] and"), event(" so on"), then=HANGS_S)
    async with endpoint(*[status("401 Unauthorized")] * FAILURES, no_answer) as (url, _):
        answerer = answerer_of(url)
        answerer.breaker._clock = lambda: now
        for _ in range(FAILURES):
            await ask(answerer)
        assert answerer.breaker.open
        now = PAUSE_S
        _, answer = await ask(answerer)
    assert (answer.status, answer.reason) == (Status.REFUSED, Reason.INSUFFICIENT_EVIDENCE)
    assert not answerer.breaker.open


def test_a_breaker_allows_one_try_at_a_time_after_its_pause() -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    for _ in range(FAILURES):
        assert breaker.allows()
        breaker.failed()
    assert breaker.open and not breaker.allows()
    now = PAUSE_S
    assert [breaker.allows(), breaker.allows()] == [True, False]
    now = 2 * PAUSE_S  # the one who was allowed never said how it went
    assert breaker.allows()
    breaker.succeeded()
    assert not breaker.open and breaker.allows() and breaker.allows()


async def test_who_stops_listening_stops_the_model() -> None:
    gone = asyncio.Event()

    async def watching(writer: asyncio.StreamWriter) -> None:
        writer.write(STARTED)
        try:
            while True:
                writer.write(event(" et"))
                await writer.drain()
                await asyncio.sleep(0.01)
        finally:
            gone.set()

    async with endpoint(watching) as (url, _):
        retriever = cast(Retriever, Found())
        events = answer_events(QUESTION, retriever, answerer_of(url), AnswerSettings(sufficiency=0), Verifier())
        assert await anext(events) is PASSAGES
        first = await anext(events)
        assert isinstance(first, Sentence) and first.text == f"{FIRST}."
        await events.aclose()
        async with asyncio.timeout(HANGS_S):
            await gone.wait()
