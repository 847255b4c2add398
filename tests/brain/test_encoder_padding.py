"""Which texts share a forward pass."""

from hypothesis import given
from hypothesis import strategies as st

from brain.encoder.padding import PADDING_LIMIT, TOKENS_PER_BATCH, batches, padded, rounded


@given(st.lists(st.integers(0, 512), max_size=80), st.sampled_from([1, 8, 16]))
def test_every_text_is_in_one_batch_within_the_budget_and_without_much_padding(lengths: list[int], step: int) -> None:
    tokens = [[7] * length for length in lengths]

    made = list(batches(tokens, step))

    assert sorted(row for rows in made for row in rows) == list(range(len(tokens)))
    for rows in made:
        sizes = [rounded(lengths[row], step) for row in rows]
        assert len(rows) == 1 or max(sizes) * len(rows) <= TOKENS_PER_BATCH
        assert max(sizes) <= PADDING_LIMIT * min(sizes)


def test_texts_of_like_length_share_one_pass_and_a_long_one_goes_alone() -> None:
    assert list(batches([[1] * 12, [1] * 300, [1] * 10, [1] * 14], 8)) == [[1], [3, 0, 2]]


def test_padding_is_marked_as_such() -> None:
    ids, real = padded([[5, 6, 7], [8]], 4)

    assert ids.tolist() == [[5, 6, 7, 0], [8, 0, 0, 0]]
    assert real.tolist() == [[True, True, True, False], [True, False, False, False]]
