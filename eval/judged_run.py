"""A stored run, read for its verdict: is the bar the one that was locked, and what did each case score?"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from brain.errors import EvaluationError
from eval.cases import Case, dataset_hash
from eval.experiment import Bar, Experiment, digest
from eval.running.asking import Plan
from eval.running.folder import Key, Record, RunFolder
from eval.scoring.checks import PASSED
from eval.verdict import Decision, Finding, Pair, Reason, decide

JUDGED = ("judge", "ragas_")
"""How the names of metrics begin that a judge decides."""
IN_UNIT = 1e-9


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
    """A person's scores for the bar's metric."""

    @classmethod
    def load(cls, path: Path, scores: int | None = None) -> "Run":
        """Raises EvaluationError where the folder is no run, or was not scored."""
        folder = RunFolder(path)
        manifest = folder.manifest()
        head, rows = folder.scores("last" if scores is None else scores)
        experiment = Experiment.model_validate(manifest["experiment"])
        labels = folder.labels(manifest["bar"]["metric"])
        return cls(folder, manifest, experiment, folder.cases(), folder.answers(), head, rows, labels)

    @property
    def bar(self) -> Bar:
        """As it was locked; what an earlier version did not know of is as by default."""
        held = self.manifest["bar"]
        return Bar.model_validate({name: held[name] for name in Bar.model_fields if name in held})

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
        return {key_of(row): row["value"] for row in self.scores if row["metric"] == metric}

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
    names = {"baseline": run.experiment.baseline, "candidate": run.experiment.candidate}
    if run.bar != run.experiment.bar or any(bar[side] != name for side, name in names.items()):
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
    human = _labelled(run)
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


def key_of(row: Record) -> Key:
    return Key(row["case"], row["variant"], row["repeat"])
