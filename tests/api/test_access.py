"""Who is let in, to what, and how often: the real app with real keys, asked over ASGI."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from api.app import create_app
from brain.answerers.extractive import ExtractiveAnswerer
from brain.keys.sites import Sites
from brain.keys.store import Keys, Right
from brain.session import Brain
from brain.settings import AnswerSettings, LimitSettings, ServiceSettings, Settings
from brain.testing import HashEncoder

ASKED = {"question": "Combien de jours pour renvoyer un article ?"}
PAGE = "https://help.example.com"
ME, ELSEWHERE = ("127.0.0.1", 5000), ("192.0.2.7", 5000)


@pytest.fixture
def brain(make_workspace: Callable[[Path], Any], quick_path: Path) -> Iterator[Brain]:
    workspace = make_workspace(quick_path)
    workspace.write("retours.md", "---\naudience: public\n---\n# Retours\n\nUn article se renvoie sous 14 jours.")
    workspace.write("geste.md", "# Geste\n\nUn conseiller peut accorder 30 euros.")
    workspace.run()
    settings = workspace.settings.model_copy(update={"answer": AnswerSettings(sufficiency=0)})
    with Brain(workspace.index, HashEncoder(), ExtractiveAnswerer(), settings) as brain:
        yield brain
    workspace.state.close()


@pytest.fixture
def keys(brain: Brain) -> Iterator[Keys]:
    opened = Keys(brain.settings)
    yield opened
    opened.close()


@pytest.fixture
def sites(brain: Brain) -> Iterator[Sites]:
    opened = Sites(brain.settings)
    yield opened
    opened.close()


def make(keys: Keys, *scopes: Right, audience: str = "agent", **more: Any) -> dict[str, str]:
    """A key's header."""
    made = keys.create("x", scopes or ("ask", "search"), tenant="default", audience=audience, actor="me", **more)
    return {"Authorization": f"Bearer {made}"}


def with_settings(brain: Brain, limits: dict[str, str] | None = None, **service: Any) -> Settings:
    changed = {"service": ServiceSettings(**service), "limits": LimitSettings(**(limits or {}))}
    return brain.settings.model_copy(update=changed)


@asynccontextmanager
async def asking(
    brain: Brain, settings: Settings | None = None, client: tuple[str, int] = ME, host: str = "localhost"
) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings or brain.settings, brain)
    transport = httpx.ASGITransport(app, client=client)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as asks,
    ):
        yield asks


def is_problem(response: httpx.Response, status: int, slug: str) -> None:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert response.json()["type"] == f"urn:problem:brain:{slug}"


@pytest.mark.parametrize(
    ("service", "client", "host", "open_"),
    [
        ({}, ME, "localhost", True),
        ({}, ME, "127.0.0.1", True),
        ({}, ("::1", 1), "[::1]", True),
        ({}, ELSEWHERE, "localhost", False),
        ({}, ME, "rebound.example.com", False),
        ({"host": "0.0.0.0"}, ME, "localhost", False),
        ({"host": "10.0.0.1"}, ELSEWHERE, "brain.example.com", False),
        ({"keys": "required"}, ME, "localhost", False),
        ({"keys": "off", "host": "0.0.0.0"}, ELSEWHERE, "brain.example.com", True),
    ],
)
async def test_without_keys_only_this_machine_is_answered(
    brain: Brain, service: dict[str, Any], client: tuple[str, int], host: str, open_: bool
) -> None:
    async with asking(brain, with_settings(brain, **service), client, host) as asks:
        response = await asks.post("/v1/answer", json=ASKED)
        assert (await asks.get("/healthz")).status_code == 200
        ready = await asks.get("/readyz")

    assert (ready.status_code, ready.json()["passages"]) == (200, 1 if open_ else None)
    if open_:
        assert response.status_code == 200
    else:
        is_problem(response, 401, "key-missing")
        assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("kind", ["key", "site"])
