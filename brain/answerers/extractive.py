"""The answer made of the passages' own sentences: no model, nothing that could be invented.

A unit (sentence, introduced list, table) scores by the question's terms that it holds, rarer ones more; terms of its
title and headings count less; a number counts where the question asks how much, how long or when, an amount or a length of time the
more where it is plain that one of these is asked for, and more again under a heading that names it; so do its passage's rank and,
where it is known, how much less close in meaning that passage is than the closest; another language than the question's takes away.
"""

import math
import re
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from brain.answerers.base import Draft
from brain.answerers.in_its_case import in_its_case
from brain.stated import states
from brain.text.analyzer import beginnings
from brain.text.asking import Kind, asks_for_figure, figure_wanted, kind_named, names, without_kind
from brain.text.headings import headings_above
from brain.text.instructions import addressed_to_assistants, prompt_markup
from brain.text.tables import answering
from brain.text.units import Unit, units
from brain.types import Around, Citation, Passage, Passages, Question, Sentence, Span

HEADING_WEIGHT = 0.4
NUMBER_BONUS = 0.2
KIND_BONUS = 0.3
"""For an amount where one is asked for, a length of time where that is."""
HEADING_KIND_BONUS = 0.3
"""More, where a heading above it names that: "Le délai", "Tarifs"."""
FOREIGN = 0.5
"""What a passage in another language than the question loses: it is quoted where none in that language says as much."""
RANK_WEIGHT = 0.6
RANK_WEIGHT_ALONE = 1.0
"""Where how close the passages are is not known."""
CLOSE_WEIGHT = 2.0
"""For each unit of cosine (`Scores.close`) that a passage is behind the closest one."""
FURTHER = 0.75
"""A further sentence must score this share of the best one."""
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: Passage
    place: tuple[int, int]
    unit: Unit
    own: frozenset[str]
    headings: tuple[str, ...]
    context: frozenset[str]
    standing: float
    """What its passage's rank and closeness count."""


class _Wanted(NamedTuple):
    """`weights` of the question's terms; `only_above`: those that headings use and sentences do without."""

    weights: Mapping[str, float]
    only_above: frozenset[str]
    number: bool
    kind: Kind | None
    language: str
    """The question's, where any passage is in it."""


class ExtractiveAnswerer:
    """Quotes the best units, in reading order, at most `max_sentences`."""

    name = "extractive"

    def __init__(self, max_sentences: int = 3) -> None:
        self._max = max_sentences

    async def write(self, question: Question, language: str, passages: Passages) -> AsyncGenerator[Draft, None]:
        yield Draft(self.quote(question.text, language, passages, passages.around))

    def reads(self, question: Question) -> Around:
        """How the best document opens, where a figure is asked for: that may give it for each case."""
        return "opening" if asks_for_figure(question.text) else "nothing"

    def close(self) -> None:
        """Nothing to give back."""

    def quote(
        self, question: str, language: str, passages: Sequence[Passage], around: Sequence[Passage] = ()
    ) -> tuple[Sentence, ...]:
        candidates = _candidates(passages)
        about = without_kind(question)
        asked = beginnings(about, language).union(*(beginnings(about, p.language or language) for p in passages))
        wanted = _Wanted(
            _weights(asked, candidates),
            beginnings(kind_named(question), language),
            asks_for_figure(question),
            figure_wanted(question),
            language if any(passage.language == language for passage in passages) else "",
        )
        scored = sorted(((_score(c, wanted), c) for c in candidates), key=lambda pair: -pair[0])
        chosen = _choose(scored, self._max)
        if pointed := [candidate for candidate in chosen if len(_cells(candidate.unit, question, language)) == 1]:
            chosen = pointed[:1]  # a cell whose row and column the question names is the answer
        elif wanted.number and chosen:
            page = [p for p in (*passages, *around) if p.document_id == chosen[0].passage.document_id]
            chosen = _in_their_cases(chosen, page)
        return tuple(_sentence(candidate, question, language) for candidate in sorted(chosen, key=lambda c: c.place))


def _candidates(passages: Sequence[Passage]) -> list[_Candidate]:
    documents = list(dict.fromkeys(passage.document_id for passage in passages))
    candidates = []
    for passage, standing in zip(passages, _standings(passages), strict=True):
        language = passage.language or ""
        page, contexts = documents.index(passage.document_id), dict[tuple[str, ...], frozenset[str]]()
        for unit in units(passage.text):
            place = (page, passage.span[0] + unit.span[0])
            headings = headings_above(passage, unit.span[0])
            if (context := contexts.get(headings)) is None:
                context = contexts[headings] = frozenset().union(
                    *(beginnings(heading, language) for heading in headings)
                )
            candidates.append(
                _Candidate(passage, place, unit, beginnings(unit.text, language), headings, context, standing)
            )
    return candidates


