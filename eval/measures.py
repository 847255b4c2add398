"""What a run's scores say besides the decision: every metric with its coverage, how far a judge agrees, how much scores waver."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eval.judged_run import IN_UNIT, Run, key_of
from eval.running.folder import Key, Record
from eval.stats.agreement import kappa
from eval.stats.flakiness import Flakiness, flakiness
from eval.stats.means import Interval, mean_interval


@dataclass(frozen=True)
class Metric:
    """One metric of one variant. `interval` is None where nothing was scored; `asked`: answers that it was asked of."""

    interval: Interval | None
    scored: int
    asked: int
    reasons: dict[str, int]
    """Why answers are unscored, and how many."""


def metrics_of(run: Run) -> dict[str, dict[str, Metric]]:
    """Every metric of every variant, critical cases left out: mean with interval, and its coverage."""
    units = {case.id: case.unit for case in run.cases if not case.critical}
    rows: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in run.scores:
        if row["case"] in units:
            rows[row["metric"], row["variant"]].append(row)
    metrics: dict[str, dict[str, Metric]] = {}
    for (metric, variant), held in rows.items():
        metrics.setdefault(metric, {})[variant] = _metric(held, units)
    return metrics


def _metric(rows: Sequence[Record], units: Mapping[str, str]) -> Metric:
    by_case: dict[str, list[float]] = defaultdict(list)
    reasons: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["value"] is None:
            reasons[row.get("reason", "")] += 1
        else:
            by_case[row["case"]].append(row["value"])
    means = {case: float(np.mean(values)) for case, values in by_case.items()}
    interval = mean_interval(list(means.values()), [units[case] for case in means]) if means else None
    scored = sum(map(len, by_case.values()))
    return Metric(interval, scored, len(rows), dict(reasons))


def agreement(run: Run) -> dict[str, float | None]:
    """Kappa of the bar's metric and a person's labels, in all and by language; empty without labels."""
    values, languages = run.values(run.bar.metric), {case.id: case.language or "und" for case in run.cases}
    both = [(key, value, run.labels[key]) for key, value in values.items() if value is not None and key in run.labels]
    parts: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for key, judged, person in both:
        for part in ("all", languages[key.case]):
            parts[part].append((judged, person))
    return {part: kappa([a for a, _ in held], [b for _, b in held]) for part, held in parts.items()}


def flakiness_of(run: Run, variant: str) -> tuple[Flakiness | None, list[str]]:
    """How the bar's metric varies within cases, and the cases whose repeats don't agree. None where nothing was repeated."""
    gradings: dict[Key, list[float]] = {}
    for row in run.scores:
        key = key_of(row)
        if row["variant"] == variant and row["metric"] == "judge_spread" and run.bar.metric == "judge":
            gradings[key] = [float(v) for v in row["detail"].strip("[]").split(",")]
    by_case: dict[str, list[list[float]]] = defaultdict(list)
    for key, value in run.values(run.bar.metric).items():
        if key.variant == variant and value is not None:
            by_case[key.case].append(gradings.get(key, [value]))
    if not any(len(answers) > 1 or len(answers[0]) > 1 for answers in by_case.values()):
        return None, []
    flaky = [case for case, answers in by_case.items() if np.ptp([np.mean(each) for each in answers]) > IN_UNIT]
    return flakiness(list(by_case.values())), sorted(flaky)


def plain(metrics: Mapping[str, Mapping[str, Metric]]) -> dict[str, Any]:
    return {name: {variant: asdict(found) for variant, found in held.items()} for name, held in metrics.items()}


def total_usage(records: Iterable[Record]) -> dict[str, float]:
    """Calls, tokens and dollars of answers."""
    names = "calls", "cached", "tokens_in", "tokens_out", "usd"
    held = list(records)
    return {name: sum(record["usage"][name] for record in held) for name in names}
