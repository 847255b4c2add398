"""Text into words with their index terms, in clauses, for checks that need to know what stands beside what."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from brain.text.analyzer import fold, terms
from brain.text.remembered import MOST_WORDS

_WORD = re.compile(r"[^\W_]+|[.;:!?…|\n]|,")
_ELISION = re.compile(r"\b(n|c|d|j|l|m|s|t|qu|jusqu|lorsqu|puisqu|quoiqu)['’](?=\w)", re.IGNORECASE)
_CONTRACTION = re.compile(r"(?<=\w)n['’]t\b", re.IGNORECASE)
_CANNOT = re.compile(r"\bcannot\b|\bcan['’]t\b", re.IGNORECASE)
_WONT = re.compile(r"\bwon['’]t\b", re.IGNORECASE)
STOPS = frozenset(".;:!?…|\n")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a mark of punctuation. `term` is empty for a stop word, a figure and a mark."""

    text: str
    plain: str
    """Lower case, accents folded."""
    term: str
    start: int
    """Where it stands in the text that `words` was given, contractions written out."""

    @property
    def mark(self) -> bool:
        return not self.plain[:1].isalnum()


def words(text: str, language: str) -> list[Word]:
    """The words in reading order. "n'est" is two words, and so are "isn't" and "cannot"."""
    text = unicodedata.normalize("NFKC", text)
    text = _WONT.sub("will not", _CANNOT.sub("can not", text))
    text = _ELISION.sub(r"\1 ", _CONTRACTION.sub(" not", text))
    return [
        Word(match[0], plain, _term(plain, match[0].lower(), language), match.start())
        for match in _WORD.finditer(text)
        for plain in (fold(match[0].lower()),)
    ]


@lru_cache(maxsize=MOST_WORDS)
def _term(plain: str, lower: str, language: str) -> str:
    if len(plain) < 2 or plain[0].isdigit():
        return ""
    found = terms(lower, language)
    return found[0] if len(found) == 1 else ""


def content(found: Sequence[Word]) -> set[str]:
    return {word.term for word in found if word.term}
