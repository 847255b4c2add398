"""The headings that a place of a passage stands under."""

import re
from typing import NamedTuple

from brain.text.remembered import remembered
from brain.types import Passage

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


class _Heading(NamedTuple):
    start: int
    level: int
    text: str


def headings_above(passage: Passage, at: int) -> tuple[str, ...]:
    """What the place `at` of a passage's text stands under: the page's title, then headings, the innermost last."""
    inside: list[_Heading] = []
    for heading in _headings(passage.text):
        if heading.start >= at:
            break
        inside = [above for above in inside if above.level < heading.level] + [heading]
    return (passage.title, *passage.heading_path, *(heading.text for heading in inside))


@remembered
def _headings(text: str) -> list[_Heading]:
    return [_Heading(match.start(), len(match[1]), match[2]) for match in _HEADING.finditer(text)]
