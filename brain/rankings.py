"""The rankings of one question: what is asked of the index, in one call for a scope.

A question that stands alone is ranked alike in and out of a conversation: a new matter must not be drawn to the old one.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from brain.closeness import Closeness
from brain.conversation import context_vector, named_tags
from brain.fuse import CROSSING, FOLLOW_UP, NAMED, QUESTION, Features, Fused, Rankings, fuse
from brain.index.base import DENSE, FUSION, SPARSE, TITLE, Hit, Index, Scope, Search
from brain.text.bm25 import question_vector
from brain.text.language import UNKNOWN
from brain.types import Question

OF_A_TAG = 50
"""Passages taken from those that have a tag which the conversation names."""
KEPT_S = 60.0
"""How long tags and numbers of passages are remembered: counting them reads every passage's."""


class Meaning(NamedTuple):
    """A question's unit vector; `within`: that of a follow-up, drawn towards what was said before it."""

    alone: list[float]
    within: list[float] | None = None


class Ranker:
    """Ranks the passages of a scope for one question; of an index as it is at each call."""

    def __init__(
        self, index: Index, tags: "Remembered[dict[str, int]]", candidates: int, closeness: Closeness | None = None
    ) -> None:
        self._index, self._tags, self._candidates, self._closeness = index, tags, candidates, closeness
        self._passages = Remembered(index.count)

    def forget(self) -> None:
        """What is remembered of the index may not hold any more."""
        self._tags.forget()
        self._passages.forget()

    def of(
        self, question: Question, meaning: "Meaning", language: str, per_document: int
    ) -> Callable[[Scope], list[Fused]]:
        """What ranks the passages of a scope, best first, those of a page side by side."""

        def ranked(scope: Scope) -> list[Fused]:
            if named := self._named(question, scope, language):
                weights, asked, dense = NAMED, question, meaning.alone
            elif meaning.within:
                weights, asked, dense = FOLLOW_UP, question, meaning.within
            else:
                weights, asked, dense = learned(self._index.manifest), replace(question, turns=()), meaning.alone
            if self._closeness and not named and self._crosses(language, scope):
                weights, dense = CROSSING, self._closeness.across(dense)
            return fuse(self.rankings(asked, dense, language, scope, named), weights, per_document)

        return ranked

    def rankings(
        self,
        question: Question,
        dense: list[float],
        language: str,
        scope: Scope,
        named: Mapping[str, float] = MappingProxyType({}),
    ) -> Rankings:
        """The passages of a scope ranked in each way on its own: titles by the turns before, where the question has some."""
        sparse = question_vector(question.text, language)
        before = context_vector(question.turns, language) if question.turns else sparse
        asked = [
            *(
                Search(by, vector, self._candidates)
                for by, vector in ((DENSE, dense), (SPARSE, sparse), (TITLE, before))
            ),
            *(Search(DENSE, dense, OF_A_TAG, tag) for tag in named),
        ]
        by_meaning, by_words, titles, *tagged = self._index.search(asked, scope)
        return _joined(by_meaning, by_words, titles, dict(zip(named, tagged, strict=True)), named)

    def _named(self, question: Question, scope: Scope, language: str) -> dict[str, float]:
        if not question.turns:
            return {}
        return named_tags(question.text, question.turns, self._tags.of(scope), language)

    def _crosses(self, language: str, scope: Scope) -> bool:
        """Whether nothing in scope is in the question's language."""
        if scope.languages or language == UNKNOWN:
            return bool(scope.languages) and language not in scope.languages
        return not self._passages.of(replace(scope, languages=(language,)))


def learned(manifest: Mapping[str, Any]) -> Features:
    """The weights that `brain tune` stored with the index, else those that come with Brain."""
    return Features(**manifest[FUSION]) if FUSION in manifest else QUESTION


T = TypeVar("T")


class Remembered(Generic[T]):
    """What the index says of a scope, whatever its families, remembered for a while."""

    def __init__(
        self, ask: Callable[[Scope], T], clock: Callable[[], float] = monotonic, seconds: float = KEPT_S
    ) -> None:
        self._ask, self._clock, self._seconds = ask, clock, seconds
        self._kept: dict[Scope, tuple[float, T]] = {}

    def of(self, scope: Scope) -> T:
        scope = replace(scope, without=(), variants_of=())
        kept = self._kept.get(scope)
        if kept and self._clock() < kept[0]:
            return kept[1]
        if len(self._kept) >= 100:  # scopes of other days and of tags that were asked for once
            self._kept.clear()
        said = self._ask(scope)
        self._kept[scope] = self._clock() + self._seconds, said
        return said

    def forget(self) -> None:
        self._kept.clear()


def _joined(
    dense: list[Hit], sparse: list[Hit], titles: list[Hit], of_tags: Mapping[str, list[Hit]], named: Mapping[str, float]
) -> Rankings:
    """One ranking by meaning of all hits, with what the pages of named tags are worth."""
    hits = {hit.id: hit for found in (dense, *of_tags.values()) for hit in found}
    worth: dict[str, float] = {}
    for tag, found in of_tags.items():
        for hit in found:
            worth[hit.page] = max(worth.get(hit.page, 0.0), named[tag])
    return Rankings(sorted(hits.values(), key=lambda hit: -hit.score), sparse, titles, worth)
