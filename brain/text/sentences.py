"""Where sentences begin and end in Markdown, as spans, for French and English prose, lists and tables."""

import re
from collections.abc import Iterator

from brain.text.remembered import remembered
from brain.types import Span

_ABBREVIATIONS = frozenset(
    "m mm mme mmes mlle me mgr dr pr st ste art al p pp n no nº ex cf env tél tel max min av bd etc fig réf ref vol chap "
    "e.g i.e p.ex c.-à-d mr mrs ms inc ltd vs approx dept est jan feb mar apr jun jul aug sep sept oct nov dec janv févr "
    "avr juil déc".split()
)
_BLOCK = re.compile(r"^[ \t]*(?:[-*+•–]\s+|\d{1,3}[.)]\s+|#{1,6}\s+|\||>\s?|```|~~~)", re.MULTILINE)
_END = re.compile(r"[.!?…]+(?:[\"'”’)\]]|\s?»)*(?=\s+[\"'«“‘(\[]*[A-ZÀ-ÖØ-Þ0-9«“])|(?<=\w)[?!]+(?=\s)")
_BEFORE_WORD = re.compile(r"[(«\"'’]")  # "l'art." ends in "art."
_MARKER = re.compile(r"[ \t]*(?:(?:[-*+•–]|\d{1,3}[.)]|#{1,6}|>)[ \t]+)*\s*")


@remembered
def sentence_spans(text: str) -> list[Span]:
    """The spans of the sentences, in order, without the white space around them.

    A heading, a list item and a table row each end a sentence; a line break inside a paragraph doesn't.
    """
    return [span for block in _blocks(text) for span in _sentences(text, *block)]


def without_marker(text: str, span: Span) -> Span:
    """The span less a leading list, heading or quotation marker, so that it can be read as a sentence."""
    match = _MARKER.match(text, span[0], span[1])
    return (match.end() if match else span[0], span[1])


def is_heading(text: str, span: Span) -> bool:
    return text[span[0] : span[1]].lstrip().startswith("#")


def _blocks(text: str) -> Iterator[Span]:
    """Runs of lines that are read as one paragraph, item, row or heading."""
    start = at = 0
    previous_single = False
    for line in text.splitlines(keepends=True):
        starts_block = bool(_BLOCK.match(line))
        if not line.strip() or starts_block or previous_single:
            if text[start:at].strip():
                yield start, at
            start = at
        previous_single = line.lstrip().startswith(("#", "|"))
        at += len(line)
    if text[start:at].strip():
        yield start, at


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    if text[start:end].lstrip().startswith("|"):
        yield from _trimmed(text, start, end)
        return
    begin = start
    for match in _END.finditer(text, start, end):
        if _abbreviation(text, begin, match.start()):
            continue
        yield from _trimmed(text, begin, match.end())
        begin = match.end()
    yield from _trimmed(text, begin, end)


def _abbreviation(text: str, begin: int, dot: int) -> bool:
    if text[dot] != ".":
        return False
    words = text[begin:dot].split()
    word = words[-1].lstrip("(«\"'") if words else ""
    whole = re.split("['’]", word.lower())[-1]  # "l'art. 5"
    # A single capital is an initial ("J. Dupont"); "1." opens a numbered item.
    return whole in _ABBREVIATIONS or (len(word) == 1 and word.isupper()) or (len(words) == 1 and word.isdigit())


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        begin = start + piece.index(stripped)
        yield begin, begin + len(stripped)
