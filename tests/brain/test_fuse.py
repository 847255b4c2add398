"""Fusion by pages, against reciprocal ranks worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain.fuse import fuse
from brain.index.base import Hit


def hits(*names: str) -> list[Hit]:
    """ "a1" is passage 1 of page "a"; scores fall with the rank."""
    return [Hit(name, name[0], 1 / (1 + rank)) for rank, name in enumerate(names)]


def test_a_page_ranks_by_its_best_passage_in_each_list() -> None:
    # By meaning: b, a, c. By words: a, c (a2 is another passage of a).
    fused = fuse(hits("b1", "a1", "a2", "c1"), hits("a2", "a1", "c1"), k=10, per_document=1)

    assert [f.page for f in fused] == ["a", "c", "b"]
    assert fused[0].id == "a2"
    assert {f.page: f.scores.fused for f in fused} == pytest.approx(
        {"a": 1 / 12 + 1 / 11, "b": 1 / 11, "c": 1 / 13 + 1 / 12}
    )


def test_the_passages_of_a_page_stand_side_by_side_best_first() -> None:
    fused = fuse(hits("a1", "b1", "a2", "a3"), hits("a3", "b1"), k=60, per_document=2)

    # a1: 1/61. a2: 1/63. a3: 1/64 + 1/61, the best of them.
    assert [f.id for f in fused] == ["a3", "a1", "b1"]
    assert fused[0].scores.fused == fused[1].scores.fused == pytest.approx(2 / 61)


def test_each_passage_keeps_its_own_scores() -> None:
    found = {f.id: f.scores for f in fuse(hits("a1", "b1"), hits("b1", "c1"), k=60, per_document=3)}

    assert (found["a1"].dense, found["a1"].sparse) == (1.0, None)
    assert (found["b1"].dense, found["b1"].sparse) == (0.5, 1.0)
    assert (found["c1"].dense, found["c1"].sparse) == (None, 0.5)


def test_of_one_list_the_order_is_that_of_its_pages() -> None:
    assert [f.id for f in fuse(hits("a1", "b1", "a2"), [], k=60, per_document=3)] == ["a1", "a2", "b1"]
    assert fuse([], [], k=60, per_document=3) == []


NAMES = st.lists(st.sampled_from([f"{page}{n}" for page in "abcd" for n in range(4)]), unique=True)


@given(dense=NAMES, sparse=NAMES, k=st.integers(1, 100), most=st.integers(1, 4))
def test_nothing_is_doubled_invented_or_out_of_order(dense: list[str], sparse: list[str], k: int, most: int) -> None:
    fused = fuse(hits(*dense), hits(*sparse), k, most)

    ids, pages = [f.id for f in fused], [f.page for f in fused]
    assert len(set(ids)) == len(ids)
    assert set(ids) <= {*dense, *sparse}
    assert set(pages) == {name[0] for name in (*dense, *sparse)}
    assert all(1 <= pages.count(page) <= most for page in pages)
    scores = [f.scores.fused for f in fused]
    assert scores == sorted(scores, reverse=True)
