"""Who is let in, to what, and how often: the real app with real keys, asked over ASGI."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx
import pytest

ASKED = {"question": "Combien de jours pour renvoyer un article ?"}
ME, ELSEWHERE = ("127.0.0.1", 5000), ("192.0.2.7", 5000)


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
    house: Any, service: dict[str, Any], client: tuple[str, int], host: str, open_: bool
) -> None:
    async with house.asking(house.with_settings(**service), client, host) as asks:
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
    house: Any, kind: Literal["key", "site"]
) -> None:
    async with house.asking() as asks:
        assert (await asks.post("/v1/search", json=ASKED)).status_code == 200
        if kind == "key":
            house.key()
        else:
            house.site()
        is_problem(await asks.post("/v1/search", json=ASKED), 401, "key-missing")
        for id in [key.id for key in house.keys.all()]:
            house.keys.revoke(id, "me")
        is_problem(await asks.post("/v1/search", json=ASKED), 401, "key-missing")


async def test_a_key_reads_as_its_audience_and_does_what_its_scopes_say(house: Any) -> None:
    agent, public, asker = house.key(), house.key(audience="public"), house.key("ask")
    async with house.asking(client=ELSEWHERE, host="brain.example.com") as asks:
        found = [(await asks.post("/v1/search", json=ASKED, headers=key)).json()["passages"] for key in (agent, public)]
        counts = [(await asks.get("/readyz", headers=key)).json()["passages"] for key in (agent, public)]
        answered = await asks.post("/v1/answer", json=ASKED, headers=asker)
        is_problem(await asks.post("/v1/search", json=ASKED, headers=asker), 403, "forbidden")

    assert [sorted(p["document_id"] for p in some) for some in found] == [["geste.md", "retours.md"], ["retours.md"]]
    assert counts == [2, 1] and answered.json()["status"] == "answered"


async def test_a_wrong_key_is_refused_wherever_none_is_needed(house: Any) -> None:
    revoked = house.key()
    house.keys.revoke(house.keys.all()[0].id, "me")
    wrong = [
        revoked,
        *({"Authorization": value} for value in ("Bearer brain_x", "Bearer a.b.c", "Bearer", "Basic eA==", "")),
    ]
    async with house.asking(house.with_settings(keys="off")) as asks:
        for headers in wrong:
            for response in (
                await asks.post("/v1/answer", json=ASKED, headers=headers),
                await asks.get("/readyz", headers=headers),
            ):
                is_problem(response, 401, "key-refused")


async def test_a_key_of_a_reader_that_is_no_more_is_told_so(house: Any) -> None:
    gone = house.key(audience="partner")
    async with house.asking() as asks:
        is_problem(await asks.post("/v1/answer", json=ASKED, headers=gone), 403, "forbidden")


async def test_the_last_use_is_written_and_the_log_names_the_key_without_its_secret(
    house: Any, caplog: pytest.LogCaptureFixture
) -> None:
    start, header = datetime.now(UTC) - timedelta(seconds=2), house.key()
    with caplog.at_level(logging.INFO):
        async with house.asking() as asks:
            for _ in range(2):
                await asks.post("/v1/answer", json=ASKED, headers=header)

    (key,) = house.keys.all()
    assert key.last_used and datetime.fromisoformat(key.last_used) > start
    told = [record.fields["key"] for record in caplog.records if hasattr(record, "fields")]
    assert told == [key.id] * 2
    assert header["Authorization"].split("_", 2)[2] not in caplog.text


async def test_beyond_its_rate_a_key_waits_and_others_do_not(house: Any) -> None:
    slow, usual = house.key(rate="2/hour"), house.key()
    async with house.asking(house.with_settings({"key": "3/hour"})) as asks:

        async def statuses(header: dict[str, str], times: int) -> list[int]:
            return [(await asks.post("/v1/search", json=ASKED, headers=header)).status_code for _ in range(times)]

        assert await statuses(slow, 3) == [200, 200, 429]
        assert await statuses(usual, 4) == [200, 200, 200, 429]
        last = await asks.post("/v1/answer", json=ASKED, headers=usual)

    is_problem(last, 429, "too-many-requests")
    assert 0 < int(last.headers["retry-after"]) <= 3600


async def test_without_a_key_an_address_has_its_limit_and_this_machine_none(house: Any) -> None:
    settings = house.with_settings({"address": "1/hour"}, keys="off")
    for client, expected in ((ELSEWHERE, [200, 429]), (ME, [200, 200])):
        async with house.asking(settings, client) as asks:
            assert [(await asks.post("/v1/search", json=ASKED)).status_code for _ in range(2)] == expected
