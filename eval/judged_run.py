"""A stored run, read for its verdict: is the bar the one that was locked, and what did each case score?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from brain.errors import EvaluationError
from eval.cases import Case, dataset_hash
from eval.experiment import Bar, Experiment, digest
from eval.running.asking import Plan
from eval.running.folder import Key, Record, RunFolder
from eval.scoring.checks import PASSED
from eval.stats.agreement import kappa
from eval.stats.flakiness import Flakiness, flakiness
from eval.stats.means import Interval, mean_interval
from eval.verdict import Decision, Finding, Pair, Reason, decide

JUDGED = ("judge", "ragas_")
"""How the names of metrics begin that a judge decides."""
IN_UNIT = 1e-9


@dataclass(frozen=True)
class Metric:
    """One metric of one variant. `interval` is None where nothing was scored; `asked`: answers that it was asked of."""

    interval: Interval | None
    scored: int
    asked: int
    reasons: dict[str, int]
    """Why answers are unscored, and how many."""


@dataclass(frozen=True)
class Run:
    """A run with one scoring of its answers."""

    folder: RunFolder
    manifest: Record
    experiment: Experiment
    cases: tuple[Case, ...]
    answers: Mapping[Key, Record]
    head: Record
    scores: Sequence[Record]
    labels: Mapping[Key, float]

    @classmethod
    def load(cls, path: Path, scores: int | None = None) -> "Run":
        """Raises EvaluationError where the folder is no run, or was not scored."""
        folder = RunFolder(path)
        manifest = folder.manifest()
        head, rows = folder.scores("last" if scores is None else scores)
        experiment = Experiment.model_validate(manifest["experiment"])
        return cls(folder, manifest, experiment, folder.cases(), folder.answers(), head, rows, folder.labels())

    @property
    def bar(self) -> Bar:
        """As it was locked."""
        return Bar.model_validate({name: self.manifest["bar"][name] for name in Bar.model_fields})

    @cached_property
    def _by_case(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = defaultdict(list)
        for row in self.scores:
            found[row["case"]].append(row)
        return found

    @cached_property
    def _means(self) -> dict[tuple[str, str], dict[str, float]]:
        return {}

    def scores_of(self, case: str) -> list[Record]:
        return self._by_case.get(case, [])

    def values(self, metric: str) -> dict[Key, float | None]:
        return {_key(row): row["value"] for row in self.scores if row["metric"] == metric}

    def of_case(self, metric: str, variant: str) -> dict[str, float]:
        """The mean over a case's repeats, of cases of which every repeat asked is scored."""
        if (metric, variant) not in self._means:
            self._means[metric, variant] = self._of_case(metric, variant)
        return self._means[metric, variant]

    def _of_case(self, metric: str, variant: str) -> dict[str, float]:
        held: dict[str, list[float | None]] = defaultdict(list)
        for key, value in self.values(metric).items():
            if key.variant == variant:
                held[key.case].append(value)
        return {
            case: float(np.mean([v for v in found if v is not None]))
            for case, found in held.items()
            if None not in found
        }


def tampered(run: Run) -> list[Reason]:
    """How the run differs from what was locked before its first answer; empty where it doesn't."""
    manifest, bar = run.manifest, run.manifest["bar"]
    found = []
    if digest(bar) != manifest["bar_hash"]:
        found.append(Reason("bar_changed"))
    if any(record["bar"] != manifest["bar_hash"] for record in run.answers.values()):
        found.append(Reason("answers_of_another_bar"))
    if dataset_hash(run.cases) != bar["dataset"]:
        found.append(Reason("cases_changed"))
    now = run.experiment.bar.model_dump(mode="json") | {
        "baseline": run.experiment.baseline,
        "candidate": run.experiment.candidate,
    }
    if any(bar.get(name) != value for name, value in now.items()):
        found.append(Reason("experiment_changed"))
    if bar["metric"].startswith(JUDGED) and run.head["judge"] != bar["judge"]:
        found.append(Reason("another_judge"))
    return found


def finding_of(run: Run) -> Finding:
    """The decision on the run's answers; COULD_NOT_RUN where the bar was tampered with or a variant is missing."""
    if problems := tampered(run):
        return Finding(Decision.COULD_NOT_RUN, None, reasons=tuple(problems))
    if not run.experiment.candidate:
        return Finding(Decision.COULD_NOT_RUN, None, reasons=(Reason("one_variant"),))
    failed, unknown = critical(run)
    asked = {key.case for key in run.answers} - {case.id for case in run.cases if case.critical}
    return decide(pairs_of(run), len(asked), run.bar, critical_failures=failed, critical_unknown=unknown)


def critical(run: Run) -> tuple[list[str], list[str]]:
    """Critical cases that the candidate failed in any repeat, and those that could not be scored."""
    wanted = {case.id for case in run.cases if case.critical}
    failed, scored = set(), set()
    for key, value in run.values(PASSED).items():
        if key.variant == run.experiment.candidate and key.case in wanted and value is not None:
            scored.add(key.case)
            failed |= {key.case} if value < 1 else set()
    return sorted(failed), sorted(wanted - scored)


def pairs_of(run: Run) -> list[Pair]:
    """Cases scored for both variants, critical ones left out, in the order in which they were asked."""
    bar, experiment = run.bar, run.experiment
    old, new = run.of_case(bar.metric, experiment.baseline), run.of_case(bar.metric, experiment.candidate)
    outside = [v for v in (*old.values(), *new.values()) if not -IN_UNIT <= v <= 1 + IN_UNIT]
    if outside:
        raise EvaluationError(f"The bar's metric {bar.metric} is not between 0 and 1.", "Choose another metric.")
    ordered = [case for block in Plan(run.cases, {}, seed=experiment.seed).blocks() for case in block]
    human = _labelled(run) if bar.metric.startswith(JUDGED) else {}
    return [
        Pair(case.id, case.unit, old[case.id], new[case.id], slices_of(case, experiment.audience), human.get(case.id))
        for case in ordered
        if not case.critical and case.id in old and case.id in new
    ]


def slices_of(case: Case, audience: str) -> dict[str, tuple[str, ...]]:
    """The parts that a case belongs to: language, audience, tag, kind of question."""
    kind = (case.expect.status or "unspecified") + (", in a conversation" if case.turns and len(case.turns) > 1 else "")
    return {
        "language": (case.language or "und",),
        "audience": (case.filters.audience or audience,),
        "tag": case.tags,
        "kind": (kind,),
    }


def _labelled(run: Run) -> dict[str, tuple[float, float]]:
    """A person's scores of baseline and candidate, of cases with a label for both."""
    means: dict[tuple[str, str], list[float]] = defaultdict(list)
    for key, value in run.labels.items():
        means[key.case, key.variant].append(value)
    names = run.experiment.baseline, run.experiment.candidate
    cases = {case for case, _ in means}
    both = [case for case in cases if all((case, name) in means for name in names)]
    return {case: (float(np.mean(means[case, names[0]])), float(np.mean(means[case, names[1]]))) for case in both}


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
        key = _key(row)
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


def _key(row: Record) -> Key:
    return Key(row["case"], row["variant"], row["repeat"])


def plain(metrics: Mapping[str, Mapping[str, Metric]]) -> dict[str, Any]:
    return {name: {variant: asdict(found) for variant, found in held.items()} for name, held in metrics.items()}


def total_usage(records: Iterable[Record]) -> dict[str, float]:
    """Calls, tokens and dollars of answers."""
    names = "calls", "cached", "tokens_in", "tokens_out", "usd"
    held = list(records)
    return {name: sum(record["usage"][name] for record in held) for name in names}
