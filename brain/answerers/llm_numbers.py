"""Numbers of a text written one way, so that a model's can be looked up in a passage."""

import re
from collections.abc import Iterable

_NUMBER = re.compile(
    r"(?<!\d)(?P<grouped>[1-9]\d{0,2}(?P<mark>[ \u00a0\u202f'’.,])\d{3}(?:(?P=mark)\d{3})*)(?!\d)"
    r"(?:[.,](?P<cents>\d+))?"
    r"|(?P<date>\d+(?:[./-]\d+){2,})"
    r"|(?P<whole>\d+)(?:[.,](?P<fraction>\d+))?"
)


def numbers_in(texts: Iterable[str]) -> set[str]:
    """The numbers of the texts: "1 200,50", "1,200.50" and "1200.5" are "1200.5"; a date in figures is its parts."""
    return {number for text in texts for match in _NUMBER.finditer(text) for number in _normalized(match)}


def _normalized(match: re.Match[str]) -> list[str]:
    if match["date"]:
        return [_without_zeros(part) for part in re.split(r"[./-]", match["date"])]
    fraction = (match["cents"] or match["fraction"] or "").rstrip("0")
    whole = _without_zeros(re.sub(r"\D", "", match["grouped"] or match["whole"]))
    return [f"{whole}.{fraction}" if fraction else whole]


def _without_zeros(digits: str) -> str:
    return digits.lstrip("0") or "0"
