"""Two texts word by word, and an answer's sentences with the words that they cite."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
AROUND = 140
"""Characters shown on each side of a quote."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text. `kind`: in both texts, only in this one, or a quote."""

    text: str
    kind: Literal["same", "only", "quote"] = "same"


def word_diff(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """Each text in pieces; those that the other has not are `only`."""
    a, b = _TOKEN.findall(one), _TOKEN.findall(other)
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        same: Literal["same", "only"] = "same" if kind == "equal" else "only"
        left += [Piece("".join(a[a1:a2]), same)] if a2 > a1 else []
        right += [Piece("".join(b[b1:b2]), same)] if b2 > b1 else []
    return left, right


def quotes(answer: dict[str, Any]) -> Iterator[tuple[str, list[Piece]]]:
    """(title, excerpt) of each cited passage, its quotes marked, in the order of citation."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for sentence in answer["sentences"]:
        for citation in sentence["citations"]:
            spans.setdefault(citation["passage_id"], []).append(tuple(citation["span"]))
    passages = {passage["id"]: passage for passage in answer["passages"]}
    for id, held in spans.items():
        if id in passages:
            yield passages[id]["title"] or passages[id]["document_id"], excerpt(passages[id]["text"], held)


def excerpt(text: str, spans: list[tuple[int, int]]) -> list[Piece]:
    """The text around the spans, these as quotes; what is far from all of them is left out."""
    pieces: list[Piece] = []
    at = max(0, min(start for start, _ in spans) - AROUND)
    if at:
        pieces.append(Piece("… "))
    for start, end in _merged(spans):
        if start - at > 2 * AROUND:
            pieces += [Piece(text[at : at + AROUND] + " … "), Piece(text[start - AROUND : start])]
        else:
            pieces.append(Piece(text[at:start]))
        pieces.append(Piece(text[start:end], "quote"))
        at = end
    pieces.append(Piece(text[at : at + AROUND] + (" …" if at + AROUND < len(text) else "")))
    return [piece for piece in pieces if piece.text]


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged
