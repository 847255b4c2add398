"""Intervals against published and scipy's values, and their coverage in a simulation."""

from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest  # type: ignore[import-untyped]

from eval.stats import cluster_bootstrap_interval, mean_interval, wilson_interval


# Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I.
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_values(successes: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.95]))
def test_wilson_agrees_with_scipy(counts: tuple[int, int], confidence: float) -> None:
    expected = binomtest(*counts).proportion_ci(confidence, method="wilson")

    assert wilson_interval(*counts, confidence) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_what_is_no_proportion_is_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="is no proportion"):
        wilson_interval(successes, n)


def test_binary_values_of_independent_cases_get_wilson() -> None:
    interval = mean_interval([1, 0, 1, 1], ["a", "b", "c", "d"])

    assert interval.method == "wilson"
    assert (interval.mean, interval.n, interval.clusters) == (0.75, 4, 4)
    assert (interval.low, interval.high) == wilson_interval(3, 4)


@pytest.mark.parametrize(
    ("values", "clusters"), [([1, 0, 1, 1], ["a", "a", "b", "c"]), ([0.5, 0, 1, 0.25], ["a", "b", "c", "d"])]
)
def test_other_values_get_the_cluster_bootstrap(values: list[float], clusters: list[str]) -> None:
    interval = mean_interval(values, clusters)

    assert interval.method == "cluster bootstrap"
    assert (interval.low, interval.high) == cluster_bootstrap_interval(values, clusters)
    assert interval.low <= interval.mean <= interval.high


@pytest.mark.parametrize(
    ("values", "clusters", "groups"),
    [([1, 1, 1, 1], ["a", "a", "b", "c"], 3), ([0.5, 0.5], ["a", "b"], 2), ([1, 0, 0.5], ["a", "a", "a"], 1)],
)
def test_values_without_spread_are_not_certain(values: list[float], clusters: list[str], groups: int) -> None:
    interval = mean_interval(values, clusters)

    assert interval.method == "wilson"
    assert (interval.low, interval.high) == wilson_interval(interval.mean * groups, groups)
    assert interval.low < interval.high


def test_one_cluster_of_unbounded_values_says_nothing() -> None:
    assert cluster_bootstrap_interval([3.0, 5.0], ["a", "a"]) == (-inf, inf)
    assert mean_interval([3.0, 5.0], ["a", "a"]).high == inf


def test_the_bootstrap_is_that_of_a_t_interval_for_many_independent_values() -> None:
    values = np.random.default_rng(3).normal(10, 2, size=400)

    low, high = cluster_bootstrap_interval(values.tolist(), [str(i) for i in range(400)])

    half = 1.966 * values.std(ddof=1) / sqrt(400)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_clusters_count_by_their_cases() -> None:
    """A ratio of sums: the mean of cluster means would be 0.5 here, and the interval would miss the mean."""
    values, clusters = [1.0] * 90 + [0.0] * 10, ["big"] * 90 + [str(i) for i in range(10)]

    low, high = cluster_bootstrap_interval(values, clusters)

    assert low == 0
    assert high > 0.9


def test_the_same_seed_gives_the_same_interval() -> None:
    values, clusters = np.random.default_rng(5).random(40).tolist(), list("abcdefghijklmnopqrst") * 2

    assert cluster_bootstrap_interval(values, clusters) == cluster_bootstrap_interval(values, clusters)
    assert cluster_bootstrap_interval(values, clusters) != cluster_bootstrap_interval(values, clusters, seed=1)
    assert cluster_bootstrap_interval(values, clusters, 0.8)[0] > cluster_bootstrap_interval(values, clusters)[0]


@pytest.mark.parametrize(
    ("values", "clusters", "message"),
    [
        ([], [], "0 values in 0 named clusters"),
        ([1.0], ["a", "b"], "1 values in 2 named clusters"),
        ([float("nan")], ["a"], "every value must be finite"),
    ],
)
def test_what_has_no_mean_is_refused(values: list[float], clusters: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_interval(values, clusters)


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abcde")), min_size=1, max_size=12))
def test_an_interval_of_bounded_values_is_bounded(rows: list[tuple[float, str]]) -> None:
    interval = mean_interval([value for value, _ in rows], [cluster for _, cluster in rows])

    assert 0 <= interval.low <= interval.high <= 1


def _coverage(by_cluster: bool, runs: int = 500, groups: int = 40) -> float:
    """Share of 95% intervals that hold the true mean, 2/3; clusters of 1 to 9 cases share their difficulty."""
    rng = np.random.default_rng(7)
    held = 0
    for run in range(runs):
        difficulty = rng.beta(2, 1, size=groups)
        members = np.repeat(np.arange(groups), rng.integers(1, 10, size=groups))
        values = (rng.random(members.size) < difficulty[members]).astype(float)
        clusters = members if by_cluster else np.arange(members.size)
        low, high = cluster_bootstrap_interval(values.tolist(), clusters.astype(str).tolist(), resamples=500, seed=run)
        held += low <= 2 / 3 <= high
    return held / runs


def test_intervals_cover_the_truth() -> None:
    assert 0.92 <= _coverage(by_cluster=True) <= 0.98


def test_intervals_that_ignore_clusters_would_not() -> None:
    assert _coverage(by_cluster=False) < 0.85
