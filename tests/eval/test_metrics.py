"""Ranking metrics against values worked out by hand, and what must hold for any ranking."""

from collections.abc import Callable
from math import log2
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import first_rank, hit, ndcg, recall, reciprocal_rank

RANKED = ["a", "b", "c", "d"]
ALL = [hit, recall, reciprocal_rank, ndcg]

ids = st.sampled_from("abcdefghij")
rankings = st.lists(ids, unique=True)
golds = st.frozensets(ids, min_size=1)
depths = st.integers(1, 12)


@pytest.mark.parametrize(
    ("gold", "k", "expected"),
    [
        ({"a"}, 1, (1, 1, 1, 1)),
        ({"b"}, 1, (0, 0, 0, 0)),
        ({"c"}, 3, (1, 1, 1 / 3, 1 / log2(4))),
        ({"b", "d"}, 3, (1, 1 / 2, 1 / 2, (1 / log2(3)) / (1 + 1 / log2(3)))),
        ({"a", "b", "c"}, 2, (1, 2 / 3, 1, 1)),
        ({"z"}, 10, (0, 0, 0, 0)),
        ({"d", "z"}, 10, (1, 1 / 2, 1 / 4, (1 / log2(5)) / (1 + 1 / log2(3)))),
    ],
)
def test_known_values(gold: set[str], k: int, expected: tuple[float, ...]) -> None:
    assert [metric(RANKED, gold, k) for metric in ALL] == pytest.approx(expected)


def test_nothing_found_scores_nothing() -> None:
    assert [metric([], {"a"}, 5) for metric in ALL] == [0, 0, 0, 0]
    assert first_rank([], {"a"}) is None


@pytest.mark.parametrize("metric", ALL)
def test_what_cannot_be_scored_is_an_error(metric: Callable[..., float]) -> None:
    with pytest.raises(ValueError, match="no gold document"):
        metric(RANKED, set(), 1)
    with pytest.raises(ValueError, match="k must be at least 1, not 0"):
        metric(RANKED, {"a"}, 0)
    with pytest.raises(ValueError, match="ranked twice"):
        metric(["a", "a"], {"a"}, 1)


@given(rankings, golds, depths)
def test_bounds(ranked: list[str], gold: frozenset[str], k: int) -> None:
    assert all(0 <= metric(ranked, gold, k) <= 1 for metric in ALL)
    assert recall(ranked, gold, k) <= hit(ranked, gold, k)
    assert reciprocal_rank(ranked, gold, k) <= hit(ranked, gold, k)


@given(rankings, golds, depths)
def test_looking_deeper_never_lowers_hit_recall_or_mrr(ranked: list[str], gold: frozenset[str], k: int) -> None:
    for metric in (hit, recall, reciprocal_rank):
        assert metric(ranked, gold, k) <= metric(ranked, gold, k + 1)


@given(rankings, golds, depths, st.randoms(use_true_random=False))
def test_the_tail_has_no_effect(ranked: list[str], gold: frozenset[str], k: int, random: Random) -> None:
    tail = ranked[k:]
    random.shuffle(tail)

    assert [m(ranked, gold, k) for m in ALL] == [m(ranked[:k] + tail, gold, k) for m in ALL]


@given(rankings, golds, depths)
def test_gold_first_is_ideal(ranked: list[str], gold: frozenset[str], k: int) -> None:
    ideal = sorted(gold) + [id_ for id_ in ranked if id_ not in gold]

    assert ndcg(ideal, gold, k) == pytest.approx(1)
    assert reciprocal_rank(ideal, gold, k) == 1
