"""What is asked of a new key, checked. Each raises AccessError that says what would be right."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from brain.errors import AccessError
from brain.settings import Rate, Settings


def rights_of(names: list[str]) -> list[Any]:
    from brain.keys.store import RIGHTS  # loads SQLAlchemy

    if unknown := sorted(set(names) - set(RIGHTS)):
        raise AccessError(f"Unknown scope {', '.join(unknown)}.", f"Known: {', '.join(RIGHTS)}")
    return list(dict.fromkeys(names))


def rate_of(text: str) -> str | None:
    try:
        return TypeAdapter(Rate).validate_python(text) or None
    except ValidationError:
        raise AccessError(f"'{text}' is not a rate.", "Write it like this: 10/second; 5000/day") from None


def reader_of(audience: str, settings: Settings) -> str:
    if audience not in settings.access.readers:
        raise AccessError(
            f"'{audience}' is not a reader.", f"Known (access.readers): {', '.join(settings.access.readers)}"
        )
    return audience
