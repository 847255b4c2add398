"""Do pages contradict each other on what is asked? Two sentences of two documents that say the same of another figure.

Both must speak of what the question asks, and be so like each other that only the figure tells them apart: one value each of one kind
(how long, how much, when), in the same language. Not variants of one page by a facet, and not sentences or titles that name
different years, dates or other figures: those speak of different cases. Values are read as `brain/verify/values.py` reads them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import combinations

from brain.closeness import Likeness
from brain.facets import tag_key
from brain.text.analyzer import terms
from brain.text.asking import asks_for_figure
from brain.text.units import Unit, units
from brain.types import Citation, Passage, Passages, Sentence
from brain.verify.values import Value, values_in

MOST_COMPARED = 10
"""Sentences that are compared by meaning; each costs milliseconds. There are seldom any."""
NEAR = 0.2
"""Passages that are less close to the question (`Scores.close`) speak of something else."""
ASKED, CLOSE = 1.5, 1.17
"""Likeness of the two sentences, and `ASKED` times that of the question to the less like of them, must add up to `CLOSE`."""
LEAST_ASKED, SAME_WORDS = 0.25, 0.8
"""Without vectors: share of the question's terms in each, its title included; share of the shorter one's terms in the other."""
TIMES = {"minute": 1 / 1440, "day": 1.0, "working day": 1.0, "ouvrable day": 1.0, "month": 30.4}
"""Units of how long, in days."""
ROUGHLY = 0.04
"""30 days are a month: lengths that differ by no more are the same."""
LEAST_WORDS = 2
"""A date alone says nothing that could be contradicted."""
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


Pair = tuple[Stated, Stated]


def conflict(question: str, passages: Passages, like: Likeness | None) -> Conflict | None:
    """The pair that contradicts itself most plainly. `like`: how like texts are, where the encoder's vectors are known.

    Only of a question that asks how much, how long or when: of others, figures are seldom the answer.
    """
    if not asks_for_figure(question):
        return None
    found = list(pairs(passages))
    if not found:
        return None
    one, other, much = max(
        _by_meaning(question, found, like) if like else _by_words(question, found), key=lambda p: p[2]
    )
    return _conflict(one, other) if much >= CLOSE else None


def pairs(passages: Passages) -> Iterator[tuple[Stated, Stated]]:
    """Sentences that would contradict each other, were they about the same."""
    near = [p for p in passages if p.scores.close is None or p.scores.close >= NEAR]
    for one, other in combinations([stated for passage in near for stated in stated_in(passage)], 2):
        if _comparable(one, other) and differ(one.value, other.value):
            yield one, other


def _by_meaning(question: str, found: Sequence[Pair], like: Likeness) -> Iterator[tuple[Stated, Stated, float]]:
    def promising(pair: Pair) -> float:
        return alike(*pair) + min(_asked(question, stated) for stated in pair)

    best = sorted(found, key=promising, reverse=True)
    texts = list(dict.fromkeys(s.unit.text for pair in best for s in pair))[:MOST_COMPARED]
    likeness = like([question, *texts])
    place = {text: at for at, text in enumerate(texts, 1)}
    for one, other in found:
        if (a := place.get(one.unit.text)) and (b := place.get(other.unit.text)):
            asked = min(likeness[0][a], likeness[0][b])
            yield one, other, float(likeness[a][b] + ASKED * asked)


def _by_words(question: str, found: Sequence[Pair]) -> Iterator[tuple[Stated, Stated, float]]:
    for one, other in found:
        asked = min(_asked(question, stated) for stated in (one, other))
        yield one, other, CLOSE * (asked >= LEAST_ASKED and alike(one, other) >= SAME_WORDS)


def _asked(question: str, stated: Stated) -> float:
    """Share of the question's terms in a sentence, its title and headings."""
    asked = frozenset(terms(question, stated.language))
    return len(asked & (stated.words | stated.around)) / max(1, len(asked))


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
                by_kind.setdefault(_kind(value), []).append(value)
        for kind, values in by_kind.items():
            if kind and len({value.readings for value in values}) == 1:
                others = frozenset((k, v.readings) for k, all_ in by_kind.items() if k != kind for v in all_)
                stated = Stated(passage, unit, kind, values[0], others, language)
                if len(stated.words) >= LEAST_WORDS:
                    yield stated


def _kind(value: Value) -> str:
    """What a value answers: how long, when, how much of a unit; nothing for a bare number, which may count anything."""
    if value.kind == "date":
        return "date" if any(reading.count("*") < 2 for reading in value.readings) else ""
    if value.kind != "number" or not value.unit:
        return ""
    return "time" if value.unit in TIMES else value.unit


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
