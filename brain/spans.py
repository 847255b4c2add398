"""The spans of a trace, where the request is traced; elsewhere one look at a context variable, and OpenTelemetry is not imported.

What OpenTelemetry calls a trace, a request's steps in time, is not what `brain.traces` keeps, which is an answer's record.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

Value = str | bool | int | float | tuple[str, ...]


class Span(Protocol):
    """A step with a beginning and an end. Attributes that are None are left out."""

    @property
    def content(self) -> bool:
        """Whether what was asked and said may be told, personal data masked."""
        ...

    def set(self, attributes: Mapping[str, Value | None]) -> None: ...

    def child(self, name: str, *, calls: bool) -> "Span":
        """A step of this one, begun now. `calls`: another service is asked."""
        ...

    def fail(self, kind: str) -> None: ...

    def end(self) -> None: ...


class _Nothing:
    """Where nobody traces."""

    content = False

    def set(self, attributes: Mapping[str, Value | None]) -> None: ...

    def child(self, name: str, *, calls: bool) -> "Span":
        return self

    def fail(self, kind: str) -> None: ...

    def end(self) -> None: ...


_NOTHING = _Nothing()
_current: ContextVar[Span | None] = ContextVar("span", default=None)


@contextmanager
def span(name: str, *, calls: bool = False) -> Iterator[Span]:
    """A step of what is being traced. `calls`: another service is asked. Errors are told by their type alone."""
    parent = _current.get()
    if parent is None:
        yield _NOTHING
        return
    with within(parent.child(name, calls=calls)) as begun:
        yield begun


@contextmanager
def within(begun: Span) -> Iterator[Span]:
    """What is done inside are steps of this span, which ends with it."""
    before = _current.get()
    _current.set(begun)
    try:
        yield begun
    except (GeneratorExit, asyncio.CancelledError):
        begun.set({"brain.cancelled": True})  # nobody waits for it any more: no failure
        raise
    except Exception as error:
        begun.fail(getattr(error, "kind", type(error).__name__))
        raise
    finally:
        begun.end()
        # Not reset by a token: an async generator may be closed in another context than it began in.
        _current.set(before)
