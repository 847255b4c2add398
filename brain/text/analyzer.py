"""Text into index terms, the same way at indexing and at asking, by language.

Lower case, elisions cut (l', qu', jusqu'…), numbers written as one ("1 200" is "1200"), stop words dropped, Snowball stemming,
and only then accents folded: the French stemmer needs them, users often leave them out. A language without a list or
a stemmer gets the neutral rest; scripts without spaces are indexed by pairs of characters.
"""

import re
import threading
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import Stemmer

from brain.text.remembered import MOST_WORDS, remembered

VERSION = 1
_ALGORITHMS = {
    "fr": "french",
    "en": "english",
    "de": "german",
    "es": "spanish",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
}
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|presqu|quelqu)'(?=\w)")
_ELIDING = ("fr", "it")
_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")
_CURRENCY = str.maketrans({"€": " euro ", "$": " dollar ", "£": " pound ", "’": "'", "ʼ": "'"})
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
BEGINNING = 6
"""Letters of a term by which words are compared where forms must not matter."""
_local = threading.local()


@remembered
def terms(text: str, language: str) -> list[str]:
    """The index terms of a text in reading order, repeated where they repeat."""
    text = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).lower().translate(_CURRENCY))
    if language in _ELIDING:
        text = _ELISION.sub("", text)
    tokens = _TOKEN.findall(text)
    if not _IS_UNSPACED.search(text):
        return [term for token in tokens if (term := _term(token, language))]
    return [term for token in tokens for term in _terms_of(token, language) if term]


def beginnings(text: str, language: str) -> frozenset[str]:
    """The beginnings of a text's terms, by which words are compared: "remboursons" and "remboursement" are one."""
    return frozenset(term[:BEGINNING] for term in terms(text, language))


def _terms_of(token: str, language: str) -> Sequence[str]:
    if _IS_UNSPACED.match(token):
        return [token[i : i + 2] for i in range(max(1, len(token) - 1))]
    return [_term(token, language)]


def fold(text: str) -> str:
    """The text without accents: "été" is "ete", "œuvre" is "oeuvre"."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("æ", "ae"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@lru_cache(maxsize=MOST_WORDS)
def _term(token: str, language: str) -> str:
    """Empty for a stop word."""
    if fold(token) in stop_words(language):
        return ""
    return fold(_stemmer(language).stemWord(token) if language in _ALGORITHMS else token)


def _stemmer(language: str) -> Stemmer.Stemmer:
    """One for each thread: PyStemmer's are not to be shared."""
    stemmers: dict[str, Stemmer.Stemmer] = _local.__dict__.setdefault("stemmers", {})
    if language not in stemmers:
        stemmers[language] = Stemmer.Stemmer(_ALGORITHMS[language])
    return stemmers[language]


@lru_cache
def stop_words(language: str) -> frozenset[str]:
    """The stop words, accents folded; empty for a language without a list."""
    file = files("brain.text") / "stopwords" / f"{language}.txt"
    if not file.is_file():
        return frozenset()
    lines = file.read_text(encoding="utf-8").splitlines()
    return frozenset(fold(word) for line in lines if not line.startswith("#") for word in line.split())
