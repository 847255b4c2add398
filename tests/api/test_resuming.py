"""A stream that was lost is taken up where it broke off, by its own caller and without the work being done twice."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import resuming
from api.answers import AnswerRequest
from api.app import create_app
from api.caller import Caller
from api.resuming import Event, Owner, Streams
from brain.keys.store import Keys
from brain.session import Brain

ASKED = {"question": "Combien de jours pour renvoyer un article ?", "language": "fr"}
STREAM = {"Accept": "text/event-stream"}
LIMIT_S = 10
Heard = list[tuple[str, str, Any]]
WHOLE = ["passages", "sentence", "citation", "sentence", "status", "done"]
"""Both sentences cite the same page."""


@pytest.fixture
def client(patient: Brain, serving: Any) -> Iterator[httpx.Client]:
    with serving(create_app(patient.settings, patient)) as client:
        yield client


def blocks(lines: Iterator[str]) -> Iterator[tuple[str, str, Any]]:
    """Id, name, data of each event; an id alone has neither."""
    found: dict[str, str] = {}
    for line in lines:
        if not line:
            yield found.get("id", ""), found.get("event", ""), json.loads(found.get("data", "null"))
            found = {}
        name, _, value = line.partition(": ")
        found[name] = value


def hear(client: httpx.Client, most: int = 99, last: str = "", asked: Any = ASKED, **headers: str) -> Heard:
    """What a connection brings that is lost after so many events."""
    given = STREAM | headers | ({"Last-Event-ID": last} if last else {})
    heard = []
    with client.stream("POST", "/v1/answer", json=asked, headers=given) as response:
        assert response.status_code == 200, response.read()
        with closing(response.iter_lines()) as lines:
            for block in blocks(iter(lines)):
                heard.append(block)
                if len(heard) == most:
                    break
    return heard


def names(heard: Heard) -> list[str]:
    return [name for _, name, _ in heard]


def test_the_rest_comes_and_the_model_was_asked_once(client: httpx.Client, patient: Brain, slow: Any) -> None:
    slow.may_say[0].set()
    begun = hear(client, 3)
    assert names(begun) == ["", *WHOLE[:2]] and not slow.ended.is_set()
    slow.may_say[1].set()
    assert slow.ended.wait(LIMIT_S)  # it was written to the end though nobody read
    rest = hear(client, last=begun[-1][0])

    assert names(rest) == WHOLE[2:]
    assert rest[-1][2]["sentences"] == [begun[2][2], rest[1][2]] and rest[-1][2]["text"] == slow.text
    assert len({id for id, _, _ in begun + rest}) == 7 and slow.times == 1
    counted = {"status": "answered", "reason": "", "language": "fr"}
    assert patient.metrics.registry.get_sample_value("brain_answers_total", counted) == 1
    whole = begun + rest
    for at, (id, _, _) in enumerate(whole, start=1):
        assert hear(client, last=id) == whole[at:]  # wherever it broke off, as often as need be


def test_what_is_lost_before_the_first_sentence_is_taken_up_too(client: httpx.Client, slow: Any) -> None:
    ((id, _, _),) = hear(client, 1)
    for may in slow.may_say:
        may.set()
    assert names(hear(client, last=id)) == WHOLE and slow.times == 1


def test_two_connections_may_read_the_same_answer(client: httpx.Client, slow: Any) -> None:
    slow.may_say[0].set()
    with client.stream("POST", "/v1/answer", json=ASKED, headers=STREAM) as half_dead:
        first = blocks(half_dead.iter_lines())
        begun = [next(first) for _ in range(3)]
        slow.may_say[1].set()
        assert hear(client, last=begun[-1][0]) == list(first) and slow.times == 1


def test_another_caller_and_another_question_get_nothing_of_it(client: httpx.Client, patient: Brain, slow: Any) -> None:
    keys = Keys(patient.settings)
    mine, other = (
        {"Authorization": f"Bearer {keys.create('x', ['ask'], tenant='default', audience='agent', actor='me')}"}
        for _ in range(2)
    )
    slow.may_say[0].set()
    last = hear(client, 3, **mine)[-1][0]
    slow.may_say[1].set()
    longer = ASKED | {"question": f"{ASKED['question']} Et soldé ?"}
    for times, (asked, caller) in enumerate(((ASKED, other), (longer, mine)), start=2):
        heard = hear(client, last=last, asked=asked, **caller)
        assert names(heard) == ["restart", *WHOLE] and slow.times == times
        assert not any(id.startswith(last.partition("-")[0]) for id, _, _ in heard)
    without = client.post("/v1/answer", json=ASKED, headers=STREAM | {"Last-Event-ID": last})
    assert without.status_code == 401
    assert names(hear(client, last=last, **mine)) == WHOLE[2:] and slow.times == 3
    for key in keys.all():
        keys.revoke(key.id, "me")
    refused = client.post("/v1/answer", json=ASKED, headers=STREAM | mine | {"Last-Event-ID": last})
    assert refused.status_code == 401
    keys.close()


@pytest.mark.parametrize("last", ["0" * 32 + "-1", "nothing", "-", "-1", "x-1 2"])
def test_what_is_not_there_is_answered_anew(client: httpx.Client, slow: Any, last: str) -> None:
    for may in slow.may_say:
        may.set()
    heard = hear(client, last=last)
    assert names(heard) == ["restart", *WHOLE] and heard[0][2] == {}


def test_another_replica_answers_anew(client: httpx.Client, patient: Brain, slow: Any, serving: Any) -> None:
    slow.may_say[0].set()
    last = hear(client, 3)[-1][0]
    slow.may_say[1].set()
    with serving(create_app(patient.settings, patient)) as replica:
        assert names(hear(replica, last=last)) == ["restart", *WHOLE]


def test_a_service_that_ends_stops_what_is_written(patient: Brain, slow: Any, serving: Any) -> None:
    with serving(create_app(patient.settings, patient)) as client:
        hear(client, 1)
        assert slow.asked.wait(LIMIT_S) and not slow.ended.is_set()
    assert slow.ended.wait(LIMIT_S) and patient._serving.wait(LIMIT_S)


def test_silence_is_broken(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "PING_S", 0.05)
    with client.stream("POST", "/v1/answer", json=ASKED, headers=STREAM) as response:
        lines = response.iter_lines()
        assert any(line.startswith("event: passages") for line in lines)  # before it there may be silence as well
        assert next(lines).startswith("data: ")
        after = [next(lines) for _ in range(6)]
    assert all(not line or line.startswith(":") for line in after) and sum(map(bool, after)) >= 2


# ------------------------------------------------------------- the streams themselves


def owner_of(text: str = "Où ?", address: str = "", **who: Any) -> Owner:
    return Owner(Caller("default", "public", **who), address, AnswerRequest(question=text))


async def taken(
    streams: Streams, owner: Owner, last: str | None, write: Callable[[], Any], most: int = 99
) -> list[str]:
    """Lines of a connection that is lost after so many of them."""
    response = streams.respond(owner, last, write)
    sent: list[str] = []

    async def send(message: Any) -> None:
        if message.get("body"):
            sent.append(message["body"].decode())
            if len(sent) == most:
                raise OSError("lost")
        await asyncio.sleep(0)

    async def receive() -> Any:
        await asyncio.Event().wait()

    try:
        await response({"type": "http", "asgi": {"spec_version": "2.4"}, "headers": []}, receive, send)
    except Exception:  # noqa: BLE001  starlette's own, of a lost connection
        assert len(sent) == most
    return sent


def id_of(line: str) -> str:
    return line.partition("\n")[0].removeprefix("id: ")


def writing(*texts: str, forever: bool = False) -> Callable[[], AsyncGenerator[Event, None]]:
    async def write() -> AsyncGenerator[Event, None]:
        for text in texts:
            yield Event("sentence", json.dumps(text))
            await asyncio.sleep(0)
        if forever:
            await asyncio.Event().wait()

    return write


@given(st.lists(st.text(), max_size=6), st.lists(st.integers(1, 4), max_size=8))
async def test_however_often_it_is_lost_every_event_comes_once(texts: list[str], lost: list[int]) -> None:
    streams, owner, times = Streams(60), owner_of(), 0

    def write() -> AsyncGenerator[Event, None]:
        nonlocal times
        times += 1
        return writing(*texts)()

    heard: list[str] = []
    for most in [*lost, 99]:
        heard += await taken(streams, owner, id_of(heard[-1]) if heard else None, write, most)
    await streams.close()
    said = [json.loads(line.partition("data: ")[2]) for line in heard[1:]]
    assert said == texts and times == 1


@pytest.mark.parametrize(
    "other",
    [
        owner_of("Quand ?"),
        owner_of(address="192.0.2.7"),
        owner_of(kind="key", id="k"),
        owner_of(kind="visitor", id="v"),
    ],
)
async def test_who_else_asks_is_somebody_else(other: Owner) -> None:
    streams = Streams(60)
    first = await taken(streams, owner_of(), None, writing("a", "b"), 2)
    heard = await taken(streams, other, id_of(first[-1]), writing("c"))
    assert "event: restart" in heard[0] and [line.partition("data: ")[2] for line in heard[1:]] == ['"c"\n\n']
    assert len(await taken(streams, owner_of(), id_of(first[-1]), writing("d"))) == 1
    await streams.close()


async def test_a_caller_leaves_only_so_many_behind() -> None:
    streams, ended = Streams(60), list[int]()

    def endless(number: int) -> Callable[[], AsyncGenerator[Event, None]]:
        async def write() -> AsyncGenerator[Event, None]:
            try:
                async for event in writing("a", forever=True)():
                    yield event
            finally:
                ended.append(number)

        return write

    for number in range(resuming.MOST_LOST + 2):
        await taken(streams, owner_of(f"{number} ?"), None, endless(number), 2)
    await taken(streams, owner_of(kind="key", id="k"), None, endless(99), 2)
    await asyncio.sleep(0.01)
    assert ended == [0, 1]
    await streams.close()
    assert sorted(ended) == [*range(resuming.MOST_LOST + 2), 99]


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "KEPT_BYTES", 1000)
    streams = Streams(60)
    lasts = [id_of((await taken(streams, owner_of(f"{n} ?"), None, writing("x" * 300)))[-2]) for n in range(5)]
    there = [
        "restart" not in (await taken(streams, owner_of(f"{n} ?"), last, writing("y")))[0]
        for n, last in reversed(list(enumerate(lasts)))
    ]
    assert there == [True, True, False, False, False]
    await streams.close()


@pytest.mark.parametrize("seconds", [0, 0.05])
async def test_after_a_while_it_is_gone(seconds: float) -> None:
    streams = Streams(seconds)
    last = id_of((await taken(streams, owner_of(), None, writing("a")))[0])
    await asyncio.sleep(2 * seconds)
    assert "restart" in (await taken(streams, owner_of(), last, writing("a")))[0]
    await streams.close()
