"""What is quoted of a page that gives several figures for the same thing: each with the case that it is of.

"Le passeport d'un mineur coûte 21 €" is true under "En Guyane" alone. Where the page says the same of another figure elsewhere, a
sentence that gives several of them is quoted instead, as openings often do ("42 € entre 15 et 17 ans et 17 € avant 15 ans").
Without one, the quotation takes in the heading right above the sentence, and the list that it is an item of: those say which
case it is.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from brain.stated import LONGEST, Stated, differ, kind_of, rivals, stated_in
from brain.text.units import MAX_LIST_CHARS, Unit, units
from brain.types import Passage
from brain.verify.values import Value, values_in

ABOUT = 0.5
"""Share of the sentence's words that one which sums up must have: it need not name the thing again."""
_ITEM = r"[ \t]*(?:[-*+•–]|\d{1,3}[.)])[ \t]+"
_ITEMS_BEFORE = re.compile(rf"(?:^{_ITEM}.*\n+)*{_ITEM}\Z", re.MULTILINE)
_ITEMS_AFTER = re.compile(rf"\n+{_ITEM}.*")
_HEADING_BEFORE = re.compile(r"^#{1,6}[ \t]+([^\n]+)\n\s*\Z", re.MULTILINE)


class InItsCase(NamedTuple):
    """What is quoted. `sums_up`: it gives several of the page's figures for the thing, so that none of the others is needed."""

    passage: Passage
    unit: Unit
    one_of_several: bool = False
    sums_up: bool = False


def in_its_case(unit: Unit, passage: Passage, page: Sequence[Passage]) -> InItsCase:
    """What says it for each case, or the unit with what says its case; `page`: the passages of its document, itself among them."""
    own = [stated for stated in stated_in(passage) if stated.unit == unit]
    others = [stated for each in page for stated in stated_in(each)] if own else []
    for one in own:
        if found := rivals(one, others):
            widened = InItsCase(passage, _widened(unit, passage.text), one_of_several=True)
            return _summary(one, found, page) or widened
    return InItsCase(passage, unit)


def _summary(one: Stated, others: Sequence[Value], page: Sequence[Passage]) -> InItsCase | None:
    """The sentence or list of the page that gives this figure and most of the others, the first of equals."""
    best, most = None, 0
    for passage in sorted(page, key=lambda p: p.position):
        for unit in units(passage.text):
            if len(unit.text) > LONGEST or unit.text.startswith("|"):
                continue
            values = [value for value in values_in(unit.text, one.language) if kind_of(value) == one.kind]
            given = {other.readings for other in others if any(not differ(other, value) for value in values)}
            about = len(one.words & one.words_of(unit.text)) >= ABOUT * len(one.words)
            if about and len(given) > most and any(not differ(one.value, value) for value in values):
                best, most = InItsCase(passage, unit, one_of_several=True, sums_up=True), len(given)
    return best


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
