"""Soft preferences: they settle near-ties of a ranking, and never move a page past one that fits the question clearly better.

A page in the question's language goes before one in another, then the fresher before the older. Pages that say the same are
shown once. Of a brief question a page whose title speaks of nothing else goes before one on a special case.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date

from brain.facets import Page, tag_key, title_key
from brain.text.analyzer import beginnings, terms
from brain.text.asking import figure_of_what
from brain.types import Passage

LANGUAGE_SHARE = 0.02
"""Scores that differ by less than this share of the better one are a tie to the language: neighbours among the first ranks."""
FRESH_SHARE = 0.001
"""The same to the date: ranks that were exchanged between the two searches, little more."""
FOCUS = 0.6
"""What a page gains at most by its title, where the best one by each ranking has 2.65."""
LONG = 5
"""A question with so many terms says itself which case it is about."""
SAME = 0.9
SHINGLE = 3

_WORD = re.compile(r"\w+")


def preferred(pages: Sequence[Page], language: str) -> list[Page]:
    """The ranking with its near-ties settled."""
    fresher_first = _settled(pages, FRESH_SHARE, _age)
    return _settled(fresher_first, LANGUAGE_SHARE, lambda page: page[0].language != language)


def focused(pages: Iterable[Page], question: str, language: str) -> list[Page]:
    """The ranking with what each page's title gains: the share of its words that are asked for, in full up to two terms of a question.

    "Quel délai pour un permis de construire ?" is answered by "Permis de construire" rather than by "Permis de construire d'un
    bâtiment professionnel". The words for a figure count on neither side.
    """
    asked = figure_of_what(question)
    worth = FOCUS * min(1.0, max(0.0, (LONG - len(set(terms(asked, language)))) / 3))
    if not worth:
        return list(pages)
    gained = [
        tuple(scored(passage, page[0].score + worth * _asked_of(page[0], asked, language)) for passage in page)
        for page in pages
    ]
    return sorted(gained, key=lambda page: -page[0].score)


def scored(passage: Passage, fused: float) -> Passage:
    return replace(passage, scores=replace(passage.scores, fused=fused))


def _asked_of(passage: Passage, asked: str, language: str) -> float:
    """Share of the title's words that are asked for."""
    language = passage.language or language
    title = beginnings(figure_of_what(passage.title), language)
    return len(title & beginnings(asked, language)) / len(title) if title else 0.0


def distinct(pages: Iterable[Page], language: str) -> list[Page]:
    """The ranking with one page of each set of near-duplicates, where the first of them stood: the one in the question's
    language, else the freshest, else the first."""
    kept: list[Page] = []
    of_title: dict[str, list[int]] = {}
    for page in pages:
        alike = of_title.setdefault(title_key(page[0].title), [])
        twin = next((place for place in alike if near_duplicates(kept[place][0], page[0])), None)
        if twin is None:
            alike.append(len(kept))
            kept.append(page)
        else:
            kept[twin] = min(kept[twin], page, key=lambda p: (p[0].language != language, _age(p)))
    return kept


def near_duplicates(one: Passage, other: Passage) -> bool:
    """Whether two passages say the same: title, facet tags and figures equal, and the words, or 0.9 of their shingles.

    Shingles of three words, compared by Jaccard's coefficient (Broder, On the resemblance and containment of documents, 1997).
    Two texts that differ by one figure share nearly all shingles and contradict each other: both are shown.
    """
    if title_key(one.title) != title_key(other.title) or _facet_tags(one) != _facet_tags(other):
        return False
    words, others = _WORD.findall(one.text.casefold()), _WORD.findall(other.text.casefold())
    if words == others:
        return True
    if min(len(words), len(others)) < SAME * max(len(words), len(others)) or _figures(words) != _figures(others):
        return False
    a, b = _shingles(words), _shingles(others)
    return len(a & b) >= SAME * len(a | b)


def _settled(pages: Sequence[Page], share: float, key: Callable[[Page], int]) -> list[Page]:
    """Each run of pages that are as good as its first, but for `share` of that one's score, sorted by `key`."""
    settled: list[Page] = []
    run: list[Page] = []
    for page in pages:
        if run and run[0][0].score - page[0].score > share * abs(run[0][0].score):
            settled += sorted(run, key=key)
            run = []
        run.append(page)
    return settled + sorted(run, key=key)


def _age(page: Page) -> int:
    return -(page[0].updated_at or date.min).toordinal()


def _facet_tags(passage: Passage) -> set[str]:
    return {tag for tag in passage.tags if tag_key(tag)}


def _figures(words: Sequence[str]) -> list[str]:
    return [word for word in words if any(map(str.isdigit, word))]


def _shingles(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))}
