"""Several rankings into one, by pages: a weighted sum of their scores, each scaled to its own range.

A ranking's scores are scaled so that its best hit has 1, and its last one (cosine) or nothing in common (BM25) has 0; what a
ranking does not hold has 0 there. A page counts with its best hit, by meaning with its second as well, which tells a page on the
matter from one that mentions it. Weights: `docs/decisions/0013-ranking.md`, where they were measured.

Scores rather than ranks: how far the best is ahead says much, and reciprocal ranks throw it away (Bruch, Gai & Ingber, "An analysis of
fusion functions for hybrid retrieval", ACM TOIS 2023). Pages rather than passages: `docs/decisions/0007-fusion.md`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from operator import mul
from typing import NamedTuple

from brain.index.base import Hit
from brain.types import Scores

HUGE = 20
"""Passages among the candidates; a page with more is so long that one of them is close to anything."""
SECOND_UNKNOWN = 0.75
"""What the second hit counts, as a share of the first, where there is none: the page may hold one passage only."""


class Features(NamedTuple):
    """What is known of a page, or what each of it counts. All between 0 and 1, but for `huge`."""

    dense: float
    """By meaning: its best passage."""
    second: float
    """Its second passage."""
    sparse: float
    """By words: its best passage."""
    title: float
    """By words: its title."""
    named: float = 0.0
    """How much a tag of it is named in the conversation."""
    huge: float = 0.0
    """Logarithm of how many more passages of it than `HUGE` are among the candidates, as a share of `HUGE`."""


QUESTION = Features(dense=1.0, second=0.2, sparse=1.25, title=0.2, huge=-0.6)
NAMED = Features(dense=1.5, second=0.0, sparse=0.5, title=1.0, named=1.0, huge=-0.6)
"""Within a conversation that names tags: the last turn says what is asked, tags and the turns before it about what."""
FOLLOW_UP = Features(dense=1.5, second=0.1, sparse=1.0, title=0.5, huge=-0.6)
"""Of a question that follows another: its own words say less, and its vector is drawn towards what was said before."""

CROSSING = Features(dense=1.5, second=0.2, sparse=1.25, title=0.2, huge=-0.6)
"""Of a question in another language than all pages: their words hardly meet."""


class Fused(NamedTuple):
    """A passage that was found, with the fused score of its page."""

    id: str
    page: str
    scores: Scores


class Rankings(NamedTuple):
    """Hits best first; `named` are pages with a tag that the conversation names, and how much it does, up to 1."""

    dense: Sequence[Hit]
    sparse: Sequence[Hit]
    title: Sequence[Hit] = ()
    named: Mapping[str, float] = {}


def fuse(rankings: Rankings, weights: Features, per_document: int) -> list[Fused]:
    """Pages by fused score, each with its `per_document` best passages side by side, best first."""
    scaled = _scaled_of(rankings)
    ranked = [(-sum(map(mul, weights, features)), page) for page, features in _features(rankings, scaled).items()]
    passages = _passages(rankings, scaled, weights)
    raw_dense, raw_sparse = ({hit.id: hit.score for hit in hits} for hits in (rankings.dense, rankings.sparse))
    return [
        Fused(id, page, Scores(-negative, raw_dense.get(id), raw_sparse.get(id)))
        for negative, page in sorted(ranked)  # of equals always the same one first
        for id in passages[page][:per_document]
    ]


def features_of(rankings: Rankings) -> dict[str, Features]:
    """The pages of all rankings with what is known of each."""
    return _features(rankings, _scaled_of(rankings))


class _Scaled(NamedTuple):
    """The scores of each ranking between 0 and 1."""

    dense: list[float]
    sparse: list[float]
    title: list[float]


def _scaled_of(rankings: Rankings) -> _Scaled:
    return _Scaled(_scaled(rankings.dense, from_last=True), _scaled(rankings.sparse), _scaled(rankings.title))


def _scaled(hits: Sequence[Hit], *, from_last: bool = False) -> list[float]:
    if not hits:
        return []
    low = hits[-1].score if from_last else 0.0
    span = hits[0].score - low
    return [(hit.score - low) / span for hit in hits] if span > 0 else [1.0] * len(hits)


def _features(rankings: Rankings, scaled: _Scaled) -> dict[str, Features]:
    by_meaning: dict[str, list[float]] = {}
    for hit, score in zip(rankings.dense, scaled.dense, strict=True):
        by_meaning.setdefault(hit.page, []).append(score)
    by_words, titles = _best(rankings.sparse, scaled.sparse), _best(rankings.title, scaled.title)
    found: dict[str, Features] = {}
    for page in {**by_meaning, **by_words, **titles}:
        dense = by_meaning.get(page, _NONE)
        found[page] = Features(
            dense[0],
            dense[1] if len(dense) > 1 else SECOND_UNKNOWN * dense[0],
            by_words.get(page, 0.0),
            titles.get(page, 0.0),
            rankings.named.get(page, 0.0),
            math.log(len(dense) / HUGE) if len(dense) > HUGE else 0.0,
        )
    return found


_NONE = (0.0,)


def _best(hits: Iterable[Hit], scores: Iterable[float]) -> dict[str, float]:
    """Each page's best score; the hits come best first."""
    best: dict[str, float] = {}
    for hit, score in zip(hits, scores, strict=True):
        best.setdefault(hit.page, score)
    return best


def _passages(rankings: Rankings, scaled: _Scaled, weights: Features) -> dict[str, list[str]]:
    """The passages of each page, best first. A title ranks its page; it does not say which of the passages is the better one."""
    of_page: dict[str, dict[str, float]] = {}
    counted = (rankings.dense, scaled.dense, weights.dense), (rankings.sparse, scaled.sparse, weights.sparse)
    for hits, values, weight in (*counted, (rankings.title, scaled.title, 0.0)):
        for hit, value in zip(hits, values, strict=True):
            scores = of_page.setdefault(hit.page, {})
            scores[hit.id] = scores.get(hit.id, 0.0) + weight * value
    return {
        page: sorted(scores, key=lambda id: (-scores[id], id)) if len(scores) > 1 else list(scores)
        for page, scores in of_page.items()
    }
