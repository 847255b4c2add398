"""The headings within a passage's text."""

import re

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


def headings_above(text: str, at: int) -> tuple[str, ...]:
    """What the place `at` of a text stands under, the innermost last."""
    inside: list[tuple[int, str]] = []
    for match in _HEADING.finditer(text, 0, at):
        level = len(match[1])
        inside = [(above, heading) for above, heading in inside if above < level] + [(level, match[2])]
    return tuple(heading for _, heading in inside)
