"""Tables: those that only lay a page out become its text; the others get every cell that their spans stand for."""

import copy
from collections.abc import Sequence
from itertools import chain
from typing import Any

WIDEST = 100
_LAYOUT = ".//table[.//table or @role='presentation' or not(.//tr[count(td | th) > 1])]"
_PARTS = "descendant::*[self::tr or self::td or self::th or self::tbody or self::thead or self::tfoot or self::caption]"
_OWNER = "ancestor::table[1]"


def unfold(main: Any) -> None:
    """Change the tables under the lxml element `main` in place."""
    layout = main.xpath(_LAYOUT)
    parts = [(table, [part for part in table.xpath(_PARTS) if part.xpath(_OWNER)[0] is table]) for table in layout]
    for part in chain.from_iterable((table, *own) for table, own in parts):
        part.tag = "div"
    for table in main.xpath(".//table"):
        _repeat_spanning_cells(table)


def pipe_table(rows: Sequence[Sequence[str]]) -> str:
    """`rows` as a Markdown table, the first one its header; cells are put on one line and padded to equal length."""
    width = max(map(len, rows))
    cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] + [""] * (width - len(row)) for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])


def _repeat_spanning_cells(table: Any) -> None:
    """A cell that spans rows is repeated in each of them, so that each row can be read, and quoted, on its own."""
    open_spans: dict[int, tuple[int, Any]] = {}
    for row in table.xpath(".//tr"):
        cells, position = list(row.xpath("td | th")), 0
        while (cells or position in open_spans) and position < WIDEST:
            left, cell = open_spans.pop(position, (0, None))
            if left:
                cell = copy.deepcopy(cell)
                row.insert(_place(row, cells), cell)
            else:
                cell = cells.pop(0)
                left = _span(cell, "rowspan")
            if left > 1:
                open_spans[position] = (left - 1, cell)
            position += _span(cell, "colspan")


def _place(row: Any, cells: list[Any]) -> int:
    return int(row.index(cells[0])) if cells else len(row)


def _span(cell: Any, attribute: str) -> int:
    value = cell.get(attribute, "1").strip()
    span = min(int(value), WIDEST) if value.isascii() and value.isdecimal() and len(value) < 10 else 1
    if attribute == "rowspan":
        cell.attrib.pop(attribute, None)
    return max(span, 1)
