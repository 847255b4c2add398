"""One process serves an embedded index; several share a database and Redis."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest

from api.processes import alone, check_workers
from brain.conversations.owner import Owner
from brain.conversations.store import Conversations
from brain.errors import IndexLockedError, SettingsError
from brain.index.edge import EdgeIndex
from brain.keys.store import Keys
from brain.settings import IndexSettings, LimitSettings, Settings

SERVE = """
import sys, typer
from api.cli import register
from brain.errors import BrainError
from brain.console import show_error
app = typer.Typer(pretty_exceptions_enable=False)
app.callback()(lambda: None)
register(app)
try:
    app()
except BrainError as error:
    show_error(error)
    sys.exit(1)
"""
REDIS = os.environ.get("BRAIN_TEST_REDIS_URL", "redis://127.0.0.1:6379")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def served(home: Path, *flags: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    command = [sys.executable, "-c", SERVE, "serve", "--home", str(home), "--port", str(port), *flags]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | more)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=30)


def until_it_serves(url: str) -> None:
    end = monotonic() + 60
    while monotonic() < end:
        try:
            httpx.get(f"{url}/healthz", timeout=120)
        except httpx.TransportError:
            sleep(0.05)
        else:
            return
    raise AssertionError("it does not serve")


def test_a_second_service_on_the_home_of_an_embedded_index_is_refused_and_says_what_to_do(
    quick_path: Path, new_index: Callable[[Path], Path]
) -> None:
    home = quick_path / "home"
    new_index(home)
    with served(home) as (first, url):
        until_it_serves(url)
        with served(home) as (second, _):
            said = " ".join(second.communicate(timeout=60)[1].split())
        assert second.returncode == 1 and f"(number {first.pid})" in said and "embedded" in said
        assert all(word in said for word in ("--home", "Qdrant server", "PostgreSQL", "Redis"))
        assert httpx.get(f"{url}/healthz", timeout=120).status_code == 200
    with served(home) as (_, url):  # the lock goes with its process
        until_it_serves(url)


def test_an_index_that_another_process_has_open_is_not_served(
    settings: Settings, new_index: Callable[[Path], Path]
) -> None:
    index = EdgeIndex.open(new_index(settings.home))
    with pytest.raises(IndexLockedError, match=str(os.getpid())):
        alone(settings)
    index.close()
    with alone(settings):
        pass
    server = settings.model_copy(update={"index": IndexSettings(provider="server", url="http://127.0.0.1:1")})
    with alone(server), alone(server):
        pass


def test_workers_must_share_all_that_a_service_keeps(settings: Settings) -> None:
    check_workers(settings, 1)
    with pytest.raises(SettingsError, match=r"index\.provider.*state_url.*limits\.url") as error:
        check_workers(settings, 2)
    assert "Qdrant" in error.value.hint
    shared = {
        "index": IndexSettings(provider="server", url="http://127.0.0.1:1"),
        "state_url": "postgresql+psycopg://127.0.0.1/x",
        "limits": LimitSettings(url="redis://127.0.0.1"),
    }
    check_workers(settings.model_copy(update=shared), 2)
    for left, named in (("index", "index.provider"), ("state_url", "state_url"), ("limits", "limits.url")):
        less = {name: value for name, value in shared.items() if name != left}
        with pytest.raises(SettingsError, match=named):
            check_workers(settings.model_copy(update=less), 2)


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_two_workers_share_conversations_and_limits(place: Settings) -> None:
    redis = pytest.importorskip("redis")
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=1).ping()
    except redis.RedisError as error:
        pytest.skip(f"no Redis at {REDIS} (BRAIN_TEST_REDIS_URL): {error}")
    keys = Keys(place)
    made = keys.create("x", ("ask",), tenant="default", audience="public", actor="me", rate="12/hour")
    keys.close()
    shared = {
        "BRAIN_STATE_URL": place.state_url,
        "BRAIN_LIMITS__URL": f"{REDIS}/0",
        "BRAIN_INDEX__PROVIDER": "server",
        "BRAIN_INDEX__URL": "http://127.0.0.1:1",
    }
    with served(place.home, "--workers", "2", **shared) as (process, url):
        until_it_serves(url)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        assert not children.exists() or len(children.read_text().split()) >= 2
        # A connection of its own for each, so that either worker may take it.
        path = f"{url}/v1/conversations"
        header = {"Authorization": f"Bearer {made}"}
        begun = [httpx.post(path, json={}, headers=header, timeout=120).json()["id"] for _ in range(4)]
        for _ in range(8):
            listed = httpx.get(path, headers=header, timeout=120).json()["conversations"]
            assert {one["id"] for one in listed} == set(begun)
        assert httpx.get(path, headers=header, timeout=120).status_code == 429
    store = Conversations(place)
    assert len(store.list(Owner("default", "public", f"key::{made.id}"), 10)) == 4
    store.close()
