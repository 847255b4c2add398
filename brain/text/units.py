"""The smallest parts of a passage that can be quoted and understood alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from brain.text.sentences import is_heading, sentence_spans, without_marker
from brain.types import Span

MAX_LIST_CHARS = 600
_ITEM = re.compile(r"[ \t]*(?:[-*+•–]|\d{1,3}[.)])\s")
_RULE = re.compile(r"[|\s:-]+")


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, a list with the line that introduces it, or a table row with its header.

    `text` is how it reads; `spans` are the words of the passage that it is made of.
    """

    text: str
    spans: tuple[Span, ...]


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
            yield from _table(text, rows)
            at += len(rows)
            continue
        items = _items_after(text, spans, at)
        whole = (spans[at][0], items[-1][1]) if items else spans[at]
        if items and whole[1] - whole[0] <= MAX_LIST_CHARS:
            yield Unit(text[slice(*without_marker(text, whole))], (without_marker(text, whole),))
            at += 1 + len(items)
        else:
            plain = without_marker(text, spans[at])
            yield Unit(text[slice(*plain)], (plain,))
            at += 1


def _items_after(text: str, spans: list[Span], at: int) -> list[Span]:
    """The list items that a line ending in a colon introduces."""
    if not text[spans[at][0] : spans[at][1]].endswith(":"):
        return []
    items = []
    for span in spans[at + 1 :]:
        if not _ITEM.match(text, span[0], span[1]):
            break
        items.append(span)
    return items


def _run(text: str, spans: list[Span], at: int, start: str) -> list[Span]:
    rows = []
    for span in spans[at:]:
        if not text.startswith(start, span[0]):
            break
        rows.append(span)
    return rows


def _table(text: str, rows: list[Span]) -> Iterator[Unit]:
    """Each row, read with the header's names. A table whose header was cut off or is empty is read cell by cell."""
    has_header = len(rows) > 1 and _is_rule(text, rows[1]) and not _is_rule(text, rows[0])
    header = _cells(text[slice(*rows[0])]) if has_header else []
    for row in rows[1:] if has_header else rows:
        if _is_rule(text, row):
            continue
        cells = _cells(text[slice(*row)])
        names = header if len(header) == len(cells) else [""] * len(cells)
        parts = [f"{name} : {cell}" if name else cell for name, cell in zip(names, cells, strict=True) if cell]
        yield Unit(" ; ".join(parts), (rows[0], row) if header else (row,))


def _is_rule(text: str, row: Span) -> bool:
    """Whether it is the line below a header, or a row without words."""
    return bool(_RULE.fullmatch(text[slice(*row)]))


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]
