"""What a passage states in figures, sentence by sentence, and whether two such statements can both be right."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from brain.facets import tag_key
from brain.text.analyzer import BEGINNING, beginnings, terms
from brain.text.asking import Kind
from brain.text.headings import headings_above
from brain.text.units import Unit, units
from brain.types import Passage
from brain.verify.values import Value, values_in

TIMES = {"minute": 1 / 1440, "day": 1.0, "working day": 1.0, "ouvrable day": 1.0, "month": 30.4}
"""Units of how long, in days."""
MONEY = frozenset(("eur", "usd", "gbp", "chf", "cent"))
UNITS: dict[Kind, Collection[str]] = {"money": MONEY, "time": TIMES, "weight": ("kg", "g", "t")}
ROUGHLY = 0.04
"""30 days are a month: lengths that differ by no more are the same."""
ALIKE = 0.25
"""Share of the shorter one's words that both must have to speak of the same."""
SAME_THING = 0.7
"""The same, from which two sentences of a page say one thing of two cases: a heading too many reads oddly."""
LEAST_WORDS = 2
"""A date alone says nothing that could be contradicted."""
LONGEST = 400
"""Characters of a unit; a long list or table states many things."""
_EXCEPTION = re.compile(
    r"[,;(]?\s+\b(?:sauf|except[ée]|hormis|hors|à l['’]exception|except|unless|other than)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_FREE = re.compile(
    r"\b(gratuit(?:e?s?|ement)|sans frais|offerte?s?|free|no (?:charge|fees?|cost)|at no cost)\b", re.IGNORECASE
)
_CLOCK = re.compile(r"\b\d{1,2}(?:\s?h(?:\s?\d{2})?|(?::\d{2})?\s?[ap]\.?m|:\d{2})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Stated:
    """A sentence with the one value that it states of a kind."""

    passage: Passage
    unit: Unit
    kind: str
    value: Value
    others: frozenset[tuple[str, frozenset[str]]]
    """Its values of other kinds."""
    language: str

    @cached_property
    def said(self) -> str:
        """The sentence without what it excepts: two that make the same exception need not speak of the same."""
        return _EXCEPTION.sub("", self.unit.text) or self.unit.text

    @cached_property
    def words(self) -> frozenset[str]:
        """The beginnings of its terms, without figures and the value's unit: "remboursons" and "remboursement" are one."""
        own = set(terms(self.said, self.language)) - set(terms(self.value.shown, self.language))
        return frozenset(term[:BEGINNING] for term in own if not any(map(str.isdigit, term)))

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """What it stands under, the innermost last: the page's title, the passage's headings, and those within its text."""
        return headings_above(self.passage, self.unit.span[0])

    @cached_property
    def around(self) -> frozenset[str]:
        """The beginnings of the terms of its title and headings, figures too."""
        return frozenset().union(*(self.words_of(heading) for heading in self.headings))

    def words_of(self, text: str) -> frozenset[str]:
        return beginnings(text, self.language)


def alike(one: Stated, other: Stated) -> float:
    least = min(len(one.words), len(other.words))
    return len(one.words & other.words) / least if least else 0.0


def differ(one: Value, other: Value) -> bool:
    """Whether two values of one kind can't both be right."""
    if one.kind == "date":
        return not any(_fits(a, b) for a in one.readings for b in other.readings)
    if one.unit in TIMES and other.unit in TIMES:
        lengths = [[float(reading) * TIMES[v.unit or ""] for reading in v.readings] for v in (one, other)]
        return not any(abs(a - b) <= ROUGHLY * max(a, b) for a in lengths[0] for b in lengths[1])
    return not one.readings & other.readings


def stated_in(passage: Passage) -> Iterator[Stated]:
    """The sentences of a passage that state one value of a kind."""
    language = passage.language or ""
    for unit in units(passage.text):
        if len(unit.text) > LONGEST or unit.text.startswith("|"):
            continue
        by_kind: dict[str, list[Value]] = {}
        for value in values_in(unit.text, language):
            if not (value.weak and value.unit not in TIMES):
                by_kind.setdefault(kind_of(value), []).append(value)
        for kind, values in by_kind.items():
            if kind and len({value.readings for value in values}) == 1:
                others = frozenset((k, v.readings) for k, all_ in by_kind.items() if k != kind for v in all_)
                stated = Stated(passage, unit, kind, values[0], others, language)
                if len(stated.words) >= LEAST_WORDS:
                    yield stated


def rivals(one: Stated, others: Iterable[Stated]) -> list[Value]:
    """The other figures that these sentences give for the same thing: of other cases, in one page."""
    return [
        other.value
        for other in others
        if one.kind == other.kind and differ(one.value, other.value) and alike(one, other) >= SAME_THING
    ]


def gives_several(page: Iterable[Passage]) -> bool:
    """Whether the passages of a page give several figures for one thing."""
    stated = [one for passage in page for one in stated_in(passage)]
    return any(rivals(one, stated[at + 1 :]) for at, one in enumerate(stated))


def states(kind: Kind, text: str, language: str) -> bool:
    """Whether a text gives a figure of this kind."""
    if kind == "clock":
        return bool(_CLOCK.search(text))
    if kind in ("number", "phone"):
        return any(value.kind == kind for value in values_in(text, language))
    return any(value.unit in UNITS[kind] for value in values_in(text, language))


def answers(kind: Kind, text: str, language: str) -> bool:
    """Whether a text gives such a figure, or says that there is nothing to pay."""
    return states(kind, text, language) or (kind == "money" and bool(_FREE.search(text)))


def kind_of(value: Value) -> str:
    """What a value answers: how long, when, how much of a unit; nothing for a bare number, which may count anything."""
    if value.kind == "date":
        return "date" if any(reading.count("*") < 2 for reading in value.readings) else ""
    if value.kind != "number" or not value.unit:
        return ""
    return "time" if value.unit in TIMES else value.unit


def comparable(one: Stated, other: Stated) -> bool:
    """Whether nothing but the words tells that they speak of different cases: see `brain.conflicts`."""
    return (
        one.passage.document_id != other.passage.document_id
        and one.kind == other.kind
        and one.language == other.language
        and one.others == other.others
        and not _variants(one.passage, other.passage)
        and _figures(one.around) == _figures(other.around)
        and alike(one, other) >= ALIKE
    )


def _variants(one: Passage, other: Passage) -> bool:
    keys = [{key: tag for tag in p.tags if (key := tag_key(tag))} for p in (one, other)]
    return any(keys[0][key] != keys[1][key] for key in keys[0].keys() & keys[1].keys())


def _figures(words: frozenset[str]) -> set[str]:
    return {word for word in words if any(map(str.isdigit, word))}


def _fits(one: str, other: str) -> bool:
    """Whether two dates, `*` for what is not said, may be one."""
    return all("*" in (a, b) or a == b for a, b in zip(one.split("-"), other.split("-"), strict=True))
