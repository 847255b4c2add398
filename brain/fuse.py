"""Several rankings into one, by pages: a weighted sum of their scores, each scaled to its own range.

Every ranking (passages by meaning and by words, titles by meaning and by words) ranks pages by their best hit. A page's score in a ranking is
scaled so that the best hit has 1 and the last one, or BM25's zero, has 0; a page that a ranking does not hold has 0 there. The scaled scores are
added with weights: learned over several knowledge bases (`docs/decisions/0013-ranking.md`), or from this one (`brain tune`).

Scores rather than ranks: how far the best is ahead says much, and reciprocal ranks throw it away (Bruch, Gai & Ingber, ACM TOIS 2023,
"An analysis of fusion functions for hybrid retrieval"). Pages rather than passages: a page whose one passage is close in meaning and
whose other passage holds the words is found (`docs/decisions/0007-fusion.md`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from brain.index.base import DENSE, SPARSE, TITLE_DENSE, TITLE_SPARSE, Hit
from brain.types import Scores

Rankings = Mapping[str, Sequence[Hit]]
"""Hits by what ranked them, best first."""
Weights = Mapping[str, float]

PASSAGES = (DENSE, SPARSE)
WEIGHTS: Weights = {DENSE: 1.0, SPARSE: 1.2, TITLE_DENSE: 0.3, TITLE_SPARSE: 0.15}


class Fused(NamedTuple):
    """A passage that was found, with the fused score of its page."""

    id: str
    page: str
    scores: Scores


def fuse(rankings: Rankings, weights: Weights, per_document: int) -> list[Fused]:
    """Pages by fused score, each with its `per_document` best passages side by side, best first."""
    by_page: dict[str, float] = {}
    by_passage: dict[str, float] = {}
    pages: dict[str, str] = {}
    for name, hits in rankings.items():
        seen: set[str] = set()
        for hit, scaled in _scaled(name, hits):
            pages[hit.id] = hit.page
            # A title ranks its page; it says nothing of which passage is the better one.
            by_passage[hit.id] = by_passage.get(hit.id, 0.0) + (weights[name] * scaled if name in PASSAGES else 0.0)
            if hit.page not in seen:  # best first: a page's first hit is its best
                seen.add(hit.page)
                by_page[hit.page] = by_page.get(hit.page, 0.0) + weights[name] * scaled
    of_page: dict[str, list[str]] = {}
    for id in sorted(by_passage, key=lambda id: -by_passage[id]):
        of_page.setdefault(pages[id], []).append(id)
    dense, sparse = ({hit.id: hit.score for hit in rankings.get(name, ())} for name in (DENSE, SPARSE))
    return [
        Fused(id, page, Scores(by_page[page], dense.get(id), sparse.get(id)))
        for page in sorted(by_page, key=lambda page: -by_page[page])
        for id in of_page[page][:per_document]
    ]


def _scaled(name: str, hits: Sequence[Hit]) -> Iterable[tuple[Hit, float]]:
    """Each hit with its score between 0 and 1."""
    if not hits:
        return ()
    low = 0.0 if name in (SPARSE, TITLE_SPARSE) else hits[-1].score
    span = hits[0].score - low
    return ((hit, (hit.score - low) / span if span > 0 else 1.0) for hit in hits)

