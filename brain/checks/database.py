"""The state's database: what it is, whether it takes writes, whether its clock agrees."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from brain.checks.base import Check
from brain.settings import Settings
from brain.state import Base, State
from brain.state.models import MetaRow

DRIFT_S = 5
"""Clocks that differ by more make tokens of one replica expire early at another."""
_PROBE = "doctor"


def database(settings: Settings) -> Iterator[Check]:
    """Raises StoreError. Leaves nothing behind."""
    state = Probe(settings)
    try:
        version, revision, missing = state.version()
        state.try_writing()
        moment, latest = state.moment(), state.meta("last_ingest")
    finally:
        state.close()
    about = f"{version}{f', schema {revision}' if revision else ''}; takes writes"
    if missing:
        yield Check("database", "wrong", f"{version}: tables are missing: {', '.join(missing)}", "Start Brain once.")
    else:
        yield Check("database", "well", about)
    now = datetime.now(UTC)
    off = abs((now - moment).total_seconds()) if moment else 0.0
    if off > DRIFT_S:
        mend = "Let both machines follow a time server (timedatectl)."
        yield Check("clock", "attention", f"differs by {off:.0f} s from the database's", mend)
    elif latest and datetime.fromisoformat(latest) > now:
        mend = "Set the clock; keys and tokens expire by it."
        yield Check("clock", "attention", f"{now:%Y-%m-%d %H:%M} UTC, but the last ingestion was at {latest}", mend)
    else:
        yield Check("clock", "well", f"{now:%Y-%m-%d %H:%M} UTC")


class Probe(State):
    """Looks at the database itself."""

    def version(self) -> tuple[str, str, list[str]]:
        """Its name and version, the schema's revision where one is kept, and the tables that are missing."""
        with self._session() as session:
            there = set(inspect(session.connection()).get_table_names())
            revision = (
                session.scalar(text("SELECT version_num FROM alembic_version")) if "alembic_version" in there else ""
            )
            return _named(session), str(revision or ""), sorted(set(Base.metadata.tables) - there)

    def try_writing(self) -> None:
        """Writes a fact and takes it back in the same transaction."""
        with self._session() as session:
            session.merge(MetaRow(key=_PROBE, value=""))
            session.flush()
            session.rollback()

    def moment(self) -> datetime | None:
        """Of a server, which has a clock of its own; None of SQLite."""
        if self._engine.dialect.name == "sqlite":
            return None
        with self._session() as session:
            found: datetime = session.scalar(text("SELECT now()"))
            return found


def _named(session: Session) -> str:
    engine = session.get_bind()
    if engine.dialect.name == "sqlite":
        return f"SQLite {session.scalar(text('SELECT sqlite_version()'))}"
    return f"PostgreSQL {session.scalar(text('SHOW server_version'))}"
