"""Brings a database to this program's tables by Alembic's revisions, in `migrations/versions`.

Where it is there already, that takes two small reads, and Alembic is not imported.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from brain.errors import StateVersionError
from brain.state.engine import failed

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
_ADVISORY_LOCK = 7305528
_ALEMBIC = Lock()
"""Alembic's `op` is of the whole process: one migration at a time."""


@cache
def revisions() -> tuple[str, ...]:
    """All that this program knows, the newest last: a file's name begins with its revision."""
    return tuple(sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def revision_of(connection: Connection) -> str | None:
    """The database's own; None where it is empty, or was made before there were revisions."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return str(found) if found else None


def bring_up_to_date(engine: Engine, shown_url: str) -> None:
    """Several processes and threads may open an empty database at once: they take turns.

    Raises StateVersionError where the database is newer than this program, StoreError.
    """
    try:
        with engine.connect() as connection:
            if _is_up_to_date(connection, shown_url):
                return
        with _ALEMBIC, _turn(engine), _transaction(engine) as connection:
            if not _is_up_to_date(connection, shown_url):
                _migrate(connection)
    except SQLAlchemyError as error:
        raise failed(shown_url, error) from error


def _is_up_to_date(connection: Connection, shown_url: str) -> bool:
    found, known = revision_of(connection), revisions()
    if found is not None and found not in known:
        raise StateVersionError(
            f"The state database {shown_url} is of a newer Brain: its revision is {found}, this one knows up to {known[-1]}.",
            "Install that version again, or go back to a backup from before it.",
        )
    return found == known[-1]


def _migrate(connection: Connection) -> None:
    """All or nothing, within the connection's transaction."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(MIGRATIONS))
    steps = {"fn": lambda revision, _: scripts._upgrade_revs("head", revision)}
    migration = MigrationContext.configure(connection, opts=steps)
    with Operations.context(migration):
        migration.run_migrations()


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    """One in which tables can be made, too."""
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            yield connection
        return
    # Python's sqlite3 begins a transaction for rows, but not for tables.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Readers never wait for a writer, and a killed process or machine leaves a whole database. It stays so.
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def _turn(engine: Engine) -> AbstractContextManager[Any]:
    """SQLite does not wait for others while the journal's mode is set; PostgreSQL has locks of its own."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    return FileLock(f"{file}.lock") if file and file != ":memory:" else nullcontext()
