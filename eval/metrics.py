"""Ranking metrics of one question: ranked document ids, best first, against the gold set. All are in [0, 1].

`ranked` holds unique ids, `gold` is not empty and `k` is at least 1; ValueError otherwise. Ids beyond `k` never count.
"""

from collections.abc import Sequence, Set
from math import log2


def hit(ranked: Sequence[str], gold: Set[str], k: int) -> float:
    """1.0 where any gold document is among the first `k`."""
    return float(first_rank(_top(ranked, gold, k), gold) is not None)


def recall(ranked: Sequence[str], gold: Set[str], k: int) -> float:
    """Share of the gold documents that are among the first `k`. At most k / |gold|, also where all are gold."""
    return len(gold & set(_top(ranked, gold, k))) / len(gold)


def reciprocal_rank(ranked: Sequence[str], gold: Set[str], k: int) -> float:
    """1 / rank of the first gold document among the first `k`, 0.0 where there is none; its mean is MRR@k.

    Source: Voorhees, "The TREC-8 Question Answering Track Report" (1999).
    """
    rank = first_rank(_top(ranked, gold, k), gold)
    return 1 / rank if rank else 0.0


def ndcg(ranked: Sequence[str], gold: Set[str], k: int) -> float:
    """Discounted cumulative gain, binary relevance, over that of an ideal ranking of min(|gold|, k) documents.

    The ideal grows with `k`, so unlike the others it may fall as `k` grows.
    Source: Järvelin & Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002.
    """
    gain = sum(1 / log2(rank + 1) for rank, id_ in enumerate(_top(ranked, gold, k), start=1) if id_ in gold)
    ideal = sum(1 / log2(rank + 1) for rank in range(1, min(len(gold), k) + 1))
    return gain / ideal


def first_rank(ranked: Sequence[str], gold: Set[str]) -> int | None:
    """Rank, from 1, of the first gold document; None where there is none."""
    return next((rank for rank, id_ in enumerate(ranked, start=1) if id_ in gold), None)


def _top(ranked: Sequence[str], gold: Set[str], k: int) -> Sequence[str]:
    if not gold:
        raise ValueError("no gold document: what was not asked can't be scored")
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if len(set(ranked)) < len(ranked):
        raise ValueError("a document is ranked twice")
    return ranked[:k]
