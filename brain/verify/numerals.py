"""Number words into digits ("quatorze jours" is "14 jours"), by text2num: French, English and six more languages."""

import re
import unicodedata

from text_to_num import find_numbers

LANGUAGES = frozenset("da de en es fr it nl pt".split())
WEAK = "\ue000"
"""Stands before a number that may be a mere article or adjective: "un", "one", "first", "neuf"."""
_WEAK_WORDS = frozenset(
    "un une uns unes one ones premier première premiers premières first neuf neufs ein eine una uno".split()
)
_NEVER = frozenset("second seconde seconds secondes quart quarts quarter quarters tiers third".split())
_SCALES = ("million", "milliard", "billion", "mille", "thousand", "hundred", "cent")
_TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|\d+|[^\w\s]")
_PERCENT = re.compile(r"\b(?:pour ?cent|per ?cent)\b", re.IGNORECASE)


class _Word:
    """A token as text2num wants it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def text(self) -> str:
        return self._text

    def nt_separated(self, previous: "_Word") -> bool:
        return False

    def not_a_number_part(self) -> bool:
        return self._text.lower() in _NEVER


def in_figures(text: str, language: str) -> str:
    """The text with its number words as figures, compatible characters (½, ², narrow spaces) as plain ones."""
    text = _PERCENT.sub("%", unicodedata.normalize("NFKC", text))
    if language not in LANGUAGES:
        return text
    tokens = list(_TOKEN.finditer(text))
    parts, end = [], 0
    for found in find_numbers([_Word(token[0]) for token in tokens], language, threshold=0):
        first, last = tokens[found.start], tokens[found.end - 1]
        scales_figures = found.start and tokens[found.start - 1][0].isdigit() and first[0].lower().startswith(_SCALES)
        if first[0].isdigit() or scales_figures:
            continue
        weak = WEAK if found.end - found.start == 1 and first[0].lower() in _WEAK_WORDS else ""
        parts += [text[end : first.start()], weak, f"{found.value:.12g}"]
        end = last.end()
    return "".join([*parts, text[end:]])
