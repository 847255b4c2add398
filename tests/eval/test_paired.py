"""Paired differences: against scipy where it has the same test, and their error rates in a simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test  # type: ignore[import-untyped]

from eval.paired import EXACT, paired_difference, sign_flip_p


def ids(n: int) -> list[str]:
    return [str(i) for i in range(n)]


def test_each_case_is_compared_with_itself() -> None:
    found = paired_difference([0, 0.5, 1, 1], [1, 0.5, 0.5, 1], ids(4))

    assert (found.before, found.after, found.mean) == (0.625, 0.75, 0.125)
    assert (found.better, found.worse, found.equal) == (1, 1, 2)
    assert (found.n, found.clusters, found.method) == (4, 4, "cluster bootstrap")
    assert found.low < 0 < found.high


@settings(deadline=None)
@given(st.integers(0, 8), st.integers(0, 8))
def test_for_found_or_not_the_p_value_is_that_of_mcnemars_exact_test(better: int, worse: int) -> None:
    before, after = [0.0] * better + [1.0] * worse + [1.0] * 5, [1.0] * better + [0.0] * worse + [1.0] * 5
    expected = binomtest(better, better + worse).pvalue if better + worse else 1.0
    # Above EXACT it is drawn: standard error 0.005 at most.
    tolerance = 1e-9 if better + worse <= EXACT else 0.02

    p = paired_difference(before, after, ids(len(before))).p

    assert p == pytest.approx(expected, abs=tolerance)


def test_for_other_scores_it_is_scipys_permutation_test() -> None:
    changes = np.random.default_rng(2).normal(0.1, 0.3, size=10)
    expected = permutation_test((changes,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue

    assert sign_flip_p(changes.tolist(), ids(10)) == pytest.approx(expected, abs=1e-9)


def test_a_cluster_swaps_as_a_whole() -> None:
    """Twelve questions on one page are one observation: nothing can be told from it."""
    assert sign_flip_p([1.0] * 12, ["page"] * 12) == 1.0
    assert sign_flip_p([1.0] * 12, ids(12)) == 2 / 2**12


def test_drawn_patterns_never_give_a_p_of_zero_and_are_the_same_each_time() -> None:
    many = [1.0] * 60

    assert sign_flip_p(many, ids(60)) == 1 / 10_001
    mixed = np.random.default_rng(1).normal(0, 1, 40).tolist()
    assert sign_flip_p(mixed, ids(40)) == sign_flip_p(mixed, ids(40))
    assert sign_flip_p(mixed, ids(40)) != sign_flip_p(mixed, ids(40), seed=1)


def test_no_change_is_not_certain_to_be_no_difference() -> None:
    few, many = (paired_difference([0.5] * n, [0.5] * n, ids(n)) for n in (5, 500))

    assert (few.mean, few.p, few.method, few.equal) == (0, 1, "wilson", 5)
    assert few.low == -few.high < -0.3
    assert -0.01 < many.low == -many.high < 0


@pytest.mark.parametrize(("after", "groups"), [(1.0, 6), (0.5, 6), (0.5, 1)])
def test_the_same_change_everywhere_is_not_certain_either(after: float, groups: int) -> None:
    found = paired_difference([0.0] * 6, [after] * 6, [str(i % groups) for i in range(6)])

    assert found.method == "wilson"
    assert -1 <= found.low < found.mean <= found.high <= 1
    assert found.high - found.low > 0.3


@pytest.mark.parametrize(
    ("before", "after", "clusters", "message"),
    [
        ([1.0], [1.0, 0.0], ["a"], "1 scores before, 2 after"),
        ([], [], [], "at least one"),
        ([2.0], [1.0], ["a"], r"in \[0, 1\]"),
        ([float("nan")], [1.0], ["a"], r"in \[0, 1\]"),
    ],
)
def test_what_is_no_pair_is_refused(before: list[float], after: list[float], clusters: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        paired_difference(before, after, clusters)


scores = st.sampled_from([0.0, 0.2, 0.25, 1 / 3, 0.5, 1.0])


@settings(deadline=None)
@given(st.lists(st.tuples(scores, scores, st.sampled_from("abcde")), min_size=1, max_size=12))
def test_turning_the_two_round_turns_the_result_round(rows: list[tuple[float, float, str]]) -> None:
    old, new, clusters = map(list, zip(*rows, strict=True))

    there, back = paired_difference(old, new, clusters), paired_difference(new, old, clusters)  # type: ignore[arg-type]

    assert there.mean == pytest.approx(-back.mean)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-9)
    assert (there.better, there.worse, there.p) == (back.worse, back.better, pytest.approx(back.p))
    assert -1 <= there.low <= there.mean + 1e-9
    assert there.mean - 1e-9 <= there.high <= 1


def test_intervals_cover_and_the_test_keeps_its_level() -> None:
    """Questions of a page gain or lose together; the true mean difference is 0.1, then 0."""
    rng = np.random.default_rng(11)
    held = rejected = 0
    runs = 300
    for _ in range(runs):
        page = np.repeat(np.arange(40), rng.integers(1, 6, size=40))
        gain = rng.choice([-0.5, 0.0, 0.5], p=[0.2, 0.4, 0.4], size=40)[page]
        clusters = page.astype(str).tolist()
        found = paired_difference((0.5 - gain / 2).tolist(), (0.5 + gain / 2).tolist(), clusters)
        held += found.low <= 0.1 <= found.high
        none = rng.choice([-0.5, 0.0, 0.5], p=[0.3, 0.4, 0.3], size=40)[page]
        rejected += sign_flip_p(none.tolist(), clusters) < 0.05
    assert 0.91 <= held / runs <= 0.99
    assert rejected / runs <= 0.08
