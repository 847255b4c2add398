"""Requests are counted the same in this process and in Redis."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from api.errors import LimitError
from api.limits import Limit, Limits
from brain.errors import SettingsError
from brain.settings import LimitSettings, load_settings

REDIS = os.environ.get("BRAIN_TEST_REDIS_URL", "redis://127.0.0.1:6379")


@pytest.fixture(params=["memory", "redis"])
async def limits(request: pytest.FixtureRequest) -> AsyncIterator[Limits]:
    if request.param == "redis":
        redis = pytest.importorskip("redis")
        client = redis.asyncio.Redis.from_url(REDIS, socket_connect_timeout=1)
        try:
            await client.ping()
        except redis.RedisError as error:
            pytest.skip(f"no Redis at {REDIS} (BRAIN_TEST_REDIS_URL): {error}")
        finally:
            await client.aclose()
    opened = Limits(LimitSettings(url=REDIS if request.param == "redis" else "memory://"))
    yield opened
    await opened.close()


async def taken(limits: Limits, *wanted: Limit) -> int:
    """0, or the seconds to wait."""
    try:
        await limits.take(wanted)
    except LimitError as error:
        return error.wait
    return 0


async def test_no_more_than_the_rate_and_each_name_has_its_own(limits: Limits) -> None:
    one, two = (Limit("3/hour", uuid4().hex) for _ in range(2))

    assert [await taken(limits, one) for _ in range(3)] == [0, 0, 0]
    assert 0 < await taken(limits, one) <= 3600
    assert await taken(limits, two) == 0


async def test_of_requests_at_once_as_many_pass_as_there_are_left(limits: Limits) -> None:
    limit = Limit("10/hour", uuid4().hex)

    waits = await asyncio.gather(*(taken(limits, limit) for _ in range(30)))

    assert waits.count(0) == 10


async def test_the_narrowest_of_several_rates_counts(limits: Limits) -> None:
    limit = Limit("50/second; 2/day", uuid4().hex)

    assert [bool(await taken(limits, limit)) for _ in range(4)] == [False, False, True, True]


async def test_what_one_limit_refuses_is_not_taken_off_the_next(limits: Limits) -> None:
    narrow, wide = Limit("1/hour", uuid4().hex), Limit("2/hour", uuid4().hex)
    for _ in range(5):
        await taken(limits, narrow, wide)

    assert [bool(await taken(limits, wide)) for _ in range(2)] == [False, True]


async def test_no_rate_is_no_limit(limits: Limits) -> None:
    assert [await taken(limits, Limit("", "x")) for _ in range(100)] == [0] * 100


async def test_without_its_redis_a_service_counts_alone_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("redis")
    limits = Limits(LimitSettings(url="redis://:secret@127.0.0.1:9"))
    with caplog.at_level(logging.WARNING):
        waits = [bool(await taken(limits, Limit("2/hour", "x"))) for _ in range(4)]
    await limits.close()

    assert waits == [False, False, True, True]
    assert len(caplog.records) == 1 and "counted in this process alone" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("url", ["postgres://x", "nowhere", ""])
def test_an_unknown_storage_is_named(url: str) -> None:
    with pytest.raises(SettingsError, match=r"limits\.url"):
        Limits(LimitSettings(url=url))


@pytest.mark.parametrize("rate", ["10/second", "20/minute; 500/day", "5/2 hours", "", "100/10minutes;1/day"])
def test_rates_are_written_so(rate: str) -> None:
    assert load_settings(limits={"key": rate}).limits.key == rate


@pytest.mark.parametrize("rate", ["10", "0/second", "ten/second", "10/week", "10/second 5/day", "-1/day"])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(SettingsError, match=r"limits\.key"):
        load_settings(limits={"key": rate})


def test_a_password_is_not_shown() -> None:
    assert "secret" not in str(load_settings(limits={"url": "redis://:secret@host"}).shown())
