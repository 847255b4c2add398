"""What is quoted of a page that gives several figures for the same thing: each with the case that it is of.

"Le passeport d'un mineur coûte 21 €" is true under "En Guyane" alone. Where the page says the same of another figure elsewhere, the
quotation takes in the heading right above the sentence, and the list that it is an item of: those say which case it is.
"""

import re
from collections.abc import Sequence

from brain.stated import alike, differ, stated_in
from brain.text.units import MAX_LIST_CHARS, Unit
from brain.types import Passage

SAME_THING = 0.7
"""Share of the shorter sentence's words in the other from which both say the same of two cases: a heading too many reads oddly."""
_ITEM = r"[ \t]*(?:[-*+•–]|\d{1,3}[.)])[ \t]+"
_ITEMS_BEFORE = re.compile(rf"(?:^{_ITEM}.*\n+)*{_ITEM}\Z", re.MULTILINE)
_ITEMS_AFTER = re.compile(rf"\n+{_ITEM}.*")
_HEADING_BEFORE = re.compile(r"^#{1,6}[ \t]+([^\n]+)\n\s*\Z", re.MULTILINE)


def in_its_case(unit: Unit, passage: Passage, page: Sequence[Passage]) -> Unit:
    """The unit, or what says its case with it; `page`: the passages of its document, itself among them."""
    own = [stated for stated in stated_in(passage) if stated.unit == unit]
    others = [stated for each in page for stated in stated_in(each)] if own else []
    for one in own:
        for other in others:
            if one.kind == other.kind and differ(one.value, other.value) and alike(one, other) >= SAME_THING:
                return _widened(unit, passage.text)
    return unit


def _widened(unit: Unit, text: str) -> Unit:
    start, end = unit.span
    if before := _ITEMS_BEFORE.search(text, 0, start):
        last = end
        while after := _ITEMS_AFTER.match(text, last):
            last = after.end()
        if last - before.start() <= MAX_LIST_CHARS:
            start, end = before.start(), last
    if heading := _HEADING_BEFORE.search(text, 0, start):
        start = heading.start(1)
    return Unit(text[start:end], (start, end))
