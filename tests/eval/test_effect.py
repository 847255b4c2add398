"""The comparison's statistics: published values, invariants, and small simulations of what they promise (large ones in bench)."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]
from scipy.stats import binomtest, false_discovery_control  # type: ignore[import-untyped]

from eval.stats.agreement import kappa
from eval.stats.clustered import Clusters, clustered_interval
from eval.stats.effect import effect
from eval.stats.flakiness import flakiness
from eval.stats.multiple import benjamini_hochberg, holm
from eval.stats.paired_binary import mcnemar_p, tango_interval, tango_z
from eval.stats.power import Spread, cases_needed, power_to_reject, power_to_ship
from eval.stats.ppi import corrected_difference
from eval.stats.sequential import sequential, wealth

Z = NormalDist().inv_cdf(0.975)
counts = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 60)).map(lambda t: (t[0], t[1], sum(t)))


@given(counts, st.floats(-0.9, 0.9))
@settings(deadline=None)
def test_tangos_statistic_uses_the_most_likely_variance_under_the_hypothesis(
    found: tuple[int, int, int], d: float
) -> None:
    up, down, n = found

    def unlikely(lost: float) -> float:  # minus the log-likelihood, with the difference held at d
        shares = lost + d, lost, 1 - 2 * lost - d
        seen = up, down, n - up - down
        return -sum(k * np.log(max(p, 1e-300)) for k, p in zip(seen, shares, strict=True) if k)

    low, high = max(0.0, -d), (1 - d) / 2
    best = minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    variance = n * (2 * best + d * (1 - d))
    if variance > 1e-6:
        assert float(tango_z(up, down, n, d)) == pytest.approx(
            (up - down - n * d) / np.sqrt(variance), rel=1e-3, abs=1e-4
        )


@given(counts)
def test_tangos_interval_holds_what_its_test_does_not_reject(found: tuple[int, int, int]) -> None:
    up, down, n = found
    low, high = tango_interval(up, down, n, Z)

    assert -1 <= low <= (up - down) / n <= high <= 1
    for edge in (low, high):
        assert abs(edge) == 1 or abs(float(tango_z(up, down, n, edge))) == pytest.approx(Z, abs=1e-4)
    assert tango_interval(down, up, n, Z) == pytest.approx((-high, -low), abs=1e-6)


def test_no_difference_seen_is_not_certainty() -> None:
    low, high = tango_interval(0, 0, 50, Z)
    assert (low, high) == pytest.approx((-(Z**2) / (50 + Z**2), Z**2 / (50 + Z**2)), abs=1e-6)


@pytest.mark.parametrize("wrong", [(1, 0, 0), (-1, 0, 5), (3, 3, 5)])
def test_impossible_counts_are_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="not possible"):
        tango_interval(*wrong, Z)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(gained: int, lost: int) -> None:
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar_p(gained, lost) == pytest.approx(expected, abs=1e-12)


def test_the_method_follows_from_the_cases() -> None:
    old, new = [0.0, 1, 0, 1] * 10, [1.0, 1, 0, 0] * 10
    alone, shared = [str(n) for n in range(40)], [str(n // 2) for n in range(40)]

    assert effect(old, new, alone).method == "Tango"
    assert effect(old, new, shared).method == "cluster bootstrap-t"
    assert effect([0.5, *old[1:]], new, alone).method == "cluster bootstrap-t"
    assert effect([1.0] * 40, [1.0] * 40, shared).method == "Tango, each cluster once"
    found = effect(old, new, alone)
    assert (found.better, found.worse, found.equal, found.n, found.clusters) == (10, 10, 20, 40, 40)


@pytest.mark.parametrize(
    "wrong", [([1.0], [1.0], []), ([], [], []), ([1.0], [2.0], ["a"]), ([float("nan")], [1.0], ["a"])]
)
def test_scores_that_cannot_be_compared_are_refused(wrong: tuple[list[float], list[float], list[str]]) -> None:
    with pytest.raises(ValueError, match=r"one of each|in \[0, 1\]"):
        effect(*wrong)


graded = st.sampled_from([0.0, 0.2, 0.25, 1 / 3, 0.5, 1.0])


@settings(deadline=None)
@given(st.lists(st.tuples(graded, graded, st.sampled_from("abcde")), min_size=1, max_size=12))
def test_turning_the_two_round_turns_the_effect_round(rows: list[tuple[float, float, str]]) -> None:
    old, new, clusters = map(list, zip(*rows, strict=True))

    there, back = effect(old, new, clusters), effect(new, old, clusters)  # type: ignore[arg-type]

    assert there.difference == pytest.approx(-back.difference)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-6)
    assert (there.better, there.worse, there.p) == (back.worse, back.better, pytest.approx(back.p))
    assert -1 <= there.low <= there.difference + 1e-9
    assert there.difference - 1e-9 <= there.high <= 1


def test_nothing_changed_and_all_changed_alike_are_not_certain() -> None:
    few, many = (effect([0.5] * n, [0.5] * n, [str(i) for i in range(n)]) for n in (5, 500))
    assert few.low == pytest.approx(-few.high) and few.low < -0.3 and few.p == 1
    assert -0.01 < many.low < 0
    alike = effect([0.0] * 6, [0.5] * 6, [str(i) for i in range(6)])
    assert alike.high - alike.low > 0.3


def test_copies_of_a_case_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(4)
    old, new = rng.integers(2, size=60).astype(float), rng.integers(2, size=60).astype(float)
    names = [str(n) for n in range(60)]
    once = effect(old.tolist(), new.tolist(), names)
    ten = effect(np.repeat(old, 10).tolist(), np.repeat(new, 10).tolist(), list(np.repeat(names, 10)))

    assert ten.difference == pytest.approx(once.difference)
    assert (ten.high - ten.low) == pytest.approx(once.high - once.low, rel=0.1)


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(4, 6)), min_size=2, max_size=30), st.integers(0, 5))
@settings(deadline=None, max_examples=40)
def test_the_clustered_interval_holds_the_mean_and_is_the_same_for_a_seed(
    data: list[tuple[int, int]], seed: int
) -> None:
    clusters = Clusters(np.array([s for s, _ in data], float), np.array([m for _, m in data], float))
    low, high = clustered_interval(clusters, 0.025, resamples=500, seed=seed)

    assert -1 <= low <= clusters.mean <= high <= 1
    assert clustered_interval(clusters, 0.025, resamples=500, seed=seed) == (low, high)


def test_intervals_of_clusters_miss_as_seldom_as_they_promise() -> None:
    rng, missed = np.random.default_rng(3), 0
    for _ in range(400):
        shared = rng.choice([1.0, -1.0, 0.0], p=[0.1, 0.15, 0.75], size=60)
        own = rng.choice([1.0, -1.0, 0.0], p=[0.1, 0.15, 0.75], size=(60, 5))
        change = np.where(rng.random((60, 5)) < 0.6, shared[:, None], own)
        low, high = clustered_interval(Clusters(change.sum(axis=1), np.full(60, 5.0)), 0.025, resamples=1000)
        missed += not low <= -0.05 <= high
    assert missed / 400 < 0.07


def test_power_is_what_the_test_does() -> None:
    spread, rng = Spread.of_discordance(0.2), np.random.default_rng(0)
    n = cases_needed(lambda n: power_to_ship(spread, n, 0.05, 0.0), 0.8)
    assert n is not None
    drawn = rng.multinomial(n, [0.1, 0.1, 0.8], size=20_000)
    shipped = float((tango_z(drawn[:, 0], drawn[:, 1], n, -0.05) > Z).mean())

    assert shipped == pytest.approx(power_to_ship(spread, n, 0.05, 0.0), abs=0.01)
    assert 0.8 <= shipped + 0.01 < 0.83


@given(st.floats(0.02, 0.6), st.floats(0.01, 0.1), st.integers(20, 400))
@settings(deadline=None, max_examples=40)
def test_power_grows_with_cases_and_margin_and_errors_stay_small(discordance: float, margin: float, n: int) -> None:
    spread = Spread.of_discordance(discordance)
    assert power_to_ship(spread, 4 * n, margin, 0.0) >= power_to_ship(spread, n, margin, 0.0) - 0.05
    assert power_to_ship(spread, n, 2 * margin, 0.0) >= power_to_ship(spread, n, margin, 0.0) - 1e-9
    if margin <= discordance:
        assert power_to_ship(spread, n, margin, -margin) < 0.06
        assert power_to_reject(spread, n, margin, -margin) < 0.06


def test_clusters_need_more_cases() -> None:
    alone, clustered = Spread(0.1, 0.1, 0.447), Spread(0.1, 0.1, 0.447, design=5, per_cluster=10)
    few, many = (cases_needed(lambda n, s=s: power_to_ship(s, n, 0.05, 0.0), 0.8) for s in (alone, clustered))
    assert few and many and 4 < many / few < 6


def test_a_bar_out_of_reach_needs_no_number_of_cases() -> None:
    assert cases_needed(lambda _: 0.1, 0.8) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusted_p_values_are_no_smaller_and_keep_their_order(values: list[float]) -> None:
    named = {str(n): value for n, value in enumerate(values)}
    found = holm(named)
    assert all(1 >= found[name] >= value - 1e-12 for name, value in named.items())
    order = sorted(named, key=lambda name: named[name])
    assert [found[name] for name in order] == sorted(found[name] for name in order)


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1))
def test_benjamini_hochberg_lies_between_nothing_and_holm(values: dict[str, float]) -> None:
    found, stricter = benjamini_hochberg(values), holm(values)
    assert all(p <= found[name] <= stricter[name] + 1e-12 <= 1 + 1e-12 for name, p in values.items())


def test_benjamini_hochberg_is_scipys() -> None:
    values = {str(n): p for n, p in enumerate([0.01, 0.04, 0.03, 0.005, 0.04, 0.9])}
    assert list(benjamini_hochberg(values).values()) == pytest.approx(
        list(false_discovery_control(list(values.values())))
    )


def test_holm_gives_the_textbook_values() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    )


def test_kappa_of_yes_and_no_is_cohens() -> None:
    # Both yes 20, both no 15, apart 5 and 10: (0.7 - 0.5) / (1 - 0.5).
    one = [1.0] * 20 + [0.0] * 15 + [1.0] * 5 + [0.0] * 10
    other = [1.0] * 20 + [0.0] * 15 + [0.0] * 5 + [1.0] * 10
    assert kappa(one, other) == pytest.approx(0.4)
    assert kappa(one, one) == 1.0
    assert kappa([1.0, 1.0], [1.0, 1.0]) is None and kappa([], []) is None


def test_variance_is_split_into_generator_and_judge() -> None:
    rng = np.random.default_rng(2)
    case = rng.normal(0, 1, (400, 1, 1))
    answers = case + rng.normal(0, 0.5, (400, 4, 1))
    graded = answers + rng.normal(0, 0.25, (400, 4, 3))
    found = flakiness(graded.tolist())

    assert found.judge == pytest.approx(0.0625, rel=0.1)
    assert found.generator == pytest.approx(0.25, rel=0.15)
    assert found.flaky == 1.0
    assert flakiness([[[1.0]], [[0.0]]]).generator is None


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=60), st.floats(0.01, 0.3))
def test_wealth_is_never_negative_and_starts_at_the_stake(changes: list[float], margin: float) -> None:
    bets = np.array(changes) + margin
    won = wealth(bets, 1 - margin)[0]
    assert (won >= 0).all()
    assert won[0] == pytest.approx(
        1 + bets[0] / (1 - margin) * np.mean([0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.9])
    )


def test_the_sequential_test_seldom_errs_however_often_it_looks() -> None:
    rng, alpha = np.random.default_rng(1), 0.05
    wrong = 0
    for _ in range(500):
        changes = rng.choice([1.0, -1.0, 0.0], p=[0.1, 0.2, 0.7], size=400)  # worse by exactly the margin
        wrong += sequential(changes, np.ones(400), 0.1, alpha).decision is not None
    assert wrong / 500 <= 2 * alpha


def test_the_sequential_test_stops_for_and_against() -> None:
    assert sequential([1.0, 0.0] * 100, [1.0] * 200, 0.05, 0.0125).decision == "ship"
    found = sequential([-1.0, 0.0] * 100, [1.0] * 200, 0.05, 0.0125)
    assert found.decision == "dont_ship" and found.at and found.at < 60
    assert sequential([], [], 0.05, 0.0125).decision is None


def test_a_judges_bias_cancels_and_its_agreement_helps() -> None:
    rng, n = np.random.default_rng(6), 300
    covered, widths, alone = 0, 0.0, 0.0
    for _ in range(200):
        truth = rng.choice([-1.0, 0.0, 1.0], p=[0.1, 0.75, 0.15], size=n)
        judged = np.clip(truth + (rng.random(n) < 0.2), -1, 1)  # favours the candidate in a fifth of the cases
        human = np.full(n, np.nan)
        known = rng.permutation(n)[:60]
        human[known] = truth[known]
        found = corrected_difference(judged, human, np.arange(n), 0.025)
        covered += found.low <= 0.05 <= found.high
        widths, alone = widths + found.high - found.low, alone + found.labels_only[1] - found.labels_only[0]
    assert covered / 200 > 0.9
    assert widths < alone


def test_a_useless_judge_is_ignored_and_few_labels_are_refused() -> None:
    rng, n = np.random.default_rng(6), 200
    human = np.full(n, np.nan)
    human[:80] = rng.choice([-1.0, 0.0, 1.0], size=80)
    found = corrected_difference(rng.choice([-1.0, 0.0, 1.0], size=n), human, np.arange(n), 0.025)
    assert found.weight < 0.3

    human[5:] = np.nan
    with pytest.raises(ValueError, match="labelled clusters"):
        corrected_difference(np.zeros(n), human, np.arange(n), 0.025)
