"""From a model's reply to cited sentences: markers such as [1] become the passage's own words, or the sentence falls.

All that falls is recorded with its reason. Whether the words bear the sentence out is for `brain/verify` to say.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from brain.answerers.base import Draft
from brain.text.analyzer import terms
from brain.text.language import UNKNOWN
from brain.text.sentences import sentence_spans, without_marker
from brain.text.units import units
from brain.types import Citation, Claim, Passage, Sentence

_NO_ANSWER = re.compile(r"\[*\bNO_ANSWER\b\]*")
_BLANK = "[ \t\u00a0\u202f]*"
_MARKER = rf"\[{{1,2}}(?:passages? ?)?\d{{1,4}}(?:{_BLANK}[,;]{_BLANK}\d{{1,4}})*\]{{1,2}}"
_MARKERS = re.compile(rf"{_BLANK}{_MARKER}(?:{_BLANK}{_MARKER})*(?P<after>{_BLANK})", re.IGNORECASE)
LEAST_WORDS = 3
"""Fewer words before a marker say nothing alone."""
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


def read_reply(reply: str, passages: Sequence[Passage], language: str, *, cut: bool = False) -> Draft:
    """The sentences that hold; none where the model says that there is no answer. `cut`: the reply has no end."""
    if _NO_ANSWER.search(reply):
        said = _NO_ANSWER.sub("", reply).strip()
        return Draft((), ({"text": said, "why": "written beside NO_ANSWER"},) if said else ())
    marked = list(marked_sentences(reply))
    sentences, dropped = [], []
    for at, candidate in enumerate(marked):
        if cut and at == len(marked) - 1 and not candidate.complete:
            # What is missing may be the condition that turns its meaning.
            dropped.append({"text": candidate.text, "why": "cut off at max_tokens"})
            continue
        sentence, problems = _grounded(candidate, passages, language)
        sentences += [sentence] if sentence else []
        dropped += [{"text": candidate.text, "why": why} for why in problems]
    return Draft(tuple(sentences), tuple(dropped))


def marked_sentences(reply: str) -> Iterator[Marked]:
    """The reply's sentences. A marker behind a sentence's end is that sentence's; one opening a line is the line's."""
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
        marks.append((length, [int(number) for number in re.findall(r"\d+", match[0])]))
        opens_line = match.start() == 0 or reply[match.start() - 1] == "\n"
        glued = " " if reply[match.end() : match.end() + 1].isalnum() else ""
        gap = "" if opens_line else match["after"] or glued
        parts += [before, gap]
        length += len(gap)
        end = match.end()
    return "".join([*parts, reply[end:]]), marks


def _grounded(marked: Marked, passages: Sequence[Passage], language: str) -> tuple[Sentence | None, list[str]]:
    """The sentence with its citations, and what did not hold."""
    problems = [f"there is no passage {number}" for number in marked.numbers if not 0 < number <= len(passages)]
    cited = [(number, passages[number - 1]) for number in marked.numbers if 0 < number <= len(passages)]
    if not cited:
        return None, [*problems, "no citation"]
    found = {number: support(marked.text, passage, language) for number, passage in cited}
    problems += [f"not supported by passage {number}" for number, citations in found.items() if not citations]
    if not any(found.values()):
        return None, problems
    citations = tuple(citation for citations in found.values() for citation in citations)
    return Sentence(marked.text, citations, _claims(marked, dict(cited))), problems


def _claims(marked: Marked, cited: Mapping[int, Passage]) -> tuple[Claim, ...]:
    """The parts with their passages; a part whose passages don't exist stays, with none, and so does not hold."""
    return tuple(
        Claim(text, tuple(cited[number].id for number in numbers if number in cited)) for text, numbers in marked.parts
    )


def support(sentence: str, passage: Passage, language: str) -> tuple[Citation, ...]:
    """The passage's unit that shares most terms with the sentence, the shortest of equals.

    None where nothing is shared, unless the passage is in another language: then it may say the same in no common word.
    """
    translated = passage.language not in (None, UNKNOWN, language)
    language = passage.language or language
    asked = set(terms(sentence, language))
    ranked = [(len(asked & set(terms(unit.text, language))), -len(unit.text), unit) for unit in units(passage.text)]
    shared, _, best = max(ranked, key=lambda entry: entry[:2], default=(0, 0, None))
    if best is None or not (shared or translated):
        return ()
    return (Citation(passage.id, passage.document_id, best.span, best.text),)
