"""Scores of a run, alone: what a simulation needs of it, small enough to be kept, and without a word of any corpus.

python -m bench.eval record RUN OUT.json
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

from eval.judged_run import Run
from eval.stats.effect import is_binary
from eval.stats.power import Spread
from eval.stats.ppi import corrected_difference

SIZE = 10
"""Cases of a cluster, where they are drawn in clusters."""


@dataclass(frozen=True)
class Recorded:
    """Pairs of scores of one run."""

    name: str
    old: np.ndarray
    new: np.ndarray

    @property
    def change(self) -> np.ndarray:
        return self.new - self.old

    @property
    def binary(self) -> bool:
        return is_binary(self.old, self.new)

    def tilted(self, difference: float) -> np.ndarray:
        """Probabilities of the pairs, closest to equal ones (Kullback-Leibler), under which the mean difference is as wanted."""

        def weights(tilt: float) -> np.ndarray:
            logs = tilt * self.change
            raw = np.exp(logs - logs.max())
            return raw / raw.sum()

        return weights(brentq(lambda tilt: float(weights(tilt) @ self.change) - difference, -60, 60))

    def spread(self, difference: float, clustered: bool) -> Spread:
        """How much the tilted cases differ; in clusters ten copies count once."""
        chances, change = self.tilted(difference), self.change
        sd = float(np.sqrt(chances @ change**2 - difference**2))
        gained, lost = float(chances @ (change > 0)), float(chances @ (change < 0))
        size = float(SIZE if clustered else 1)
        skew = float(chances @ (change - difference) ** 3) / sd**3
        return Spread(gained, lost, sd, size, size, self.binary and not clustered, skew)


def load(text: str) -> Recorded:
    """`RUN[:METRIC[:BASELINE,CANDIDATE]]`, a folder or what `record` wrote of it; the run's own bar and variants by default."""
    path, metric, names, *_ = [*text.split(":"), "", ""]
    held = json.loads(Path(path).read_text("utf-8")) if Path(path).is_file() else scores_of(Run.load(Path(path)))
    metric = metric or held["metric"]
    baseline, candidate = names.split(",") if names else held["compared"]
    old, new = (held["scores"][metric][name] for name in (baseline, candidate))
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a is not None and b is not None]
    return Recorded(f"{Path(path).stem} {metric} {baseline}→{candidate}", *np.array(pairs, float).T)


def scores_of(run: Run) -> dict[str, Any]:
    """Per metric and variant the score of each case, None where there is none; critical cases left out."""
    cases = [case for case in run.cases if not case.critical]
    metrics = sorted({row["metric"] for row in run.scores})
    scores = {
        metric: {
            name: [None if (v := of.get(case.id)) is None else round(v, 4) for case in cases]
            for name in run.experiment.variants
            for of in [run.of_case(metric, name)]
        }
        for metric in metrics
    }
    return {
        "run": run.experiment.name,
        "metric": run.bar.metric,
        "compared": [run.experiment.baseline, run.experiment.candidate],
        "cases": [case.id for case in cases],
        "clusters": [case.unit for case in cases],
        "scores": scores,
    }


def labelled(scores: Path, labels: Path) -> list[list[str]]:
    """A row for each criterion that a person graded by: what the labels say alone, and with the run's metric as a witness."""
    held = json.loads(scores.read_text("utf-8"))
    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    old, new = (held["scores"][held["metric"]][name] for name in held["compared"])
    judged = np.array(new, float) - np.array(old, float)
    members = np.unique(held["clusters"], return_inverse=True)[1]
    out = []
    for criterion in dict.fromkeys(row["metric"] for row in rows):
        given = {(row["case"], row["variant"]): row["value"] for row in rows if row["metric"] == criterion}
        before, after = (np.array([given.get((c, name), np.nan) for c in held["cases"]]) for name in held["compared"])
        found = corrected_difference(judged, after - before, members, 0.025)
        said = np.concatenate([before, after]), np.concatenate([np.array(old, float), np.array(new, float)])
        known = np.isfinite(said[0])
        agreed = int((said[0] == said[1])[known].sum())
        bounds = ((found.labels_only[0], found.labels_only[1]), (found.low, found.high))
        shown = [f"{100 * low:+.1f} to {100 * high:+.1f} ({100 * (high - low):.2f})" for low, high in bounds]
        out.append([criterion, f"{agreed} of {int(known.sum())}", *shown, f"{found.weight:.2f}"])
    return out