async def test_once_there_was_a_key_one_is_needed_even_after_it_is_revoked(
    brain: Brain, keys: Keys, sites: Sites, kind: Literal["key", "site"]
) -> None:
    async with asking(brain) as asks:
        assert (await asks.post("/v1/search", json=ASKED)).status_code == 200
        if kind == "key":
            make(keys)
        else:
            sites.create("x", [PAGE], tenant="default", actor="me")
        is_problem(await asks.post("/v1/search", json=ASKED), 401, "key-missing")
        for id in [key.id for key in keys.all()]:
            keys.revoke(id, "me")
        is_problem(await asks.post("/v1/search", json=ASKED), 401, "key-missing")


async def test_a_key_reads_as_its_audience_and_does_what_its_scopes_say(brain: Brain, keys: Keys) -> None:
    agent, public, asker = make(keys), make(keys, audience="public"), make(keys, "ask")
    async with asking(brain, client=ELSEWHERE, host="brain.example.com") as asks:
        found = [(await asks.post("/v1/search", json=ASKED, headers=key)).json()["passages"] for key in (agent, public)]
        counts = [(await asks.get("/readyz", headers=key)).json()["passages"] for key in (agent, public)]
        answered = await asks.post("/v1/answer", json=ASKED, headers=asker)
        is_problem(await asks.post("/v1/search", json=ASKED, headers=asker), 403, "forbidden")

    assert [sorted(p["document_id"] for p in some) for some in found] == [["geste.md", "retours.md"], ["retours.md"]]
    assert counts == [2, 1] and answered.json()["status"] == "answered"


async def test_a_wrong_key_is_refused_wherever_none_is_needed(brain: Brain, keys: Keys) -> None:
    revoked = make(keys)
    keys.revoke(keys.all()[0].id, "me")
    wrong = [
        revoked,
        *({"Authorization": value} for value in ("Bearer brain_x", "Bearer a.b.c", "Bearer", "Basic eA==", "")),
    ]
    async with asking(brain, with_settings(brain, keys="off")) as asks:
        for headers in wrong:
            for response in (
                await asks.post("/v1/answer", json=ASKED, headers=headers),
                await asks.get("/readyz", headers=headers),
            ):
                is_problem(response, 401, "key-refused")


async def test_a_key_of_a_reader_that_is_no_more_is_told_so(brain: Brain, keys: Keys) -> None:
    gone = make(keys, audience="partner")
    async with asking(brain) as asks:
        is_problem(await asks.post("/v1/answer", json=ASKED, headers=gone), 403, "forbidden")


async def test_the_last_use_is_written_and_the_log_names_the_key_without_its_secret(
    brain: Brain, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    start, header = datetime.now(UTC) - timedelta(seconds=2), make(keys)
    with caplog.at_level(logging.INFO):
        async with asking(brain) as asks:
            for _ in range(2):
                await asks.post("/v1/answer", json=ASKED, headers=header)

    (key,) = keys.all()
    assert key.last_used and datetime.fromisoformat(key.last_used) > start
    assert f"key={key.id}" in caplog.text
    assert header["Authorization"].rpartition("_")[2] not in caplog.text


async def test_beyond_its_rate_a_key_waits_and_others_do_not(brain: Brain, keys: Keys) -> None:
    slow, usual = make(keys, rate="2/hour"), make(keys)
    async with asking(brain, with_settings(brain, {"key": "3/hour"})) as asks:

        async def statuses(header: dict[str, str], times: int) -> list[int]:
            return [(await asks.post("/v1/search", json=ASKED, headers=header)).status_code for _ in range(times)]

        assert await statuses(slow, 3) == [200, 200, 429]
        assert await statuses(usual, 4) == [200, 200, 200, 429]
        last = await asks.post("/v1/answer", json=ASKED, headers=usual)

    is_problem(last, 429, "too-many-requests")
    assert 0 < int(last.headers["retry-after"]) <= 3600


async def test_without_a_key_an_address_has_its_limit_and_this_machine_none(brain: Brain) -> None:
    settings = with_settings(brain, {"address": "1/hour"}, keys="off")
    for client, expected in ((ELSEWHERE, [200, 429]), (ME, [200, 200])):
        async with asking(brain, settings, client) as asks:
            assert [(await asks.post("/v1/search", json=ASKED)).status_code for _ in range(2)] == expected
