"""Documents into passages: LlamaIndex's node parsers cut at headings, then at sentences; small neighbours are joined.

The parsers give texts; here each is found again in the body, so that a passage is literally `body[start:end]`.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from brain.index.base import point_id
from brain.settings import SplitterSettings
from brain.text.sentences import sentence_spans
from brain.tokens import count_tokens, tokenizer
from brain.types import Chunk, Document, Span

LEAST_PART = 5
"""Tokens by which a part that came out too long is made shorter."""
_SEPARATOR = "\x1f"
_WHITE = re.compile(r"[^\S\n]")
_HEADING = re.compile(r"#+ (.*)")


class _Piece(NamedTuple):
    """A run of a section, not longer than a passage may be."""

    span: Span
    path: tuple[str, ...]
    tokens: int


def split(document: Document, settings: SplitterSettings) -> list[Chunk]:
    """The document's passages in reading order, none of white space alone."""
    pieces = [
        piece for section in _sections(document.body) for piece in _pieces(document.body, section, settings.tokens)
    ]
    seen: Counter[str] = Counter()
    chunks = []
    for position, piece in enumerate(_joined(document.body, pieces, settings.tokens)):
        text = document.body[slice(*piece.span)]
        key = encoded_text(document.title, piece.path, text)
        id = _chunk_id(document, key, seen[key], first=not position)
        chunks.append(Chunk(id, document.id, text, piece.span, piece.path, piece.tokens, position))
        seen[key] += 1
    return chunks


def encoded_text(title: str, heading_path: tuple[str, ...], text: str) -> str:
    """What the encoders read: the passage below its title and headings, which often hold the words of the question."""
    head = [part for part in dict.fromkeys((title, *heading_path)) if part and not text.startswith(f"# {part}")]
    return "\n".join([*head, text])


def _chunk_id(document: Document, encoded: str, occurrence: int, *, first: bool) -> str:
    # Everything that decides the vectors: a chunk whose id is stored need not be encoded again. The first one has the title's too.
    content = "\0".join((document.language or "", encoded, str(occurrence), "first" if first else ""))
    return point_id(document.tenant, document.id, content)


def _sections(body: str) -> list[_Piece]:
    """The spans between headings, each with the headings above it and its own."""
    from llama_index.core.schema import TextNode

    flat = _WHITE.sub(" ", body)  # the parser rewrites "#<tab>Title" with a space; same length, so spans hold
    sections, at = [], 0
    for node in _markdown_parser().get_nodes_from_node(TextNode(text=flat)):
        start = flat.index(node.text, at)
        at = start + len(node.text)
        heading = _HEADING.match(node.text)
        above = [part for part in node.metadata["header_path"].split(_SEPARATOR) if part]
        path = (*above, heading[1].strip()) if heading else tuple(above)
        sections.append(_Piece((start, at), path, count_tokens(body[start:at])))
    return sections


def _pieces(body: str, section: _Piece, budget: int) -> list[_Piece]:
    """The section, cut at sentences where it is too long."""
    if section.tokens <= budget:
        return [section]
    start, end = section.span
    text, at, pieces = body[start:end], 0, []
    for part in _parts(text, budget, budget):
        begin = text.index(part, at)
        at = begin + len(part)
        pieces.append(_Piece((start + begin, start + at), section.path, count_tokens(part)))
    return pieces


def _parts(text: str, size: int, budget: int) -> Iterator[str]:
    """The splitter adds up its sentences' tokens, and side by side they can be one more: such a part is cut again, smaller."""
    for part in _sentence_splitter(size).split_text(text):
        if count_tokens(part) <= budget or size <= LEAST_PART:
            yield part
        else:
            yield from _parts(part, size - LEAST_PART, budget)


def _joined(body: str, pieces: list[_Piece], budget: int) -> list[_Piece]:
    """Neighbours joined while they fit: a heading with one line below it makes a poor passage on its own."""
    joined: list[_Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last and last.tokens + piece.tokens <= budget:
            span = (last.span[0], piece.span[1])
            tokens = count_tokens(body[slice(*span)])  # more than the sum: the lines between count too
            if tokens <= budget:
                path = tuple(a for a, b in zip(last.path, piece.path, strict=False) if a == b)
                joined[-1] = _Piece(span, path, tokens)
                continue
        joined.append(piece)
    return joined


@lru_cache
def _markdown_parser() -> Any:
    from llama_index.core.node_parser import MarkdownNodeParser

    return MarkdownNodeParser(header_path_separator=_SEPARATOR)


@lru_cache
def _sentence_splitter(budget: int) -> Any:
    from llama_index.core.node_parser import SentenceSplitter

    return SentenceSplitter(
        chunk_size=budget,
        chunk_overlap=0,
        tokenizer=tokenizer(),
        paragraph_separator="\n\n",
        chunking_tokenizer_fn=_sentences_whole,
    )


def _sentences_whole(text: str) -> list[str]:
    """The sentences with the white space between them, so that joined they are the text again."""
    starts = [start for start, _ in sentence_spans(text)]
    cuts = [0, *starts[1:], len(text)]
    return [text[a:b] for a, b in itertools.pairwise(cuts) if a < b]
