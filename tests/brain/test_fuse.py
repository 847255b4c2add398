"""Fusion by pages: weighted sums of scaled scores, worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain.fuse import NAMED, QUESTION, Features, Fused, Rankings, fuse
from brain.index.base import Hit

PLAIN = Features(dense=1, second=0, sparse=1, title=1, named=1, huge=-0.6)


def hits(**scores: float) -> list[Hit]:
    """`a1` is passage 1 of page `a`."""
    return [Hit(name, name[0], score) for name, score in sorted(scores.items(), key=lambda item: -item[1])]


def fused_scores(found: list[Fused]) -> dict[str, float]:
    return {passage.page: passage.scores.fused for passage in found}


def test_cosines_are_scaled_between_the_last_and_the_best_bm25_from_nothing() -> None:
    rankings = Rankings(dense=hits(a1=0.9, b1=0.85, c1=0.8), sparse=hits(b1=8, c1=4))

    found = fuse(rankings, PLAIN, 1)

    assert [f.page for f in found] == ["b", "a", "c"]
    assert fused_scores(found) == pytest.approx({"a": 1, "b": 0.5 + 1, "c": 0 + 0.5})


def test_weights_say_what_a_ranking_counts() -> None:
    rankings = Rankings(hits(a1=0.9, b1=0.8), hits(b1=8, c1=4), hits(c1=3), {"a": 0.5})

    found = fused_scores(fuse(rankings, Features(dense=2, second=0, sparse=3, title=5, named=7), 1))

    assert found == pytest.approx({"a": 2 + 3.5, "b": 3, "c": 1.5 + 5})


def test_a_page_counts_with_its_best_passage_and_by_meaning_with_its_second() -> None:
    rankings = Rankings(hits(a1=1.0, b1=0.9, a2=0.8, c1=0.5), [])

    found = fused_scores(fuse(rankings, Features(dense=1, second=1, sparse=1, title=0), 1))

    # Of b no second passage was found: it counts three quarters of its first.
    assert found == pytest.approx({"a": 1 + 0.6, "b": 0.8 * 1.75, "c": 0})


def test_a_page_of_very_many_passages_counts_less() -> None:
    many = [Hit(f"a{n}", "a", 0.9 + n / 1e4) for n in range(60, 0, -1)]
    rankings = Rankings([*many, *hits(b1=0.9)], [])

    found = fused_scores(fuse(rankings, PLAIN, 1))

    assert found["a"] == pytest.approx(1 - 0.6 * 1.0986, abs=1e-3)  # log(60 / 20)


def test_the_passages_of_a_page_stand_side_by_side_best_first() -> None:
    rankings = Rankings(hits(a1=0.9, b1=0.85, a2=0.8, a3=0.7), hits(a3=8, b1=4))

    found = fuse(rankings, PLAIN, 2)

    # a3: 0 + 1, a1: 1 + 0, a2: 0.5 + 0.
    assert [f.id for f in found] == ["a1", "a3", "b1"]
    assert found[0].scores.fused == found[1].scores.fused == pytest.approx(2)


def test_a_title_ranks_its_page_and_not_the_passage_that_it_is_stored_with() -> None:
    rankings = Rankings(hits(a2=0.9, a1=0.8), [], hits(a1=5, b1=4))

    assert [f.id for f in fuse(rankings, PLAIN, 2)] == ["a2", "a1", "b1"]


def test_each_passage_keeps_its_own_scores() -> None:
    found = {f.id: f.scores for f in fuse(Rankings(hits(a1=0.9, b1=0.5), hits(b1=3, c1=2)), PLAIN, 3)}

    assert (found["a1"].dense, found["a1"].sparse) == (0.9, None)
    assert (found["b1"].dense, found["b1"].sparse) == (0.5, 3)
    assert (found["c1"].dense, found["c1"].sparse) == (None, 2)


def test_equal_scores_keep_one_order() -> None:
    one = fuse(Rankings(hits(a1=0.5, b1=0.5), []), PLAIN, 1)
    other = fuse(Rankings([Hit("b1", "b", 0.5), Hit("a1", "a", 0.5)], []), PLAIN, 1)

    assert [f.page for f in one] == [f.page for f in other] == ["a", "b"]


def test_nothing_found_is_nothing() -> None:
    assert fuse(Rankings([], []), QUESTION, 3) == []


NAMES = st.lists(
    st.tuples(st.sampled_from([f"{page}{n}" for page in "abcd" for n in range(4)]), st.floats(0, 50)),
    unique_by=lambda item: item[0],
)


@given(dense=NAMES, sparse=NAMES, titles=NAMES, most=st.integers(1, 4), weights=st.sampled_from([QUESTION, NAMED]))
def test_nothing_is_doubled_invented_or_out_of_order(
    dense: list[tuple[str, float]],
    sparse: list[tuple[str, float]],
    titles: list[tuple[str, float]],
    most: int,
    weights: Features,
) -> None:
    fused = fuse(Rankings(hits(**dict(dense)), hits(**dict(sparse)), hits(**dict(titles))), weights, most)

    ids, pages = [f.id for f in fused], [f.page for f in fused]
    there = {name for name, _ in (*dense, *sparse, *titles)}
    assert len(set(ids)) == len(ids)
    assert set(ids) <= there
    assert set(pages) == {name[0] for name in there}
    assert all(1 <= pages.count(page) <= most for page in pages)
    assert pages == sorted(pages, key=pages.index), "a page's passages stand side by side"
    scores = [f.scores.fused for f in fused]
    assert scores == sorted(scores, reverse=True)
