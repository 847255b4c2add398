"""One PDF page as lines and tables in reading order."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from ingest.parse.tables import pipe_table

# Bullets of symbol fonts come out as private-use characters; ligatures would never match a question's words.
_GLYPHS = str.maketrans(
    {"\uf0b7": "•", "\uf0a7": "•", "\uf0d8": "•", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"}
)
GUTTER = 10.0
"""The least width, in points, of the blank between two columns."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, or a whole table as Markdown. Positions in points from the page's upper left corner."""

    text: str
    size: float
    left: float
    right: float
    top: float
    bottom: float
    table: bool = False


_Row = list[Line]
"""The words of one printed line, from left to right."""


def page_lines(page: Any) -> list[Line]:
    """The lines of a pdfplumber page; a page of two columns is read column by column."""
    tables = [(found.bbox, found.extract()) for found in page.find_tables()]
    tables = [(box, rows) for box, rows in tables if _is_table(rows)]
    boxes = [box for box, _ in tables]
    text = page.filter(lambda item: not any(_inside(item, box) for box in boxes)) if boxes else page
    rows = list(_rows(_words(text)))
    rows += [[_table(box, cells)] for box, cells in tables]
    rows.sort(key=lambda row: row[0].top)
    return [_join(row) for row in _by_column(rows, float(page.width))]


def _is_table(rows: list[list[str | None]]) -> bool:
    """Two rows and two columns with text in them: a frame around a paragraph is none."""
    filled = [[bool(cell and cell.strip()) for cell in row] for row in rows]
    columns = sum(any(column) for column in zip(*filled, strict=False))
    return sum(map(any, filled)) >= 2 and columns >= 2


def _inside(item: dict[str, Any], box: tuple[float, float, float, float]) -> bool:
    x, y = (item["x0"] + item["x1"]) / 2, (item["top"] + item["bottom"]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _table(box: tuple[float, float, float, float], rows: list[list[str | None]]) -> Line:
    cells = [[_readable(cell or "") for cell in row] for row in rows if any(row)]
    return Line(pipe_table(cells), 0.0, box[0], box[2], box[1], box[3], table=True)


def _words(page: Any) -> Iterator[Line]:
    for word in page.extract_words(x_tolerance_ratio=0.2, return_chars=True):
        size = round(median(char["size"] for char in word["chars"]) * 2) / 2
        yield Line(_readable(word["text"]), size, word["x0"], word["x1"], word["top"], word["bottom"])


def _readable(text: str) -> str:
    """`text` without glyphs that have no character; reportlab's bullet is one of these."""
    return re.sub(r"\(cid:\d+\)", "", text.replace("(cid:127)", "•").translate(_GLYPHS))


def _rows(words: Iterator[Line]) -> Iterator[_Row]:
    row: _Row = []
    for word in sorted(words, key=lambda word: word.top + word.bottom):
        # A superscript is raised by less than half a line.
        if row and abs(word.top + word.bottom - row[0].top - row[0].bottom) > max(word.size, row[0].size):
            yield sorted(row, key=lambda word: word.left)
            row = []
        row.append(word)
    if row:
        yield sorted(row, key=lambda word: word.left)


def _join(words: Sequence[Line]) -> Line:
    if len(words) == 1:
        return words[0]
    size = max(words, key=lambda word: len(word.text)).size
    return Line(
        " ".join(word.text for word in words),
        size,
        words[0].left,
        words[-1].right,
        min(word.top for word in words),
        max(word.bottom for word in words),
    )


def _by_column(rows: list[_Row], width: float) -> Iterator[_Row]:
    """The rows, those between two rows that cross the gutter split: first their left halves, then their right ones."""
    gutter = _gutter(rows, width)
    if gutter is None:
        yield from rows
        return
    left: list[_Row] = []
    right: list[_Row] = []
    for row in rows:
        if any(word.left < gutter < word.right for word in row):
            yield from [*left, *right, row]
            left, right = [], []
            continue
        sides = [word for word in row if word.right <= gutter], [word for word in row if word.left >= gutter]
        left += [sides[0]] if sides[0] else []
        right += [sides[1]] if sides[1] else []
    yield from [*left, *right]


def _gutter(rows: list[_Row], width: float) -> float | None:
    """Where the blank between two columns of prose is; None on a page of one column."""
    places = [width * step / 100 for step in range(35, 66)]
    best = max(places, key=lambda x: len(_split(rows, x)) - _crossing(rows, x))
    halves = _split(rows, best)
    if len(halves) < 5 or len(halves) < 2 * _crossing(rows, best):
        return None
    # Short cells with a blank between them are a table without rules, to be read row by row.
    prose = all(median(len(_join(half).text) for half in side) >= 25 for side in zip(*halves, strict=True))
    return best if prose else None


def _crossing(rows: list[_Row], x: float) -> int:
    return sum(any(word.left < x < word.right for word in row) for row in rows)


def _split(rows: list[_Row], x: float) -> list[tuple[_Row, _Row]]:
    """The two halves of each row that has words on both sides of a gutter at `x`."""
    halves = [([word for word in row if word.right <= x], [word for word in row if word.left >= x]) for row in rows]
    return [(a, b) for a, b in halves if a and b and b[0].left - a[-1].right >= GUTTER]
