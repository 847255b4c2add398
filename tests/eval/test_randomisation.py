"""The sign-flip test: against scipy where it has the same test, and its error rate in a simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test  # type: ignore[import-untyped]

from eval.stats.randomisation import EXACT, sign_flip_p


def ids(n: int) -> list[str]:
    return [str(i) for i in range(n)]


@settings(deadline=None)
@given(st.integers(0, 8), st.integers(0, 8))
def test_for_found_or_not_it_is_mcnemars_exact_test(better: int, worse: int) -> None:
    changes = [1.0] * better + [-1.0] * worse + [0.0] * 5
    expected = binomtest(better, better + worse).pvalue if better + worse else 1.0
    # Above EXACT it is drawn: standard error 0.005 at most.
    tolerance = 1e-9 if better + worse <= EXACT else 0.02

    assert sign_flip_p(changes, ids(len(changes))) == pytest.approx(expected, abs=tolerance)


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


def test_it_keeps_its_level_where_questions_of_a_page_gain_or_lose_together() -> None:
    rng, runs = np.random.default_rng(11), 300
    rejected = 0
    for _ in range(runs):
        page = np.repeat(np.arange(40), rng.integers(1, 6, size=40))
        none = rng.choice([-0.5, 0.0, 0.5], p=[0.3, 0.4, 0.3], size=40)[page]
        rejected += sign_flip_p(none.tolist(), page.astype(str).tolist()) < 0.05
    assert rejected / runs <= 0.08
