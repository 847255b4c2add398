"""How the service's log is written: as text for people, or as an object a line for programs. No personal data, no secret, no question.

What is logged may carry `extra={"fields": {…}}`; the id of the request during which it was said, if any, comes with it by itself.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from traceback import format_tb
from typing import Any, Literal

from rich.text import Text

from brain.console import err
from brain.keys.secret import without_secrets
from brain.privacy import mask
from brain.request import request_id

_STYLES = {logging.WARNING: "yellow", logging.ERROR: "bold red", logging.CRITICAL: "bold red"}


def log_to_terminal(form: Literal["text", "json"]) -> None:
    """Everything from WARNING on, of the service itself from INFO on, to standard error."""
    handler = JsonLines() if form == "json" else Terminal()
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("api").setLevel(logging.INFO)


class Terminal(logging.Handler):
    """A line for people."""

    def emit(self, record: logging.LogRecord) -> None:
        told = [f"{name}={value}" for name, value in fields_of(record).items()]
        line = " ".join([f"{_moment(record):%Y-%m-%d %H:%M:%S}", record.levelname, record.getMessage(), *told])
        said = _harmless("\n".join([line, *_where(record)]))
        err.print(Text(said, style=_STYLES.get(record.levelno, "")), soft_wrap=True)


class JsonLines(logging.Handler):
    """An object a line: `time`, `level`, `logger`, `message`, then what the record has beside, such as `request_id` and `status`."""

    def emit(self, record: logging.LogRecord) -> None:
        told = {"time": _moment(record).isoformat(timespec="milliseconds"), "level": record.levelname.lower()}
        told |= {"logger": record.name, "message": record.getMessage(), **fields_of(record)}
        if where := "".join(_where(record)):
            told["where"] = where
        safe = {name: _harmless(value) if isinstance(value, str) else value for name, value in told.items()}
        sys.stderr.write(json.dumps(safe, ensure_ascii=False) + "\n")
        sys.stderr.flush()


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What the record says beside its message."""
    id = request_id()
    own: dict[str, Any] = getattr(record, "fields", {})
    return own | ({"request_id": id} if id else {})


def _where(record: logging.LogRecord) -> list[str]:
    """Of an exception the places and the type, never the message: it may quote what was asked."""
    kind, _, trace = record.exc_info or (None, None, None)
    return [*format_tb(trace), kind.__name__] if kind else []


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _harmless(text: str) -> str:
    return without_secrets(mask(text))