def _standings(passages: Sequence[Passage]) -> list[float]:
    known = [passage.scores.close for passage in passages if passage.scores.close is not None]
    if not known:
        return [RANK_WEIGHT_ALONE / (1 + rank) for rank in range(len(passages))]
    closest, farthest = max(known), min(known)
    return [
        RANK_WEIGHT / (1 + rank)
        - CLOSE_WEIGHT * (closest - (farthest if passage.scores.close is None else passage.scores.close))
        for rank, passage in enumerate(passages)
    ]


def _weights(asked: frozenset[str], candidates: Sequence[_Candidate]) -> dict[str, float]:
    """Inverse frequency among the candidates, the weights adding up to 1."""
    counts = Counter(term for candidate in candidates for term in candidate.own & asked)
    raw = {term: math.log(1 + len(candidates) / (counts[term] + 0.5)) for term in asked if counts[term]}
    total = sum(raw.values()) or 1.0
    return {term: weight / total for term, weight in raw.items()}


def _score(candidate: _Candidate, wanted: _Wanted) -> float:
    text, language = candidate.unit.text, candidate.passage.language or ""
    own = sum(wanted.weights.get(word, 0.0) for word in candidate.own - wanted.only_above)
    around = sum(wanted.weights.get(word, 0.0) for word in candidate.context - candidate.own)
    telling = min(1.0, len(text.split()) / 5)  # "Oui." or "Voir ci-dessous" answer nothing
    bonus = NUMBER_BONUS if wanted.number and _NUMBER.search(text) else 0.0
    if wanted.kind and states(wanted.kind, text, language):
        telling = 1.0
        bonus += KIND_BONUS
        if any(names(wanted.kind, heading) for heading in candidate.headings):
            bonus += HEADING_KIND_BONUS
    if wanted.language and language not in ("", wanted.language):
        bonus -= FOREIGN
    return telling * (own + HEADING_WEIGHT * around + bonus + candidate.standing)


def _choose(scored: Sequence[tuple[float, _Candidate]], most: int) -> list[_Candidate]:
    """The best unit, and those close behind it in the same document: sentences of several documents read badly.

    What a document tells an assistant to do is nothing to be told to a reader.
    """
    chosen: list[_Candidate] = []
    said: set[str] = set()
    least = -math.inf
    for score, candidate in scored:
        if len(chosen) == most or score < least:
            break
        text = candidate.unit.text
        elsewhere = chosen and candidate.passage.document_id != chosen[0].passage.document_id
        if elsewhere or text in said or addressed_to_assistants(text) or prompt_markup(text):
            continue
        if not chosen:
            least = FURTHER * score
        chosen.append(candidate)
        said.add(text)
    return chosen


def _in_their_cases(chosen: Sequence[_Candidate], page: Sequence[Passage]) -> list[_Candidate]:
    """Each with what says its case; what another one quotes then is left out, and so are single cases where one sums them up."""
    found = [(candidate, in_its_case(candidate.unit, candidate.passage, page)) for candidate in chosen]
    summed_up = any(case.sums_up for _, case in found)
    kept: list[_Candidate] = []
    for candidate, case in found:
        start, end = case.unit.span
        inside = any(k.passage is case.passage and k.unit.span[0] <= start and end <= k.unit.span[1] for k in kept)
        if not inside and not (summed_up and case.one_of_several and not case.sums_up):
            place = (candidate.place[0], case.passage.span[0] + start)
            kept.append(replace(candidate, passage=case.passage, unit=case.unit, place=place))
    return kept


def _sentence(candidate: _Candidate, question: str, language: str) -> Sentence:
    passage = candidate.passage
    unit = candidate.unit
    citation = Citation(passage.id, passage.document_id, unit.span, unit.text)
    return Sentence(unit.text, (citation,), cells=_cells(unit, question, language))


def _cells(unit: Unit, question: str, language: str) -> tuple[Span, ...]:
    """Of a table, the cells that answer, where that can be told."""
    return answering(unit.text, question, language) if unit.text.startswith("|") else ()
