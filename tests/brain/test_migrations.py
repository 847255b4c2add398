"""A database is brought to this program's tables when it is opened: from nothing, from before there were revisions, once."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from brain.errors import StateVersionError, StoreError
from brain.feedback import Feedbacks
from brain.keys.audit import Audit, note
from brain.keys.sites import Sites
from brain.keys.store import Keys
from brain.settings import Settings, load_settings
from brain.state import State
from brain.state.engine import engine_of, url_of
from brain.state.migrating import MIGRATIONS, bring_up_to_date, revisions
from brain.state.tables import MODULES, all_tables
from brain.traces.store import Traces

ROOT = Path(__file__).parents[2]
FORMER = Path(__file__).parent / "former"
"""Databases with rows, dumped (SQLite's .dump, pg_dump --inserts) as the code before there were revisions left them."""


def opened(place: Settings) -> Engine:
    engine = engine_of(url_of(place))
    bring_up_to_date(engine, "shown")
    return engine


def test_the_revisions_make_what_the_models_say(place: Settings) -> None:
    """If this fails, a revision is missing: alembic revision --autogenerate -m "what it does"."""
    engine = opened(place)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), all_tables()) == []
    engine.dispose()


def test_all_modules_with_tables_are_known() -> None:
    defined = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in ("brain", "ingest", "api", "eval")
        for path in (ROOT / package).rglob("*.py")
        if "__tablename__ =" in path.read_text(encoding="utf-8")
    }
    assert defined - {"brain.state.models"} == set(MODULES)


def test_revisions_follow_one_another() -> None:
    from alembic.script import ScriptDirectory

    ordered = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    assert tuple(reversed(ordered)) == revisions() and revisions()[0] == "0001"


def former(place: Settings) -> Settings:
    """With a database as the former code left it."""
    url = url_of(place)
    if url.startswith("sqlite"):
        connection = sqlite3.connect(place.home / "state.db")
        connection.executescript((FORMER / "state.sqlite.sql").read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
    else:
        engine = engine_of(url)
        with engine.begin() as connection:
            connection.exec_driver_sql((FORMER / "state.postgresql.sql").read_text(encoding="utf-8"))
        engine.dispose()
    return place


def test_a_former_database_is_adopted_with_all_its_rows(place: Settings) -> None:
    state = State(former(place))
    document = state.document("acme", "retours")
    assert document and (document.title, document.audience) == ("Retours d’été", ("public", "agent"))
    assert [(known.id, known.indexed, known.passages) for known in state.known("kb")] == [("retours", True, 2)]
    assert set(state.files("kb")) == {"a.md", "b.md"} and state.meta("index_id") == "i1" and state.built("i2") == 2
    assert state.flags("kb")[0]["flags"] == {"link": "http://x"}
    keys, sites, feedbacks, traces, audit = (store(place) for store in (Keys, Sites, Feedbacks, Traces, Audit))
    assert [key.name for key in keys.all()] == ["helpdesk"] and [site.name for site in sites.all()] == ["help centre"]
    assert [row["comment"] for row in feedbacks.newest()] == ["C’est 30 jours."]
    assert traces.get("a" * 32) and [cited.document_id for cited in traces.citing()] == ["retours"]
    keys.revoke(keys.all()[0].id, "me")
    assert [act["act"] for act in audit.acts()] == ["key revoked", "site key created", "key created"]
    with state._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), all_tables()) == []
    for store in (state, keys, sites, feedbacks, traces, audit):
        store.close()


def test_tables_that_a_former_database_did_not_have_yet_are_made(place: Settings) -> None:
    engine = engine_of(url_of(former(place)))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE feedback"))
        connection.execute(text("DROP INDEX ix_traces_tenant"))
    engine.dispose()
    feedbacks = Feedbacks(place)

    assert feedbacks.newest() == [] and feedbacks.document("acme", "retours")
    with feedbacks._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), all_tables()) == []
    feedbacks.close()


def test_a_database_of_a_newer_program_is_left_alone(place: Settings) -> None:
    engine = opened(place)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(StateVersionError, match=r"newer Brain.*9999") as error:
        State(place)
    assert "backup" in error.value.hint


def test_a_migration_that_fails_leaves_the_database_as_it_was(place: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def fails(*arguments: Any, **more: Any) -> None:
        made.append(arguments)
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(op, "create_index", fails)
        with pytest.raises(RuntimeError):
            State(place)
    assert made
    engine = engine_of(url_of(place))
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    engine.dispose()
    State(place).close()


OPENING = """
import sys
from threading import Barrier, Thread
from brain.keys.audit import Audit, note
from brain.settings import load_settings
place, together, errors = load_settings(home=sys.argv[1], state_url=sys.argv[2]), Barrier(4), []
def work(number):
    together.wait()
    try:
        audit = Audit(place)
        with audit._session() as session:
            note(session, "me", "opened", str(number))
        audit.close()
    except BaseException as error:
        errors.append(error)
threads = [Thread(target=work, args=(number,)) for number in range(4)]
print("ready", flush=True); sys.stdin.readline()
for thread in threads: thread.start()
for thread in threads: thread.join()
sys.exit(str(errors) if errors else 0)
"""


def test_processes_and_threads_that_open_an_empty_database_at_once_take_turns(place: Settings) -> None:
    command = [sys.executable, "-c", OPENING, str(place.home), place.state_url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(3)]  # type: ignore[call-overload]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=120) for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], ended
    audit = Audit(place)
    assert len(audit.acts()) == 12
    audit.close()


def test_two_databases_may_be_made_at_once(quick_path: Path) -> None:
    places = [load_settings(home=quick_path / str(number)) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for state in pool.map(State, places):
            assert state.meta("x") is None
            state.close()


def test_opening_what_is_up_to_date_does_not_load_alembic(settings: Settings) -> None:
    State(settings).close()
    script = (
        "import sys; from brain.settings import load_settings; from brain.state import State\n"
        "State(load_settings(home=sys.argv[1])).close(); print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(settings.home)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def test_what_is_deleted_is_not_left_in_the_file(settings: Settings) -> None:
    audit = Audit(settings)
    with audit._session() as session:
        note(session, "me", "said", "unmistakable-words")
    with audit._session() as session:
        session.execute(text("DELETE FROM audit"))
        session.commit()
        session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    audit.close()
    assert b"unmistakable-words" not in (settings.home / "state.db").read_bytes()


def test_a_database_that_cannot_be_written_is_a_store_error(settings: Settings) -> None:
    settings.home.mkdir()
    (settings.home / "state.db").mkdir()
    with pytest.raises(StoreError, match="state database"):
        State(settings)
