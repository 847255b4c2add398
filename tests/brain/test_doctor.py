"""What `brain doctor` says of keys, the database, the clock, extras, prompts, and settings that don't go together."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from rich.console import Console
from typer.testing import CliRunner

from api import checks as service_checks
from brain.checks.base import MORE, Check
from brain.checks.database import Probe, database
from brain.checks.fitting import extras, fitting
from brain.checks.keys import keys
from brain.cli import app
from brain.doctor import examine
from brain.errors import SettingsError, StoreError
from brain.keys.store import Keys
from brain.settings import Settings, load_settings
from brain.show import show_checks
from brain.state import State
from brain.testing import HashEncoder
from prompts import list_prompts


def one(found: Iterator[Check], name: str = "") -> Check:
    (check,) = (check for check in found if not name or check.name == name)
    return check


def problems(**settings: Any) -> list[str]:
    return [f"{check.level}: {check.found}" for check in fitting(load_settings(**settings)) if check.level != "well"]


def test_a_database_tells_its_version_and_takes_writes_that_leave_nothing(place: Settings) -> None:
    State(place).close()
    found = one(database(place), "database")

    kind = "PostgreSQL" if place.state_url else "SQLite"
    assert found.level == "well" and found.found.startswith(kind) and "takes writes" in found.found
    state = State(place)
    assert state.meta("doctor") is None
    state.close()
    assert one(database(place), "clock").level == "well"


def test_a_database_that_takes_no_writes_is_wrong(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    State(settings).close()
    file = settings.home / "state.db"
    monkeypatch.setattr("brain.state.engine.create_engine", _read_only(f"sqlite:///file:{file}?mode=ro&uri=true"))

    with pytest.raises(StoreError, match="readonly"):
        list(database(settings))


def _read_only(url: str) -> Any:
    from sqlalchemy import create_engine

    return lambda _: create_engine(url)


def test_a_clock_that_differs_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Probe, "moment", lambda _: datetime.now(UTC) - timedelta(seconds=90))
    found = one(database(settings), "clock")
    assert (found.level, "90 s" in found.found) == ("attention", True)

    monkeypatch.setattr(Probe, "moment", lambda _: None)
    state = State(settings)
    state.set_meta("last_ingest", (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="seconds"))
    state.close()
    found = one(database(settings), "clock")
    assert (found.level, "last ingestion" in found.found) == ("attention", True)


def test_keys_are_counted_and_those_that_end_soon_named(settings: Settings) -> None:
    assert one(keys(settings)).found.startswith("none yet")
    assert not settings.home.exists()  # not made by looking
    held, now = Keys(settings), datetime.now(UTC)
    common: Any = {"tenant": "default", "actor": "me"}
    held.create("late", ["ask"], audience="public", expires_at=now + timedelta(days=100), **common)
    soon = held.create("soon", ["ask"], audience="public", expires_at=now + timedelta(days=3), **common)
    held.create("over", ["ask"], audience="public", expires_at=now - timedelta(days=3), **common)
    held.create("odd", ["ask"], audience="partner", **common)
    held.close()

    counted, ending, unread = keys(settings)
    assert (counted.level, counted.found) == ("well", "3 valid of 4, 0 site keys")
    assert ending.level == "attention" and ending.found.startswith(f"{soon.id} (soon) ends on ")
    assert unread.level == "wrong" and "'partner'" in unread.found


@pytest.mark.parametrize(("how", "level"), [("off", "attention"), ("required", "attention"), ("auto", "well")])
def test_without_keys_it_depends_on_who_needs_one(tmp_path: Path, how: str, level: str) -> None:
    assert one(keys(load_settings(home=tmp_path, service={"keys": how}))).level == level


def test_extras_that_the_settings_need_and_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [check.level for check in extras(load_settings())] == ["well"]
    monkeypatch.setattr("brain.checks.fitting.find_spec", lambda _: None)
    needing = load_settings(
        state_url="postgresql+psycopg://x/y", limits={"url": "redis://x"}, telemetry={"url": "http://x"}
    )

    told = [check for check in extras(needing) if check.level == "wrong"]
    assert [check.mend for check in told] == [
        f"pip install 'brain-answers[{n}]'" for n in ("postgres", "redis", "otel")
    ]


SERVER = {"provider": "server", "url": "http://qdrant:6333"}
MODEL = {"url": "https://api.example.com/v1", "model": "m"}


def test_settings_that_go_together_are_one_line() -> None:
    several: Any = {"state_url": "postgresql+psycopg://x/y", "limits": {"url": "redis://redis"}, "index": SERVER}
    for settings in ({}, several, several | {"answer": {"provider": "llm"}, "llm": MODEL}):
        assert problems(**settings) == []
    assert one(fitting(load_settings())).level == "well"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"index": SERVER, "state_url": "postgresql+psycopg://x/y"}, "limits are counted in each process"),
        ({"index": SERVER}, "the state in a file"),
        ({"service": {"keys": "off", "host": "0.0.0.0"}}, "without keys"),
        ({"service": {"proxies": "*"}}, r"service.proxies is *"),
        ({"metrics": {"open_to": "0.0.0.0/0"}}, "metrics.open_to is everyone"),
        (
            {"encoder": {"provider": "endpoint", "model": "m", "url": "http://api.example.com", "api_key": "k"}},
            "encoder.url",
        ),
        ({"answer": {"judge": "llm"}}, "answer.judge is llm"),
        ({"answer": {"provider": "llm"}, "llm": MODEL | {"mask": "never"}}, "llm.mask is never"),
        ({"answer": {"provider": "llm"}, "llm": MODEL | {"first_token_s": 20}}, "llm.first_token_s"),
    ],
)
def test_settings_that_do_not_go_together_are_named(settings: dict[str, Any], said: str) -> None:
    (found,) = problems(**settings)
    assert said in found


def test_workers_do_not_go_with_an_embedded_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    (found,) = problems()
    assert found.startswith("wrong: WEB_CONCURRENCY is 4")
    assert (
        problems(index=SERVER | {"url": ":memory:"}, state_url="postgresql+psycopg://x/y", limits={"url": "redis://x"})
        == []
    )


def test_where_limits_are_counted() -> None:
    pytest.importorskip("redis")
    assert one(service_checks.limits(load_settings())).found == "counted in this process"
    away = one(service_checks.limits(load_settings(limits={"url": "redis://:secret@127.0.0.1:9"})))
    assert away.level == "wrong" and "does not answer" in away.found and "secret" not in f"{away}"
    with pytest.raises(SettingsError):
        list(service_checks.limits(load_settings(limits={"url": "nowhere://x"})))


def test_the_pages_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert one(service_checks.pages(load_settings())).level == "well"
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "console.js").write_text(" ")
    monkeypatch.setattr(service_checks.resources, "files", lambda _: tmp_path)

    found = one(service_checks.pages(load_settings()))
    assert found.level == "wrong"
    assert "console.html" in found.found and "console.js (empty)" in found.found


def test_a_prompt_that_was_altered_since_it_was_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brain.doctor.make_encoder", lambda _: HashEncoder())
    settings = load_settings(home=tmp_path)
    assert one(iter(examine(settings)), "prompts").level == "well"
    first, *rest = (p for p in list_prompts() if p.filename == "answer.fr.v2.md")
    monkeypatch.setattr("brain.doctor.prompts.list_prompts", lambda: [replace(first, content_hash="0" * 64)])

    found = one(iter(examine(settings)), "prompts")
    assert found.level == "wrong" and "answer.fr.v2.md" in found.found and not rest


def test_a_part_that_fails_unforeseen_does_not_hide_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Settings) -> HashEncoder:
        raise RuntimeError("boom\nand more")

    monkeypatch.setattr("brain.doctor.make_encoder", fails)
    with patch.dict(MORE, clear=True):
        service_checks.register()
        found = {check.name: check for check in examine(load_settings(home=tmp_path))}

    assert found["encoder"].found == "could not be checked: RuntimeError: boom"
    assert {"home", "database", "state", "index", "keys", "limits", "pages", "extras", "settings"} <= set(found)


def test_a_qdrant_server_that_is_away_is_told_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brain.doctor.make_encoder", lambda _: HashEncoder())
    monkeypatch.setattr("brain.index.server.GRPC_PORT", 9)
    settings = load_settings(home=tmp_path, index={"provider": "server", "url": "http://127.0.0.1:9"})

    (found,) = (check for check in examine(settings) if check.name == "index")
    says = "The Qdrant server at http://127.0.0.1:9 can't be reached on its gRPC port 9: "
    assert found.level == "wrong" and found.found.startswith(says) and "\n" not in found.found
    assert found.mend == "Start it, or correct index.url. Open port 9 too, or set index.prefer_grpc to false."


def test_the_table_fits_eighty_columns() -> None:
    out = io.StringIO()
    long = "sqlite:////srv/brain/a/long/path/without/any/blank/" + "x" * 80
    show_checks(
        [Check("settings", "wrong", long, "Do this. " * 20), Check("a", "well", "yes")], Console(file=out, width=80)
    )

    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert long in "".join(line[11:].strip() for line in lines)
    assert sum(line.startswith(("✗", "✓")) for line in lines) == 2


def test_the_exit_code_and_json_say_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brain.doctor.make_encoder", lambda _: HashEncoder())
    run = CliRunner().invoke(app, ["doctor", "--json", "--home", str(tmp_path)])

    levels = {check["name"]: check["level"] for check in json.loads(run.stdout)["checks"]}
    assert run.exit_code == (1 if "wrong" in levels.values() else 0)
    assert levels["database"] == "well" and levels["index"] == "wrong"
