"""How much a score varies without any change: the generator's share, and the judge's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Flakiness:
    """Variances of one score within a case. `flaky`: share of the cases whose repeats don't all agree.

    `judge` is None where no answer was graded twice, `generator` where no case was asked twice; `between` is that of the cases' means.
    """

    between: float
    generator: float | None
    judge: float | None
    flaky: float | None


def flakiness(scores: Sequence[Sequence[Sequence[float]]]) -> Flakiness:
    """`scores[case][repeat]` are the gradings of one frozen answer: one where the scorer never wavers.

    The judge's variance is that within answers; the generator's is that of the answers' means, less what the judge adds to it.

    Source: the nested analysis of variance (S. Searle, G. Casella & C. McCulloch, "Variance Components", 1992, ch. 3).
    """
    answers = [[np.asarray(answer, dtype=np.float64) for answer in case] for case in scores if case]
    graded = [answer for case in answers for answer in case if answer.size > 1]
    judge = float(np.mean([answer.var(ddof=1) for answer in graded])) if graded else None
    asked = [np.array([answer.mean() for answer in case]) for case in answers if len(case) > 1]
    generator = flaky = None
    if asked:
        seen = float(np.mean([case.var(ddof=1) for case in asked]))
        gradings = float(np.mean([1 / answer.size for case in answers for answer in case]))
        generator = max(0.0, seen - (judge or 0.0) * gradings)
        flaky = float(np.mean([np.ptp(case) > 1e-9 for case in asked]))
    means = np.array([np.mean([answer.mean() for answer in case]) for case in answers])
    between = float(means.var(ddof=1)) if means.size > 1 else 0.0
    return Flakiness(between, generator, judge, flaky)
