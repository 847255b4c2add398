"""Which cells of a quoted table answer a question, so that they can be pointed at; the table is quoted whole all the same.

Only what can be looked up: a row or column whose label holds the question's words or figure ("8 kg" is in "De 5 à 15 kg"). Where
nothing tells one label from the others, none is chosen.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from brain.text.analyzer import terms
from brain.types import Span
from brain.verify.values import Value, values_in

_CELL = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r":?-+:?")
_UP_TO = re.compile(
    r"\b(?:jusqu|moins|maximum|max\b|inf[ée]rieur|avant|sous|up to|less|under|below|at most|until|younger)|<"
)
_FROM = re.compile(
    r"\b(?:plus|[àa] partir|dès|au.del[àa]|sup[ée]rieur|minimum|apr[èe]s|more|over|above|from|at least|older)\b|>"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell and where it stands in the table's."""

    text: str
    span: Span


def answering(table: str, question: str, language: str) -> tuple[Span, ...]:
    """Where the cells stand in the table (Markdown, with a header) that the question asks for; none where it can't be told."""
    rows = rows_of(table)
    if len(rows) < 3 or not all(_RULE.fullmatch(cell.text) for cell in rows[1]):
        return ()
    header, body = rows[0], [row for row in rows[2:] if len(row) == len(rows[0])]
    if len(header) < 2 or not body:
        return ()
    asked = _Asked(frozenset(terms(question, language)), tuple(values_in(question, language)), language)
    lines = _chosen([row[0].text for row in body], header[0].text, asked)
    columns = _chosen([cell.text for cell in header[1:]], "", asked)
    if not lines and (not columns or len(body) == 1 or len(header) == 2):
        return ()
    return tuple(
        body[line][column + 1].span
        for line in lines or range(len(body))
        for column in columns or range(len(header) - 1)
    )


def rows_of(table: str) -> list[list[Cell]]:
    """The cells of each line, the rule under the header included."""
    rows, at = [], 0
    for line in table.splitlines(keepends=True):
        bars = [at + match.start() for match in _CELL.finditer(line)]
        if table[bars[-1] + 1 : at + len(line)].strip() if bars else line.strip():
            bars.append(at + len(line))  # a line need not end with a bar
        rows.append([_cell(table, start + 1, end) for start, end in pairwise(bars)])
        at += len(line)
    return rows


def _cell(table: str, start: int, end: int) -> Cell:
    text = table[start:end]
    start += len(text) - len(text.lstrip())
    return Cell(text.strip(), (start, start + len(text.strip())))


@dataclass(frozen=True, slots=True)
class _Asked:
    terms: frozenset[str]
    values: tuple[Value, ...]
    language: str


def _chosen(labels: Sequence[str], about: str, asked: _Asked) -> list[int]:
    """The labels in which the question's figure lies; else the one that has most of its words; `about`: the head of these labels."""
    if inside := [at for at, label in enumerate(labels) if _holds(label, about, asked)]:
        return inside if len(inside) < len(labels) else []
    words = [set(terms(label, asked.language)) for label in labels]
    common = set.intersection(*words) if len(words) > 1 else set()
    shared = [len((own - common) & asked.terms) for own in words]
    most = max(shared)
    best = [at for at, count in enumerate(shared) if count == most]
    return best if most and len(best) == 1 else []


def _holds(label: str, about: str, asked: _Asked) -> bool:
    """Whether a figure of the question lies in the range that the label says, both of one unit."""
    own = [value for value in values_in(label, asked.language) if value.kind == "number"]
    units = {_unit(value) for value in own[-1:]} if own else set()
    if units == {""}:  # "Poids (kg)"
        units = {_unit(value) for value in values_in(f"1 {about.rpartition('(')[2]}", asked.language)}
    if not own or len(own) > 2 or units <= {""}:
        return False
    ends = sorted(float(reading) for value in own for reading in value.readings)
    low, high = ends[0], ends[-1]
    said = label.lower()
    if len(own) == 1:
        low = -math.inf if _UP_TO.search(said) else low
        high = math.inf if _FROM.search(said) else high
    return any(
        _unit(value) in units and low <= float(reading) <= high
        for value in asked.values
        if value.kind == "number"
        for reading in value.readings
    )


def _unit(value: Value) -> str:
    """Of a bare number the word behind it: "20 mph"."""
    return value.unit or value.noun
