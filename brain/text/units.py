"""The smallest parts of a passage that can be quoted and understood alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from brain.text.remembered import remembered
from brain.text.sentences import is_heading, sentence_spans, without_marker
from brain.types import Span

MAX_LIST_CHARS = 600
_ITEM = re.compile(r"[ \t]*(?:[-*+•–]|\d{1,3}[.)])\s")


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, a list with the line that introduces it, or a table. `text` is what stands at `span`."""

    text: str
    span: Span


@remembered
def units(text: str) -> list[Unit]:
    """The units of a passage in reading order; headings and code fences are left out."""
    return list(_units(text, [span for span in sentence_spans(text) if not _skipped(text, span)]))


def _skipped(text: str, span: Span) -> bool:
    return is_heading(text, span) or text.startswith(("```", "~~~"), span[0])


def _units(text: str, spans: list[Span]) -> Iterator[Unit]:
    at = 0
    while at < len(spans):
        if text.startswith("|", spans[at][0]):
            rows = _run(text, spans, at, "|")
            # Whole: which row answers ("8 kg" is "5 à 10 kg") is for the reader to see; `tables` points at it where it can be told.
            table = (rows[0][0], rows[-1][1])
            yield Unit(text[slice(*table)], table)
            at += len(rows)
            continue
        items = _items_after(text, spans, at)
        whole = (spans[at][0], items[-1][1]) if items else spans[at]
        if items and whole[1] - whole[0] <= MAX_LIST_CHARS:
            at += 1 + len(items)
        else:
            whole = spans[at]
            at += 1
        plain = without_marker(text, whole)
        yield Unit(text[slice(*plain)], plain)


def _items_after(text: str, spans: list[Span], at: int) -> list[Span]:
    """The list items that a line ending in a colon introduces."""
    if not text[spans[at][0] : spans[at][1]].endswith(":"):
        return []
    items: list[Span] = []
    for before, span in pairwise(spans[at:]):
        # What was skipped between two spans, such as a heading, ends the list.
        if not _ITEM.match(text, span[0], span[1]) or text[before[1] : span[0]].strip():
            break
        items.append(span)
    return items


def _run(text: str, spans: list[Span], at: int, start: str) -> list[Span]:
    rows = [spans[at]]
    for span in spans[at + 1 :]:
        # A blank line ends a table, and so does a heading, which is not among the spans.
        if not text.startswith(start, span[0]) or text[rows[-1][1] : span[0]].strip(" \t\r") != "\n":
            break
        rows.append(span)
    return rows
