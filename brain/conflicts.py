"""Do pages contradict each other on what is asked? Two sentences of two documents that say the same of another figure.

Both must speak of what the question asks, and be so like each other that only the figure tells them apart: one value each of one kind
(how long, how much, when), in the same language. Not variants of one page by a facet, and not sentences or titles that name
different years, dates or other figures: those speak of different cases. Values are read as `brain/verify/values.py` reads them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from brain.cases import of_different_cases, told_apart
from brain.closeness import Likeness
from brain.stated import Stated, alike, comparable, differ, stated_in
from brain.text.analyzer import beginnings
from brain.text.asking import asks_for_figure, figure_wanted, names, without_kind
from brain.types import Citation, Passages, Sentence

MOST_COMPARED = 10
"""Sentences that are compared by meaning; each costs milliseconds. There are seldom any."""
NEAR = 0.2
"""Passages that are less close to the question (`Scores.close`) speak of something else."""
ASKED, CLOSE = 1.5, 1.05
"""Likeness of the two sentences, and `ASKED` times that of the question to the less like of them, must add up to `CLOSE`."""
HEADED = 0.15
"""Added where both stand under a heading that names the kind of figure asked for ("Délai"), on pages whose titles name the thing."""
LEAST_ASKED, SAME_WORDS = 0.25, 0.8
"""Without vectors: share of the question's terms in each, its title included; share of the shorter one's terms in the other."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The two sentences, the newer page's first, and which document was changed last, where that is known."""

    sentences: tuple[Sentence, Sentence]
    newer: str | None


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
    said = [stated for passage in near for stated in stated_in(passage)]
    by_document: dict[str, list[Stated]] = {}
    for stated in said:
        by_document.setdefault(stated.passage.document_id, []).append(stated)
    for one, other in combinations(said, 2):
        if (
            comparable(one, other)
            and differ(one.value, other.value)
            and not of_different_cases(one, other)
            and not told_apart(one, other, by_document)
        ):
            yield one, other


def _by_meaning(question: str, found: Sequence[Pair], like: Likeness) -> Iterator[tuple[Stated, Stated, float]]:
    def promising(pair: Pair) -> float:
        return alike(*pair) + min(_asked(question, stated) for stated in pair)

    best = sorted(found, key=promising, reverse=True)
    texts = list(dict.fromkeys(s.said for pair in best for s in pair))[:MOST_COMPARED]
    likeness = like([question, *texts])
    place = {text: at for at, text in enumerate(texts, 1)}
    for one, other in found:
        if (a := place.get(one.said)) and (b := place.get(other.said)):
            asked = min(likeness[0][a], likeness[0][b])
            headed = HEADED * (_headed(question, one) and _headed(question, other))
            yield one, other, float(likeness[a][b] + ASKED * asked + headed)


def _by_words(question: str, found: Sequence[Pair]) -> Iterator[tuple[Stated, Stated, float]]:
    for one, other in found:
        asked = min(_asked(question, stated) for stated in (one, other))
        yield one, other, CLOSE * (asked >= LEAST_ASKED and alike(one, other) >= SAME_WORDS)


def _headed(question: str, stated: Stated) -> bool:
    """Whether what it stands under promises what is asked: the figure's kind, and on the page's title one of the question's words."""
    kind = figure_wanted(question)
    named = kind is not None and any(names(kind, heading) for heading in stated.headings)
    return named and bool(stated.words_of(without_kind(question)) & stated.words_of(stated.headings[0]))


def _asked(question: str, stated: Stated) -> float:
    """Share of the question's terms in a sentence, its title and headings."""
    asked = beginnings(question, stated.language)
    return len(asked & (stated.words | stated.around)) / max(1, len(asked))


def _conflict(one: Stated, other: Stated) -> Conflict:
    first, second = sorted((one, other), key=lambda s: s.passage.updated_at or date.min, reverse=True)
    dates = first.passage.updated_at, second.passage.updated_at
    newer = first.passage.document_id if dates[0] and dates[0] != dates[1] else None
    return Conflict((_sentence(first), _sentence(second)), newer)


def _sentence(stated: Stated) -> Sentence:
    passage, unit = stated.passage, stated.unit
    return Sentence(unit.text, (Citation(passage.id, passage.document_id, unit.span, unit.text),))
