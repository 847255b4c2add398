"""Do two statements speak of different cases of one thing? Then both may be right, whatever their figures.

A passport costs 17 € before the age of 15 and 42 € after it, half in Guyana, more abroad: pages say so by parallel titles and
headings ("Passeport d'un mineur", "Passeport d'un majeur"; "En Guyane", "Cas général"), or by sentences one after the other. Read from
the words alone, without the question: a case stays another, whichever is asked about.
"""

import re
from collections.abc import Mapping, Sequence

from brain.stated import Stated, alike, differ
from brain.text.analyzer import beginnings, fold

SAME_THING = 0.5
"""Share of the shorter sentence's words in the other one of its page, from which both say the same of two cases."""
_KINDS = {
    "fr": "délai durée temps date quand combien comment prix tarif coût coûte frais montant validité valable question réponse"
    " information guide fiche savoir note résumé règle utiliser obtenir demander faire",
    "en": "delay deadline time limit how long price pricing cost fee much when question answer guide policy overview detail"
    " summary information faq use get ask make",
}
_NO_CASE = frozenset().union(*(beginnings(words, language) for language, words in _KINDS.items()))
"""Words by which titles and headings say what kind of thing is told, not of which case; their beginnings."""
_OPPOSED = (
    ("avec", "sans"),
    ("moins de", "plus de"),
    ("avant", "apres"),
    ("with", "without"),
    ("under", "over"),
    ("less than", "more than"),
    ("before", "after"),
)
_WORD = re.compile(r"[^\W_]+")
_NAMES_CASE = re.compile(
    r"(?:cas|si|en|a|au|aux|dans|hors|chez|pour|par|avec|sans|entre|avant|apres|des|moins|plus|jusqu|a partir|vous (?:etes|avez|vivez)"
    r"|if|in|at|on|to|for|with|within|without|under|over|between|before|after|from|up to|less|more|you are|you have)\b"
)


def of_different_cases(one: Stated, other: Stated) -> bool:
    """Whether titles and headings name a case of each that the other knows nothing of, or both the same with "avec" and "sans".

    Either they are parallel, with words in common and words of their own, or one of the headings begins like a condition.
    """
    own, theirs = _own(one, other), _own(other, one)
    if not (own and theirs):
        return _opposed(one, other)
    parallel = (one.around & other.around) - _NO_CASE
    return bool(parallel) or _conditional(one, own) or _conditional(other, theirs)


def told_apart(one: Stated, other: Stated, by_document: Mapping[str, Sequence[Stated]]) -> bool:
    """Whether the page of one of them gives the other's figure too, of the same thing: it tells for which case each is right."""
    return _gives(by_document[one.passage.document_id], one, other) or _gives(
        by_document[other.passage.document_id], other, one
    )


def _gives(page: Sequence[Stated], own: Stated, other: Stated) -> bool:
    return any(
        each.kind == other.kind and not differ(each.value, other.value) and alike(each, own) >= SAME_THING
        for each in page
    )


def _own(one: Stated, other: Stated) -> frozenset[str]:
    """Words of its title and headings that are nowhere about the other."""
    return one.around - other.around - other.words - _NO_CASE


def _opposed(one: Stated, other: Stated) -> bool:
    a, b = _said(one), _said(other)
    return any(
        (x in a and y in b and x not in b and y not in a) or (y in a and x in b and y not in b and x not in a)
        for x, y in ((f" {x} ", f" {y} ") for x, y in _OPPOSED)
    )


def _said(stated: Stated) -> str:
    """Its headings and itself, the words between spaces."""
    return f" {' '.join(_WORD.findall(fold(' '.join((*stated.headings, stated.unit.text)).lower())))} "


def _conditional(stated: Stated, own: frozenset[str]) -> bool:
    last = stated.headings[-1]
    return bool(_NAMES_CASE.match(fold(last.lower()))) and bool(own & stated.words_of(last))
