"""The rankings of one question: what is asked of the index, in one call for a scope."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from brain.conversation import context_vector, named_tags
from brain.fuse import CONVERSATION, QUESTION, Features, Fused, Rankings, fuse
from brain.index.base import DENSE, FUSION, SPARSE, TITLE, Hit, Index, Scope, Search
from brain.text.bm25 import question_vector
from brain.types import Question

OF_A_TAG = 50
"""Passages taken from those that have a tag which the conversation names."""
TAGS_KEPT_S = 60.0
"""How long the tags of a scope are remembered: counting them reads every passage's."""


class Ranker:
    """Ranks the passages of a scope for one question; of an index as it is at each call."""

    def __init__(self, index: Index, tags: "Tags", candidates: int) -> None:
        self._index, self._tags, self._candidates = index, tags, candidates

    def of(
        self, question: Question, dense: list[float], language: str, per_document: int
    ) -> Callable[[Scope], list[Fused]]:
        """What ranks the passages of a scope, best first, those of a page side by side."""
        rankings = self.rankings(question, dense, language)
        weights = CONVERSATION if question.turns else learned(self._index.manifest)
        return lambda scope: fuse(rankings(scope), weights, per_document)

    def rankings(self, question: Question, dense: list[float], language: str) -> Callable[[Scope], Rankings]:
        """What ranks the passages of a scope in each way on its own."""
        sparse = question_vector(question.text, language)
        context = context_vector(question.turns, language) if question.turns else sparse
        asked = [
            Search(by, vector, self._candidates) for by, vector in ((DENSE, dense), (SPARSE, sparse), (TITLE, context))
        ]

        def ranked(scope: Scope) -> Rankings:
            counts = self._tags.of(scope) if question.turns else {}
            named = named_tags(question.text, question.turns, counts, language)
            searches = [*asked, *(Search(DENSE, dense, OF_A_TAG, tag) for tag in named)]
            by_meaning, by_words, titles, *tagged = self._index.search(searches, scope)
            of_tags = dict(zip(named, tagged, strict=True))
            return _joined(by_meaning, by_words, titles, of_tags, named)

        return ranked


def learned(manifest: Mapping[str, Any]) -> Features:
    """The weights that `brain tune` stored with the index, else those that come with Brain."""
    return Features(**manifest[FUSION]) if FUSION in manifest else QUESTION


class Tags:
    """The tags of a scope with their numbers of passages, remembered for a minute."""

    def __init__(self, index: Index, clock: Callable[[], float] = monotonic) -> None:
        self._index, self._clock = index, clock
        self._kept: dict[Scope, tuple[float, dict[str, int]]] = {}

    def of(self, scope: Scope) -> dict[str, int]:
        scope = replace(scope, without=(), variants_of=())
        until, counts = self._kept.get(scope, (0.0, {}))
        if self._clock() >= until:
            if len(self._kept) >= 100:  # scopes of other days and of tags that were asked for once
                self._kept.clear()
            counts = self._index.tags(scope)
            self._kept[scope] = self._clock() + TAGS_KEPT_S, counts
        return counts


def _joined(
    dense: list[Hit], sparse: list[Hit], titles: list[Hit], of_tags: dict[str, list[Hit]], named: dict[str, float]
) -> Rankings:
    """One ranking by meaning of all hits, with what the pages of named tags are worth."""
    hits = {hit.id: hit for found in (dense, *of_tags.values()) for hit in found}
    worth: dict[str, float] = {}
    for tag, found in of_tags.items():
        for hit in found:
            worth[hit.page] = max(worth.get(hit.page, 0.0), named[tag])
    return Rankings(sorted(hits.values(), key=lambda hit: -hit.score), sparse, titles, worth)
