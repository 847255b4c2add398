"""From a model's words to cited sentences: markers such as [1] become the passage's own words, or the sentence falls.

All that falls is recorded with its reason. Whether the words bear the sentence out is for `brain/verify` to say.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from brain.text.analyzer import terms
from brain.text.language import UNKNOWN
from brain.text.sentences import sentence_spans, without_marker
from brain.text.units import units
from brain.types import Citation, Claim, Passage, Sentence

_BLANK = "[ \t\u00a0\u202f]*"
_NAMED = r"(?:passages?|sources?) ?(?:n ?° ?)?"
_NUMBERS = rf"\d{{1,4}}(?:{_BLANK}(?:[,;&]|et|and){_BLANK}(?:{_NAMED})?\d{{1,4}})*"
_MARKER = rf"(?:\[{{1,2}}\^?(?:{_NAMED})?{_NUMBERS}\]{{1,2}}|【(?:{_NAMED})?{_NUMBERS}】|\({_NAMED}{_NUMBERS}\))"
"""[1] as asked for, and what models write instead: [^1], 【1】, (passage 1)."""
_MARKERS = re.compile(rf"{_BLANK}{_MARKER}(?:{_BLANK}{_MARKER})*(?P<after>{_BLANK})", re.IGNORECASE)
LEAST_WORDS = 3
"""Fewer words before a marker say nothing alone."""
NEAR = 0.6
"""Share of a sentence's terms that a passage must hold to stand for a marker that is missing."""
_COMPLETE = re.compile(r"[.!?…][\"'»”’)\]\s]*\Z")


@dataclass(frozen=True, slots=True)
class Marked:
    """A sentence of the reply without its markers, and the numbers that they hold.

    `parts`: where markers stand inside it, the words before each with its numbers; those of one passage are one part.
    """

    text: str
    numbers: tuple[int, ...]
    complete: bool = True
    parts: tuple[tuple[str, tuple[int, ...]], ...] = ()


def marked_sentences(reply: str) -> Iterator[Marked]:
    """The reply's sentences. A marker behind a sentence's end is that sentence's; one opening a line is the line's, and
    then those behind it in the line open the sentences that follow them."""
    text, marks = _lifted(reply)
    spans = sentence_spans(text) or [(0, len(text))]
    starts = [start for start, _ in spans]
    marked: dict[int, list[tuple[int, list[int]]]] = {}
    for mark in marks:
        marked.setdefault(max(0, bisect_right(starts, mark[0]) - 1), []).append(mark)
    for at, span in enumerate(spans):
        start, end = without_marker(text, span)
        own = marked.get(at, [])
        words = " ".join(text[start:end].split())
        numbers = dict.fromkeys(number for _, found in own for number in found)
        yield Marked(words, tuple(numbers), bool(_COMPLETE.search(words)), _parts(text, start, end, own))


