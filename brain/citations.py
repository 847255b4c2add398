"""The last gate before a user: a citation whose words are not literally where it says is dropped, and recorded."""

from collections.abc import Iterable
from dataclasses import replace

from brain.answerers.base import Draft
from brain.types import Citation, Passage


def checked(draft: Draft, passages: Iterable[Passage]) -> Draft:
    """The draft without citations that don't hold, and without sentences left with none."""
    texts = {passage.id: passage.text for passage in passages}
    kept, dropped = [], list(draft.dropped)
    for sentence in draft.sentences:
        good = tuple(citation for citation in sentence.citations if holds(citation, texts.get(citation.passage_id)))
        if good:
            kept.append(replace(sentence, citations=good))
        if len(good) < max(1, len(sentence.citations)):
            dropped.append({"text": sentence.text, "why": "a citation is not in its passage"})
    return replace(draft, sentences=tuple(kept), dropped=tuple(dropped))


def holds(citation: Citation, text: str | None) -> bool:
    start, end = citation.span
    return text is not None and 0 <= start < end <= len(text) and text[start:end] == citation.quote
