"""Does the verdict keep its promises? By simulation on recorded scores, and by running it.

    python -m bench.eval promises RUN[:METRIC[:BASELINE,CANDIDATE]] … [--comparisons 2000]
    python -m bench.eval ppi RUN[:METRIC[:…]] …
    python -m bench.eval speed HOME CASES [--cases 1000]
    python -m bench.eval judge HOME CASES
    python -m bench.eval record RUN OUT.json
    python -m bench.eval labelled SCORES.json LABELS.jsonl

RUN is a folder that `brain eval run` made, or the scores that `record` kept of one (`bench/scores`). A simulated comparison draws its
cases with replacement from the run's pairs of scores, with weights tilted exponentially so that their mean difference is exactly what
is wanted: the scores stay real, the truth is known. In clusters of 10 a drawn case counts ten times, as ten wordings of one question
do that end alike.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.eval_recorded import SIZE, Recorded, labelled, load, scores_of
from eval.judged_run import Run
from eval.stats.clustered import Clusters
from eval.stats.effect import paired_interval
from eval.stats.power import cases_needed, power_to_ship
from eval.stats.ppi import corrected_difference
from eval.stats.sequential import sequential

CONSOLE = Console(width=150, highlight=False)
MARGIN, CONFIDENCE = 0.05, 0.95
TAIL = (1 - CONFIDENCE) / 2


@dataclass(frozen=True)
class Drawn:
    """One simulated comparison."""

    old: np.ndarray
    new: np.ndarray
    members: np.ndarray

    @property
    def change(self) -> np.ndarray:
        return self.new - self.old


def draw(recorded: Recorded, difference: float, n: int, clustered: bool, times: int, seed: int = 0) -> Iterator[Drawn]:
    rng, chances = np.random.default_rng(seed), recorded.tilted(difference)
    members = np.arange(n) // SIZE if clustered else np.arange(n)
    for _ in range(times):
        taken = rng.choice(recorded.old.size, size=members[-1] + 1, p=chances)[members]
        yield Drawn(recorded.old[taken], recorded.new[taken], members)


def interval(drawn: Drawn) -> tuple[float, float]:
    return paired_interval(drawn.old, drawn.new, Clusters.of(drawn.change, drawn.members), TAIL)[1]


def naive_bootstrap(drawn: Drawn, resamples: int = 500) -> tuple[float, float]:
    """What is usually done: cases drawn as if independent, the percentiles at 5 % on each side."""
    rng = np.random.default_rng(0)
    change = drawn.change
    kinds, counts = np.unique(change, return_counts=True)
    means = rng.multinomial(change.size, counts / change.size, size=resamples) @ kinds / change.size
    return float(np.quantile(means, 0.05)), float(np.quantile(means, 0.95))


def share(hits: Sequence[bool]) -> str:
    return f"{100 * np.mean(hits):.1f} %"


def promises(sets: Sequence[Recorded], times: int) -> None:
    errors = Table(
        "recorded scores", "cases", "method", "boundary: ships", "naive bootstrap", "plain mean", "A/A, margin 0: don't ship",
        "naive bootstrap", "plain mean", "coverage at −5", "at 0", title=f"errors, {times} comparisons each, margin 5 points",
    )  # fmt: skip
    for recorded in sets:
        for clustered in (False, True):
            errors.add_row(*_errors(recorded, clustered, times))
    CONSOLE.print(errors)
    powers = Table(
        "recorded scores",
        "clusters of 10",
        "cases for 80 %",
        "predicted",
        "simulated",
        title="power to ship when equally good",
    )
    for recorded in sets:
        for clustered in (False, True):
            powers.add_row(*_power(recorded, clustered, times))
    CONSOLE.print(powers)
    early = Table(
        "recorded scores", "clusters of 10", "planned", "boundary: ships", "A/A, margin 0: don't ship", "+10: ships", "calls saved",
        title="sequential test, half of the error kept for the interval at the end",
    )  # fmt: skip
    for recorded in sets:
        for clustered in (False, True):
            early.add_row(*_sequential(recorded, clustered, times))
    CONSOLE.print(early)
    CONSOLE.print(_right_and_wrong(sets[0], times))


def _errors(recorded: Recorded, clustered: bool, times: int) -> list[str]:
    n = 1000 if clustered else 200
    row = [recorded.name, f"{n // SIZE} × {SIZE}" if clustered else str(n), ""]
    coverage = []
    for difference, margin in ((-MARGIN, MARGIN), (0.0, 0.0)):
        wrong, naive, plain, covered = [], [], [], []
        for drawn in draw(recorded, difference, n, clustered, times):
            groups = Clusters.of(drawn.change, drawn.members)
            row[2], (low, high) = paired_interval(drawn.old, drawn.new, groups, TAIL)
            naive_low, naive_high = naive_bootstrap(drawn)
            boundary = margin > 0
            wrong.append(low > -margin if boundary else high < -margin)
            naive.append(naive_low > -margin if boundary else naive_high < -margin)
            mean = float(drawn.change.mean())
            plain.append(mean > -margin if boundary else mean < -margin)
            covered.append(low <= difference <= high)
        row += [share(wrong), share(naive), share(plain)]
        coverage.append(share(covered))
    return row + coverage


def _power(recorded: Recorded, clustered: bool, times: int) -> list[str]:
    spread = recorded.spread(0.0, clustered)
    n = cases_needed(lambda n: power_to_ship(spread, n, MARGIN, 0.0, CONFIDENCE), 0.8) or 0
    n = -(-n // SIZE) * SIZE
    predicted = power_to_ship(spread, n, MARGIN, 0.0, CONFIDENCE)
    shipped = [interval(drawn)[0] > -MARGIN for drawn in draw(recorded, 0.0, n, clustered, times)]
    return [recorded.name, "yes" if clustered else "no", str(n), f"{100 * predicted:.1f} %", share(shipped)]


def _sequential(recorded: Recorded, clustered: bool, times: int) -> list[str]:
    spread = recorded.spread(0.0, clustered)
    n = -(-(cases_needed(lambda n: power_to_ship(spread, n, MARGIN, 0.0, CONFIDENCE), 0.8) or SIZE) // SIZE) * SIZE
    cells, saved = [], 0.0
    for difference, margin, wanted in ((-MARGIN, MARGIN, "ship"), (0.0, 0.0, "dont_ship"), (0.1, MARGIN, "ship")):
        decided, used = [], []
        for drawn in draw(recorded, difference, n, clustered, times):
            decision, at = _ended(drawn, margin)
            decided.append(decision == wanted)
            used.append(at)
        cells.append(share(decided))
        saved = 1 - float(np.mean(used)) / n
    return [recorded.name, "yes" if clustered else "no", str(n), *cells, f"{100 * saved:.0f} %"]


def _ended(drawn: Drawn, margin: float) -> tuple[str | None, int]:
    """The decision of a sequential bar and after how many cases it fell."""
    groups = Clusters.of(drawn.change, drawn.members)
    early = sequential(groups.sums, groups.sizes, margin, TAIL / 2)
    if early.decision:
        return early.decision, int(groups.sizes[: early.at].sum())
    low, high = paired_interval(drawn.old, drawn.new, groups, TAIL / 2)[1]
    return ("ship" if low > -margin else "dont_ship" if high < -margin else None), drawn.old.size


def _right_and_wrong(recorded: Recorded, times: int) -> Table:
    """What is concluded at each true difference: by the verdict, and by comparing two means."""
    table = Table(
        "true difference", "verdict: ship", "don't ship", "inconclusive", "wrong", "plain mean: ship", "don't ship", "wrong",
        title=f"{recorded.name}, 400 cases; to ship is wrong at −5 and below, not to ship above",
    )  # fmt: skip
    for difference in (-0.10, -0.05, -0.02, 0.0, 0.05):
        found, means = [], []
        for drawn in draw(recorded, difference, 400, False, times):
            low, high = interval(drawn)
            found.append("ship" if low > -MARGIN else "dont" if high < -MARGIN else "open")
            means.append("ship" if drawn.change.mean() >= 0 else "dont")
        bad = "ship" if difference <= -MARGIN else "dont"
        counts = [share([f == kind for f in found]) for kind in ("ship", "dont", "open")]
        plain = [share([m == kind for m in means]) for kind in ("ship", "dont")]
        wrong = share([f == bad for f in found]), share([m == bad for m in means])
        table.add_row(f"{100 * difference:+.0f}", *counts, wrong[0], *plain, wrong[1])
    return table


Judging = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def noisy(up: float, down: float) -> Judging:
    """A judge that passes the share `up` of what fails, and fails the share `down` of what passes."""
    return lambda rng, truth: np.where(rng.random(truth.size) < np.where(truth > 0.5, down, up), 1 - truth, truth)


JUDGES: dict[str, tuple[Judging, Judging]] = {
    "right in 9 of 10": (noisy(0.1, 0.1), noisy(0.1, 0.1)),
    "lenient": (noisy(0.5, 0.02), noisy(0.5, 0.02)),
    "lenient to the candidate only": (noisy(0.1, 0.1), noisy(0.6, 0.0)),
    "strict to the candidate only": (noisy(0.1, 0.1), noisy(0.0, 0.3)),
    "tosses a coin": (noisy(0.5, 0.5), noisy(0.5, 0.5)),
}


def ppi(sets: Sequence[Recorded], times: int, n: int = 400) -> None:
    table = Table(
        "recorded scores", "judge", "labels", "the judge alone: coverage", "corrected: coverage", "width, labels alone", "corrected",
        title=f"{times} comparisons of {n} cases each, recorded scores as the truth, candidate worse by 5 points",
    )  # fmt: skip
    for recorded in sets:
        for name, judges in JUDGES.items():
            for labels in (30, 100):
                table.add_row(recorded.name, name, str(labels), *_ppi(recorded, judges, labels, times, n))
    CONSOLE.print(table)


def _ppi(recorded: Recorded, judges: tuple[Judging, Judging], labels: int, times: int, n: int) -> list[str]:
    rng, members = np.random.default_rng(1), np.arange(n)
    covered, trusted, widths, alone = [], [], [], []
    for drawn in draw(recorded, -MARGIN, n, False, times):
        judged = judges[1](rng, drawn.new) - judges[0](rng, drawn.old)
        human = np.full(n, np.nan)
        known = rng.permutation(n)[:labels]
        human[known] = drawn.change[known]
        found = corrected_difference(judged, human, members, TAIL)
        covered.append(found.low <= -MARGIN <= found.high)
        half = 1.96 * judged.std(ddof=1) / np.sqrt(n)
        trusted.append(abs(judged.mean() + MARGIN) <= half)
        widths.append(found.high - found.low)
        alone.append(found.labels_only[1] - found.labels_only[0])
    return [share(trusted), share(covered), f"{np.mean(alone):.3f}", f"{np.mean(widths):.3f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("promises", "ppi"):
        command = commands.add_parser(name)
        command.add_argument("runs", nargs="+")
        command.add_argument("--comparisons", type=int, default=2000)
    speed = commands.add_parser("speed")
    speed.add_argument("home", type=Path)
    speed.add_argument("cases_file", type=Path)
    speed.add_argument("--cases", type=int, default=1000)
    judge = commands.add_parser("judge")
    judge.add_argument("home", type=Path)
    judge.add_argument("cases_file", type=Path)
    record = commands.add_parser("record")
    record.add_argument("run", type=Path)
    record.add_argument("out", type=Path)
    told = commands.add_parser("labelled")
    told.add_argument("scores", type=Path)
    told.add_argument("labels", type=Path)
    asked = parser.parse_args()
    if asked.command == "labelled":
        heads = "criterion", "the metric says the same", "labels alone (width)", "corrected", "weight of the metric"
        table = Table(*heads, title="difference in points, 95 % interval")
        for row in labelled(asked.scores, asked.labels):
            table.add_row(*row)
        CONSOLE.print(table)
    elif asked.command == "record":
        asked.out.write_text(json.dumps(scores_of(Run.load(asked.run)), ensure_ascii=False) + "\n", encoding="utf-8")
    elif asked.command == "speed":
        from bench.eval_speed import measure

        measure(asked.home, asked.cases_file, asked.cases, CONSOLE)
    elif asked.command == "judge":
        from bench.eval_judge import measure as measure_judges

        measure_judges(asked.home, asked.cases_file, CONSOLE)
    elif asked.command == "ppi":
        ppi([load(text) for text in asked.runs], asked.comparisons)
    else:
        promises([load(text) for text in asked.runs], asked.comparisons)


if __name__ == "__main__":
    main()