def _parts(
    text: str, start: int, end: int, marks: Sequence[tuple[int, list[int]]]
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The sentence's words up to each mark; what follows the last one is the last one's, and what has no words joins the next."""
    parts: list[tuple[str, tuple[int, ...]]] = []
    for position, numbers in marks:
        words = " ".join(text[start : max(start, min(position, end))].split())
        own = tuple(dict.fromkeys(numbers))
        if parts and (parts[-1][1] == own or min(map(_length, (words, parts[-1][0]))) < LEAST_WORDS):
            own = tuple(dict.fromkeys((*parts[-1][1], *own)))
            words = f"{parts.pop()[0]} {words}"
        parts.append((words.strip(), own))
        start = max(start, min(position, end))
    rest = " ".join(text[start:end].split())
    if parts:
        parts[-1] = (f"{parts[-1][0]} {rest}".strip() if any(c.isalnum() for c in rest) else parts[-1][0], parts[-1][1])
    return tuple(parts) if len(parts) > 1 else ()


def _length(words: str) -> int:
    return len(words.split())


def _lifted(reply: str) -> tuple[str, list[tuple[int, list[int]]]]:
    """The reply without markers, and where in it each run of markers stood."""
    parts, length, end = [], 0, 0
    marks: list[tuple[int, list[int]]] = []
    for match in _MARKERS.finditer(reply):
        before = reply[end : match.start()]
        length += len(before)
        opens_line = match.start() == 0 or reply[match.start() - 1] == "\n"
        glued = " " if reply[match.end() : match.end() + 1].isalnum() else ""
        gap = "" if opens_line else match["after"] or glued
        parts += [before, gap]
        place = length + len(gap) if _leads(reply, match.start()) else length
        marks.append((place, [int(number) for number in re.findall(r"\d+", match[0])]))
        length += len(gap)
        end = match.end()
    return "".join([*parts, reply[end:]]), marks


def _leads(reply: str, at: int) -> bool:
    """Whether a marker behind a sentence's end is the next one's: where the line itself opens with a marker."""
    line = reply.rfind("\n", 0, at) + 1
    return bool(_MARKERS.match(reply, line)) and bool(_COMPLETE.search(reply[line:at]))


def grounded(marked: Marked, blocks: Sequence[Sequence[Passage]], language: str) -> tuple[Sentence | None, list[str]]:
    """The sentence with its citations, and what did not hold. A number stands for the passages of its block.

    A sentence without any number is held against the block that says most of it, if one does: models often put one marker
    behind several sentences. Whether it is borne out is checked as for every other.
    """
    if not marked.numbers and (near := _nearest(marked.text, blocks, language)):
        marked = replace(marked, numbers=(near,))
    problems = [f"there is no passage {number}" for number in marked.numbers if not 0 < number <= len(blocks)]
    cited = {number: blocks[number - 1] for number in marked.numbers if 0 < number <= len(blocks)}
    if not cited:
        return None, [*problems, "no citation"]
    found = {number: support(marked.text, block, language) for number, block in cited.items()}
    problems += [f"not supported by passage {number}" for number, citation in found.items() if not citation]
    citations = tuple(citation for citation in found.values() if citation)
    if not citations:
        return None, problems
    return Sentence(marked.text, citations, _claims(marked, cited)), problems


def _nearest(text: str, blocks: Sequence[Sequence[Passage]], language: str) -> int | None:
    """The number of the block with the passage that holds most of the text's terms; None where none holds enough of them."""
    asked = set(terms(text, language))
    if len(asked) < LEAST_WORDS:
        return None
    shares = [
        (len(asked & set(terms(passage.text, language))) / len(asked), -number)
        for number, block in enumerate(blocks, 1)
        for passage in block
        if passage.language in (None, language)
    ]
    share, number = max(shares, default=(0.0, 0))
    return -number if share >= NEAR else None


def _claims(marked: Marked, cited: Mapping[int, Sequence[Passage]]) -> tuple[Claim, ...]:
    """The parts with their passages; a part whose passages don't exist stays, with none, and so does not hold."""
    parts = marked.parts or ((marked.text, marked.numbers),)
    claims = tuple(Claim(text, tuple(p.id for n in numbers for p in cited.get(n, ()))) for text, numbers in parts)
    # One claim of what is cited anyway needs not be told apart.
    return claims if marked.parts or any(len(block) > 1 for block in cited.values()) else ()


def support(sentence: str, block: Sequence[Passage], language: str) -> Citation | None:
    """The unit of the block that shares most terms with the sentence, the shortest of equals.

    None where nothing is shared, unless a passage is in another language: then it may say the same in no common word.
    """
    best: tuple[tuple[int, int], Citation] | None = None
    for passage in block:
        asked = set(terms(sentence, passage.language or language))
        translated = passage.language not in (None, UNKNOWN, language)
        for unit in units(passage.text):
            shared = len(asked & set(terms(unit.text, passage.language or language)))
            rank = (shared, -len(unit.text))
            if (shared or translated) and (best is None or rank > best[0]):
                best = rank, Citation(passage.id, passage.document_id, unit.span, unit.text)
    return best[1] if best else None
