"""Markdown files: front-matter, and a body whose heading tree, lists, tables and code stay."""

import re
from collections.abc import Iterator

from ingest.parse import front_matter, web
from ingest.parse.inline import plain
from ingest.parse.options import Content, Limits
from ingest.parse.text import clean, decode

_REFERENCE = re.compile(r" {0,3}\[([^\[\]^]+)\]:[ \t]*<?([^\s>]+)>?(?:[ \t]+[\"'(].*)?$")
_ATTRIBUTES = re.compile(r"^( {0,3}#{1,6} .*?)[ \t]*\{:?[ \t]*[#.][^{}\n]*\}[ \t]*$", re.MULTILINE)
_ELEMENT = re.compile(rf"[ \t>]*<(?:!--|/?(?:{web.BLOCKS})\b)", re.IGNORECASE)
LONGEST_TABLE = 1000
"""Lines that a raw HTML table may go on for after its first blank line."""

_Span = tuple[int, int, str]
"""Lines start to end (excluded) of a block that is not running text, and its kind."""


def parse_markdown(raw: bytes, name: str, limits: Limits) -> list[Content]:
    """One Content. Raises `DocumentError` for what is not text and for malformed front-matter."""
    text = decode(raw)
    fields, body = front_matter.split(clean(text))
    return [Content(plain_markdown(body), fields, raw=text)]


def plain_markdown(text: str) -> str:
    """`text`, which `clean` has seen, as Markdown with ATX headings and no emphasis, comments or raw HTML.

    Code blocks stay as they are.
    """
    lines = text.split("\n")
    spans = list(_spans(text, lines))
    references, lines = _references(lines, spans)
    output, running = [], 0
    for start, end, kind in [*spans, (len(lines), len(lines), "end")]:
        output.append(plain("\n".join(lines[running:start]), references))
        block = "\n".join(lines[start:end])
        if kind == "html":
            # Blank lines: what stood around a block is not to run into it.
            shown = web.fragment(block)
            output.append("\n" + (shown if "<pre" in block or "<code" in block else plain(shown, references)) + "\n")
        elif kind.startswith("#"):
            output.append(f"{kind} " + plain(" ".join(line.strip() for line in lines[start : end - 1]), references))
        elif kind == "code":
            output.append(block)
        running = end
    return _ATTRIBUTES.sub(r"\1", "\n".join(output))


def _spans(text: str, lines: list[str]) -> Iterator[_Span]:
    """Code, raw HTML and underlined headings, in order and apart."""
    from markdown_it import MarkdownIt

    position = 0
    # A block parser that knows CommonMark, as a fence may stand in a list, in a quote or hold another fence.
    for token in MarkdownIt("commonmark").disable("inline").parse(text):
        start, end = token.map or (0, 0)
        if start < position or end == start:
            continue
        if token.type in ("fence", "code_block"):
            kind = "code"
        elif token.type == "html_block" and _ELEMENT.match(lines[start]):
            kind, end = "html", _table_end(lines, start, end)
        elif token.type == "heading_open" and token.markup in ("=", "-"):
            kind = "#" * int(token.tag[1])
        else:
            continue
        yield start, end, kind
        position = end


def _table_end(lines: list[str], start: int, end: int) -> int:
    """Where raw HTML really ends: for CommonMark a blank line cuts a table in two."""
    block = "\n".join(lines[start:end]).lower()
    if block.count("<table") <= block.count("</table"):
        return end
    ahead = range(end, min(end + LONGEST_TABLE, len(lines)))
    return next((line + 1 for line in ahead if "</table" in lines[line].lower()), end)


def _references(lines: list[str], spans: list[_Span]) -> tuple[dict[str, str], list[str]]:
    """The targets that `[label]: target` lines give, by label, and the lines with these blanked."""
    code = {line for start, end, _ in spans for line in range(start, end)}
    found = {n: match for n, line in enumerate(lines) if n not in code and (match := _REFERENCE.match(line))}
    references = {match[1].lower(): match[2] for match in found.values()}
    return references, ["" if n in found else line for n, line in enumerate(lines)]
