"""The connection to a state database: SQLAlchemy's engine, and one transaction."""

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from brain.errors import StoreError
from brain.settings import Settings, redact_url


def url_of(settings: Settings) -> str:
    """Of the settings' state; makes the home folder where the state lies in it."""
    if settings.state_url:
        return settings.state_url
    settings.home.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{settings.home / 'state.db'}"


def is_there(settings: Settings) -> bool:
    """Whether there can be a state: what doesn't exist is not made by looking."""
    return bool(settings.state_url) or (settings.home / "state.db").exists()


def engine_of(url: str) -> Engine:
    """Raises StoreError where there is no driver for it."""
    try:
        engine = create_engine(url)
    except (SQLAlchemyError, ImportError) as error:
        raise StoreError(
            f"state_url {redact_url(url)} can't be used: {error}",
            "Use sqlite:///… or, with the extra `postgres`, postgresql+psycopg://…",
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
    return engine


class Transaction:
    """A session that commits at the end; database errors become StoreError. `url` is shown: without its password."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._session, self._url = Session(engine, expire_on_commit=False), url

    def __enter__(self) -> Session:
        return self._session

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self._session.commit()
        except SQLAlchemyError as problem:
            error = problem
        finally:
            self._session.close()
        if isinstance(error, SQLAlchemyError):
            raise failed(self._url, error) from error


def failed(url: str, error: SQLAlchemyError) -> StoreError:
    """What a user is told of it: the first line of the database's own message."""
    cause = str(getattr(error, "orig", None) or error).splitlines()[0]
    return StoreError(f"The state database {url} failed: {cause}", "Check state_url, or run: brain doctor")


def _tune_sqlite(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA synchronous=FULL")
    # What is deleted is overwritten: a person's data must not be left in the file's free pages.
    connection.execute("PRAGMA secure_delete=ON")
