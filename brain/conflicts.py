"""Do pages contradict each other on what is asked? Two sentences of two documents that say the same of another figure.

Both must speak of what the question asks, and so like each other that only the figure tells them apart: one value each of one kind (how
long, how much, when), in the same language. Not variants of one page by a facet, and not sentences or titles that name different
years, dates or other figures: those speak of different cases. Values are read as `brain/verify/values.py` reads them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import combinations

from brain.facets import tag_key
from brain.text.analyzer import terms
from brain.text.units import Unit, units
from brain.types import Citation, Passage, Passages, Sentence
from brain.verify.support import Close
from brain.verify.values import Value, values_in

MOST_PAIRS = 3
"""Pairs that are compared by meaning; each costs milliseconds, and there are seldom any."""
LEAST_ASKED = 0.25
"""Share of the question's terms that each of the two must hold, its title and headings included."""
ALIKE = 0.3
"""Share of the shorter one's terms that both must have for the pair to be looked at."""
CLOSE = 0.9
"""Cosine of the two from which on they say the same; of the embedded encoder."""
SAME_WORDS = 0.8
"""The same by words alone, where there are no vectors."""
TIMES = {"minute": 1 / 1440, "day": 1.0, "working day": 1.0, "ouvrable day": 1.0, "month": 30.4}
"""Units of how long, in days."""
ROUGHLY = 0.04
"""30 days are a month: lengths that differ by no more are the same."""
LONGEST = 400
"""Characters of a unit; a long list or table states many things."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The two sentences, the newer page's first, and which document was changed last, where that is known."""

    sentences: tuple[Sentence, Sentence]
    newer: str | None


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
    def words(self) -> frozenset[str]:
        """Its terms, figures left out."""
        return frozenset(term for term in terms(self.unit.text, self.language) if not any(map(str.isdigit, term)))

    @cached_property
    def around(self) -> frozenset[str]:
        return frozenset(terms("\n".join((self.passage.title, *self.passage.heading_path)), self.language))


def conflict(question: str, passages: Passages, close: Close | None) -> Conflict | None:
    """The closest pair that contradicts itself. `close`: the encoder's cosines, where its vectors are known."""
    found = [(alike(one, other), one, other) for one, other in pairs(question, passages)]
    best = sorted(found, key=lambda pair: -pair[0])[:MOST_PAIRS]
    for shared, one, other in best:
        if close:
            if close(one.unit.text, [other.unit.text])[0] >= CLOSE:
                return _conflict(one, other)
        elif shared >= SAME_WORDS:
            return _conflict(one, other)
    return None


def pairs(question: str, passages: Passages) -> Iterator[tuple[Stated, Stated]]:
    """What might contradict itself."""
    asked = {language: frozenset(terms(question, language)) for language in {p.language or "" for p in passages}}
    stated = [s for p in passages for s in _stated(p) if _on(s, asked[p.language or ""])]
    for one, other in combinations(stated, 2):
        if _comparable(one, other) and differ(one.value, other.value) and alike(one, other) >= ALIKE:
            yield one, other


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


def _stated(passage: Passage) -> Iterator[Stated]:
    language = passage.language or ""
    for unit in units(passage.text):
        if len(unit.text) > LONGEST or unit.text.startswith("|"):
            continue
        by_kind: dict[str, list[Value]] = {}
        for value in values_in(unit.text, language):
            if not (value.weak and value.unit not in TIMES):
                by_kind.setdefault(_kind(value), []).append(value)
        for kind, values in by_kind.items():
            if kind and len({value.readings for value in values}) == 1:
                others = frozenset((k, v.readings) for k, all_ in by_kind.items() if k != kind for v in all_)
                yield Stated(passage, unit, kind, values[0], others, language)


def _kind(value: Value) -> str:
    """What a value answers: how long, when, how much of a unit; nothing for a bare number, which may count anything."""
    if value.kind == "date":
        return "date" if any(reading.count("*") < 2 for reading in value.readings) else ""
    if value.kind != "number" or not value.unit:
        return ""
    return "time" if value.unit in TIMES else value.unit


def _on(stated: Stated, asked: frozenset[str]) -> bool:
    return bool(asked) and len(asked & (stated.words | stated.around)) >= LEAST_ASKED * len(asked)


def _comparable(one: Stated, other: Stated) -> bool:
    return (
        one.passage.document_id != other.passage.document_id
        and one.kind == other.kind
        and one.language == other.language
        and one.others == other.others
        and not _variants(one.passage, other.passage)
        and _figures(one.around) == _figures(other.around)
    )


def _variants(one: Passage, other: Passage) -> bool:
    keys = [{key: tag for tag in p.tags if (key := tag_key(tag))} for p in (one, other)]
    return any(keys[0][key] != keys[1][key] for key in keys[0].keys() & keys[1].keys())


def _figures(words: frozenset[str]) -> set[str]:
    return {word for word in words if any(map(str.isdigit, word))}


def _fits(one: str, other: str) -> bool:
    """Whether two dates, `*` for what is not said, may be one."""
    return all("*" in (a, b) or a == b for a, b in zip(one.split("-"), other.split("-"), strict=True))


def _conflict(one: Stated, other: Stated) -> Conflict:
    first, second = sorted((one, other), key=lambda s: s.passage.updated_at or date.min, reverse=True)
    dates = first.passage.updated_at, second.passage.updated_at
    newer = first.passage.document_id if dates[0] and dates[0] != dates[1] else None
    return Conflict((_sentence(first), _sentence(second)), newer)


def _sentence(stated: Stated) -> Sentence:
    passage, unit = stated.passage, stated.unit
    return Sentence(unit.text, (Citation(passage.id, passage.document_id, unit.span, unit.text),))
