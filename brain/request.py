"""The request that is being answered, where it is one of a service: its id, and what is worth saying of it in the log.

Both follow the request into tasks and threads (a context variable), so nothing has to hand them on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Noted:
    """`facts`: never a word of what was asked or answered."""

    id: str
    facts: dict[str, str] = field(default_factory=dict)


_current: ContextVar[Noted | None] = ContextVar("request", default=None)


@contextmanager
def request(id: str) -> Iterator[Noted]:
    """A request of this id is being answered inside."""
    noted = Noted(id)
    before = _current.get()
    _current.set(noted)
    try:
        yield noted
    finally:
        _current.set(before)


def request_id() -> str | None:
    """Of the request that is being answered; None outside of one."""
    noted = _current.get()
    return noted.id if noted else None


def note(**facts: str) -> None:
    """Adds to what the log says of the request."""
    if noted := _current.get():
        noted.facts.update(facts)
