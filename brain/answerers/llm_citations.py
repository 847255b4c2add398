"""From a model's reply to cited sentences: markers such as [1] become the passage's own words, or the sentence falls.

All that falls is recorded with its reason. These are quick checks; they do not prove that a passage entails a sentence.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from brain.answerers.base import Draft
from brain.answerers.llm_numbers import numbers_in
from brain.text.analyzer import terms
from brain.text.sentences import sentence_spans, without_marker
from brain.text.units import units
from brain.types import Citation, Passage, Sentence

_NO_ANSWER = re.compile(r"\[*\bNO_ANSWER\b\]*")
_BLANK = "[ \t\u00a0\u202f]*"
_MARKER = rf"\[{{1,2}}(?:passages? ?)?\d{{1,4}}(?:{_BLANK}[,;]{_BLANK}\d{{1,4}})*\]{{1,2}}"
_MARKERS = re.compile(rf"{_BLANK}{_MARKER}(?:{_BLANK}{_MARKER})*(?P<after>{_BLANK})", re.IGNORECASE)
_COMPLETE = re.compile(r"[.!?…][\"'»”’)\]\s]*\Z")


@dataclass(frozen=True, slots=True)
class Marked:
    """A sentence of the reply without its markers, and the numbers that they hold."""

    text: str
    numbers: tuple[int, ...]
    complete: bool = True


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
    numbers: dict[int, list[int]] = {}
    for position, found in marks:
        numbers.setdefault(max(0, bisect_right(starts, position) - 1), []).extend(found)
    for at, span in enumerate(spans):
        words = " ".join(text[slice(*without_marker(text, span))].split())
        yield Marked(words, tuple(dict.fromkeys(numbers.get(at, ()))), bool(_COMPLETE.search(words)))


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
    supporting = [passage for number, passage in cited if found[number]]
    if not supporting:
        return None, problems
    if not numbers_in([marked.text]) <= numbers_in(_texts(supporting)):
        return None, [*problems, "a number is not in the passage"]
    return Sentence(marked.text, tuple(citation for citations in found.values() for citation in citations)), problems


def support(sentence: str, passage: Passage, language: str) -> tuple[Citation, ...]:
    """The passage's unit that shares most terms with the sentence, the shortest of equals; none if none is shared."""
    language = passage.language or language
    asked = set(terms(sentence, language))
    ranked = [(len(asked & set(terms(unit.text, language))), -len(unit.text), unit) for unit in units(passage.text)]
    shared, _, best = max(ranked, key=lambda entry: entry[:2], default=(0, 0, None))
    if best is None or not shared:
        return ()
    return (Citation(passage.id, passage.document_id, best.span, best.text),)


def _texts(passages: Iterable[Passage]) -> Iterator[str]:
    for passage in passages:
        yield from (passage.text, passage.title, *passage.heading_path)
