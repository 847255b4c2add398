"""What the checks read: a claim, and the sentences of the passages that it cites, each analysed once."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from brain.text.analyzer import terms
from brain.text.sentences import is_heading, sentence_spans, without_marker
from brain.types import Passage, Span
from brain.verify.values import Value, values_in
from brain.verify.words import Word, content, words


@dataclass
class Text:
    """A text with what the checks want of it, read once."""

    text: str
    language: str

    @cached_property
    def words(self) -> list[Word]:
        return words(self.text, self.language)

    @cached_property
    def terms(self) -> frozenset[str]:
        """Figures included, so that a sentence is found by them."""
        return frozenset(terms(self.text, self.language))

    @cached_property
    def content(self) -> frozenset[str]:
        return frozenset(content(self.words))

    @cached_property
    def values(self) -> list[Value]:
        return values_in(self.text, self.language)


@dataclass
class Evidence:
    """What a claim cites: the sentences of its passages, and the titles and headings above them."""

    sentences: list[Text]
    context: Text
    places: list[tuple[str, int]]
    """Of each sentence: its passage's id, and where in the passage it begins."""
    urls: Sequence[str] = ()
    above: Sequence[Text] = ()
    """Of each sentence three lines of what stands over it: its page's title, the nearest heading, what leads its list or table."""

    @classmethod
    def of_passages(cls, passages: Sequence[Passage], language: str) -> "Evidence":
        found = [(passage, span, above) for passage in passages for span, above in _readable(passage)]
        context = dict.fromkeys(line for passage in passages for line in (passage.title, *passage.heading_path))
        return cls(
            [Text(passage.text[slice(*span)], language) for passage, span, _ in found],
            Text("\n".join(context), language),
            [(passage.id, span[0]) for passage, span, _ in found],
            [passage.url for passage in passages if passage.url],
            [Text(above, language) for _, _, above in found],
        )

    @cached_property
    def content(self) -> frozenset[str]:
        return self.context.content.union(*(sentence.content for sentence in self.sentences))

    @cached_property
    def values(self) -> list[Value]:
        return [value for sentence in self.sentences for value in sentence.values]

    @cached_property
    def stated_above(self) -> list[Value]:
        """The values of titles and headings, and the documents' own addresses."""
        return [*self.context.values, *(value for url in self.urls for value in values_in(url, self.context.language))]

    @cached_property
    def words(self) -> list[Word]:
        return [word for text in (self.context, *self.sentences) for word in text.words]


Close = Callable[[str, Sequence[str]], Sequence[float]]
"""The cosines of a text and each of others."""
Beside = Callable[[], Iterable[Evidence]]
"""What else was found for the question, read only where it is needed."""


def _readable(passage: Passage) -> Iterator[tuple[Span, str]]:
    """The sentences, each item of a list and each row of a table for itself, with what stands over them; headings left out."""
    text, heading = passage.text, passage.heading_path[-1] if passage.heading_path else ""
    leads = ""
    for span in sentence_spans(text):
        bare = without_marker(text, span)
        said = text[slice(*bare)]
        if is_heading(text, span):
            heading, leads = said, ""
            continue
        listed = bare != span or said.startswith("|")
        yield bare, "\n".join((passage.title, heading, leads if listed else ""))
        if not listed:
            leads = said if said.endswith(":") else ""
        elif said.startswith("|") and not leads:
            leads = said


def claims_of(sentence: str, language: str) -> list[Text]:
    """The parts of a sentence that are checked each for itself: those that a semicolon, or the end of a sentence, divides."""
    parts = [sentence[start:end] for start, end in sentence_spans(sentence)] or [sentence]
    return [Text(part.strip(), language) for whole in parts for part in re.split(r";(?=\s)", whole) if part.strip()]
