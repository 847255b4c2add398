"""Which variant is meant: the values of a facet that the question names itself, or the choice that it leaves open.

A question that fits 126 agreements has no answer of its own. One that says "dans la convention Syntec (1486)" names its agreement:
that tag is then asked for as if the caller had sent it, which can only narrow what is found.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from brain.facets import by_key, title_key
from brain.settings import FacetSettings
from brain.text.analyzer import fold
from brain.types import Choice, Facet, Option, Passages, Question

MOST_OPTIONS = 10
"""Values shown of a facet; the rest is counted."""
LEAST_DIGITS = 3
"""A number of fewer digits is a value only behind its key's name ("idcc 16"): "16 ans" is no agreement."""
_WORD = re.compile(r"[^\W_]+")
_MEASURE = r"(?!\s*(?:[.,]\d|€|%|\$|£|euros?\b|h\b|heures?\b|hours?\b|jours?\b|days?\b|mois\b|months?\b|ans?\b|years?\b|salari))"


def with_named(question: Question, facets: Sequence[Facet], settings: Mapping[str, FacetSettings]) -> Question:
    """The question with the tags of the facets' values that it names, or else that the user named last before."""
    tags = list(question.tags)
    texts = [question.text, *(turn.text for turn in reversed(question.turns) if turn.role == "user")]
    for facet in facets:
        names = {value: _names(value, settings.get(facet.key)) for value, _ in facet.values}
        found = (
            [value for value in names if any(_says(text, facet.key, name) for name in names[value])] for text in texts
        )
        tags += [f"{facet.key}:{value}" for value in next(filter(None, found), [])]
    return question if len(tags) == len(question.tags) else replace(question, tags=tuple(tags))


def choices(passages: Passages, language: str, settings: Mapping[str, FacetSettings]) -> tuple[Choice, ...]:
    """What is to be chosen before the best page can answer: the facets of which it, or a page of its title, is a variant."""
    if not passages.facets:
        return ()
    best = title_key(passages[0].title)
    keys = {key for p in passages if title_key(p.title) == best for key in by_key(p.tags) if key}
    return tuple(_choice(facet, language, settings.get(facet.key)) for facet in passages.facets if facet.key in keys)


def _choice(facet: Facet, language: str, settings: FacetSettings | None) -> Choice:
    label = settings.label if settings else {}
    options = tuple(
        Option(value, _names(value, settings)[0], documents) for value, documents in facet.values[:MOST_OPTIONS]
    )
    return Choice(facet.key, label.get(language) or label.get("en") or facet.key, options, len(facet.values))


def _names(value: str, settings: FacetSettings | None) -> tuple[str, ...]:
    """What a value is called, the name to show first; always itself too."""
    return (*(settings.names.get(value, ()) if settings else ()), value)


def _says(text: str, key: str, name: str) -> bool:
    """Whether the words of a name stand in the text, one after the other."""
    if name.isdigit():
        number = name.lstrip("0") or "0"
        alone = "|".join(form for form in {name, number} if len(form) >= LEAST_DIGITS)
        behind_key = rf"\b{re.escape(key)}\W{{0,4}}0*{number}"
        either = rf"(?:(?<![\d.,])(?:{alone})|{behind_key})" if alone else behind_key
        return bool(re.search(rf"{either}(?!\d){_MEASURE}", text, re.IGNORECASE))
    words, said = list(_words(name)), list(_words(text))
    return bool(words) and any(said[at : at + len(words)] == words for at in range(len(said) - len(words) + 1))


def _words(text: str) -> Iterator[str]:
    return iter(_WORD.findall(fold(text.casefold())))
