"""Stopping a run as soon as its bar is cleared or missed for sure: the sequential test, asked after each cluster."""

from collections.abc import Mapping, Sequence

from eval.cases import Case
from eval.experiment import Experiment
from eval.running.folder import Key, RunFolder
from eval.running.meter import Usage
from eval.scoring.base import Scorer
from eval.scoring.score_run import score_answers
from eval.verdict import Pair, early_outcome


class EarlyStop:
    """Called with each cluster that every variant has answered; says why to stop, or nothing. Critical cases don't bet."""

    def __init__(
        self,
        experiment: Experiment,
        folder: RunFolder,
        cases: Sequence[Case],
        scorers: Mapping[str, Scorer],
        usage: Usage,
    ) -> None:
        self._experiment, self._folder, self._usage = experiment, folder, usage
        metric = experiment.bar.metric
        self._scorers = {name: scorer for name, scorer in scorers.items() if metric in scorer.metrics}
        sizes: dict[str, int] = {}
        for case in cases:
            sizes[case.unit] = sizes.get(case.unit, 0) + (not case.critical)
        self._largest = float(max(sizes.values(), default=1) or 1)
        self._pairs: list[Pair] = []

    async def __call__(self, cases: Sequence[Case]) -> str:
        betting = [case for case in cases if not case.critical]
        self._pairs += await self._scored(betting)
        if not self._pairs:
            return ""
        found = early_outcome(self._pairs, self._experiment.bar, self._largest)
        return f"the verdict is certain enough after {found.at} clusters" if found.decision else ""

    async def _scored(self, cases: Sequence[Case]) -> list[Pair]:
        experiment, wanted = self._experiment, {case.id for case in cases}
        names = experiment.baseline, experiment.candidate
        answers = {key: record for key, record in self._folder.answers_of(wanted).items() if key.variant in names}
        rows = await score_answers(
            self._scorers,
            cases,
            answers,
            concurrency=experiment.concurrency,
            budget=experiment.budget,
            usage=self._usage,
        )
        values = {
            Key(r["case"], r["variant"], r["repeat"]): r["value"] for r in rows if r["metric"] == experiment.bar.metric
        }
        pairs = []
        for case in cases:
            means = [
                _mean([v for key, v in values.items() if key.case == case.id and key.variant == name]) for name in names
            ]
            if means[0] is not None and means[1] is not None:
                pairs.append(Pair(case.id, case.unit, means[0], means[1], {}))
        return pairs


def _mean(values: Sequence[float | None]) -> float | None:
    """None where there is none, or one is unscored: such a case is left out, here as in the verdict."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
