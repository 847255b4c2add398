"""Where a text, such as a person's name, stands in what is kept: however it is spaced, accented or in capitals."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

LEAST_CHARS = 3
_DIGITS = re.compile(r"[\d\s().+\-/]+")


def matcher(text: str) -> Callable[[Any], bool]:
    """Tells whether it stands, as whole words, in any text of a plain value.

    Of a number (a telephone's, a card's) the digits count alone, however they are grouped.
    """
    plain = _plain(text).strip()
    if _DIGITS.fullmatch(plain):
        wanted = r"[\s().\-/]{0,3}".join(re.findall(r"\d", plain))
    else:
        wanted = r"\s+".join(re.escape(word) for word in plain.split())
    pattern = re.compile(rf"(?<!\w){wanted}(?!\w)")

    def stands(value: Any) -> bool:
        if isinstance(value, str):
            return bool(pattern.search(_plain(value)))
        if isinstance(value, Mapping):
            return any(map(stands, value.values()))
        return isinstance(value, list | tuple) and any(map(stands, value))

    return stands


def _plain(text: str) -> str:
    """Without accents and capitals."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))
