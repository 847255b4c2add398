"""Lines of a PDF as Markdown: headings by size, whole paragraphs, no running heads."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ingest.parse.pdf_page import Line
from ingest.parse.text import one_line

_BULLET = re.compile(r"[•◦▪■●‣∙·○–—-]\s+(?=\S)")
_NUMBERED = re.compile(r"(\d{1,3}|[a-z])[.)]\s+\S")
_HYPHENATED = re.compile(r"([^\W\d_]+)[-‐\u00ad]$")
# French joins these with a hyphen that stays: "rendez-vous", "est-il", "celui-ci", "a-t-on", "lui-même".
_CLITICS = re.compile(r"(vous|nous|moi|toi|lui|leur|ils?|elles?|on|ce|ci|là|je|tu|l[ea]s?|y|en|t|mêmes?)$")
LARGER = 1.15
"""How much larger than the body's a heading's type is."""


def to_markdown(pages: Sequence[Sequence[Line]]) -> str:
    """The text of `pages`, each a page's lines in reading order, as Markdown."""
    body_size = _body_size(pages)
    running = _running_lines(pages, body_size)
    kept = [line for page in pages for line in page if (_place(line, page), _key(line)) not in running]
    sizes = sorted({line.size for line in kept if line.size > body_size * LARGER}, reverse=True)
    levels = {size: min(rank, 6) for rank, size in enumerate(sizes, start=1)}
    words = {word for line in kept for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)+", line.text.lower())}
    return "\n\n".join(_block(lines, levels, words) for lines in _blocks(kept, levels))


def _body_size(pages: Sequence[Sequence[Line]]) -> float:
    """The size of most characters."""
    sizes: Counter[float] = Counter()
    for line in (line for page in pages for line in page if not line.table):
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _place(line: Line, page: Sequence[Line]) -> str:
    """Among the two uppermost lines of its page ("top"), the two lowest ("bottom"), or neither ("")."""
    above, below = sum(other.top < line.top for other in page), sum(other.top > line.top for other in page)
    return "top" if above < 2 else "bottom" if below < 2 else ""


def _key(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text.strip())


def _running_lines(pages: Sequence[Sequence[Line]], body_size: float) -> set[tuple[str, str]]:
    """Running heads, feet and page numbers: place and text of lines that most pages have, whatever their numbers."""
    counts: Counter[tuple[str, str]] = Counter()
    for page in pages:
        # A larger line is a heading: "Annexe 1", "Annexe 2" at the top of two pages is no running head.
        lines = [line for line in page if not line.table and line.size <= body_size * LARGER]
        counts.update({(_place(line, page), _key(line)) for line in lines})
    least = max(2, 0.6 * sum(1 for page in pages if page))
    return {found for found, count in counts.items() if found[0] and count >= least}


def _blocks(lines: Sequence[Line], levels: dict[float, int]) -> Iterator[list[Line]]:
    """Headings, paragraphs, list items and tables, each with its lines."""
    if not lines:
        return
    block = [lines[0]]
    for before, line in pairwise(lines):
        if _continues(before, line, levels):
            block.append(line)
        else:
            yield block
            block = [line]
    yield block


def _continues(before: Line, line: Line, levels: dict[float, int]) -> bool:
    if before.table or line.table or _starts_item(line.text):
        return False
    if before.size != line.size and (before.size in levels or line.size in levels):
        return False
    if line.top < before.top:  # the next column or page: the paragraph goes on where no sentence has ended
        return line.size not in levels and line.text[:1].islower() and not re.search(r"[.:;!?]$", before.text)
    short = re.search(r"[.:!?]$", before.text) and before.right - before.left < 0.7 * (line.right - line.left)
    return line.top - before.bottom < 0.8 * line.size and not short


def _starts_item(text: str) -> bool:
    return bool(_BULLET.match(text) or _NUMBERED.match(text))


def _block(lines: list[Line], levels: dict[float, int], words: set[str]) -> str:
    if lines[0].table:
        return lines[0].text
    text = lines[0].text
    for line in lines[1:]:
        text = _joined(text, line.text, words)
    text = one_line(text)
    level = levels.get(lines[0].size, 0)
    return f"{'#' * level} {text}" if level else _BULLET.sub("- ", text, count=1)


def _joined(text: str, following: str, words: set[str]) -> str:
    """`text` and the line after it, a word that the line end cut made whole again."""
    cut = _HYPHENATED.search(text)
    rest = re.match(r"[^\W\d_]+", following)
    if not cut or not rest or not rest[0][0].islower():
        return f"{text} {following}"
    compound = f"{cut[1]}-{rest[0]}".lower()
    if _CLITICS.match(rest[0]) or compound in words:
        return f"{text[:-1]}-{following}"
    return text[:-1] + following
