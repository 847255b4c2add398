"""The headings within a passage's text."""

import re
from typing import NamedTuple

from brain.text.remembered import remembered

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


class _Heading(NamedTuple):
    start: int
    level: int
    text: str


def headings_above(text: str, at: int) -> tuple[str, ...]:
    """What the place `at` of a text stands under, the innermost last."""
    inside: list[_Heading] = []
    for heading in _headings(text):
        if heading.start >= at:
            break
        inside = [above for above in inside if above.level < heading.level] + [heading]
    return tuple(heading.text for heading in inside)


@remembered
def _headings(text: str) -> list[_Heading]:
    return [_Heading(match.start(), len(match[1]), match[2]) for match in _HEADING.finditer(text)]
