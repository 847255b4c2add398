"""The scorers that an experiment names."""

from collections.abc import Iterable

import httpx

from brain.encoder import Encoder
from brain.errors import EvaluationError
from eval.cases import Case
from eval.experiment import Experiment
from eval.scoring.base import Scorer
from eval.scoring.checks import Checks
from eval.scoring.size import Length, Timing
from eval.scoring.sources import Citations, Retrieval, Supported

PLAIN: dict[str, type[Scorer]] = {
    "checks": Checks,
    "retrieval": Retrieval,
    "citations": Citations,
    "support": Supported,
    "length": Length,
    "timing": Timing,
}


def check_metric(experiment: Experiment, cases: Iterable[Case]) -> None:
    """Raises EvaluationError where no scorer of the experiment gives the bar's metric, or what critical cases are judged by."""
    given = {metric for name in experiment.scorers if name in PLAIN for metric in PLAIN[name]().metrics}
    given |= {"judge"} if "judge" in experiment.scorers else set()
    given |= {f"ragas_{name}" for name in experiment.ragas}
    metric = experiment.bar.metric
    if metric not in given:
        raise EvaluationError(f"bar.metric: no scorer gives {metric!r}.", f"Choose one of {', '.join(sorted(given))}.")
    if "checks" not in experiment.scorers and any(case.critical for case in cases):
        raise EvaluationError("scorers: critical cases are judged by checks, which is missing.", "Add checks.")


def make_scorers(
    experiment: Experiment, transport: httpx.AsyncBaseTransport | None = None, encoder: Encoder | None = None
) -> dict[str, Scorer]:
    """By name, in the experiment's order. Raises EvaluationError where one can't be made."""
    made: dict[str, Scorer] = {}
    for name in experiment.scorers:
        if name in PLAIN:
            made[name] = PLAIN[name]()
        elif name == "judge" and experiment.judge:
            from eval.scoring.judge import RubricJudge

            made[name] = RubricJudge(experiment.judge, transport)
        elif name == "ragas":
            from eval.scoring.with_ragas import Ragas

            made[name] = Ragas(experiment.ragas, experiment.judge, transport, encoder)
        else:
            raise EvaluationError(f"Unknown scorer '{name}'.", f"Use {', '.join(PLAIN)}, judge or ragas.")
    return made
