"""Two runs beside each other: what was changed, and which cases end otherwise with their candidates."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from brain.errors import EvaluationError
from eval.configuration import changes
from eval.judged_run import Run
from eval.reporting.document import outcome

MOST = 20


def differences(one: Path, other: Path) -> dict[str, Any]:
    """Plain values. Raises EvaluationError where the runs share no scored case, or their bars ask for different metrics."""
    a, b = Run.load(one), Run.load(other)
    if a.bar.metric != b.bar.metric:
        raise EvaluationError(
            f"The runs' bars differ: {a.bar.metric} and {b.bar.metric}.", "Compare runs of one metric."
        )
    names = [run.experiment.candidate or run.experiment.baseline for run in (a, b)]
    old, new = a.of_case(a.bar.metric, names[0]), b.of_case(b.bar.metric, names[1])
    questions = {case.id: case.text for case in b.cases}
    shared = [case for case in old if case in new]
    if not shared:
        raise EvaluationError("No case was scored in both runs.")
    settings = changes(a.manifest["variants"][names[0]], b.manifest["variants"][names[1]])
    moved: list[dict[str, Any]] = [
        {"case": case, "question": questions.get(case, ""), "before": old[case], "now": new[case]}
        for case in shared
        if outcome(old[case], new[case]) != "equal"
    ]
    moved.sort(key=lambda row: row["now"] - row["before"])
    means = [sum(held[case] for case in shared) / len(shared) for held in (old, new)]
    return {
        "metric": a.bar.metric,
        "shared": len(shared),
        "before": means[0],
        "now": means[1],
        "changed": {name: list(values) for name, values in settings.items()},
        "cases": moved,
    }


def show_differences(found: dict[str, Any], console: Console) -> None:
    console.print(f"{found['metric']}: {found['before']:.3f} → {found['now']:.3f} on {found['shared']} shared cases")
    if found["changed"]:
        table = Table("changed", "before", "now")
        for name, values in found["changed"].items():
            table.add_row(*(Text("–" if value is None else str(value)) for value in (name, *values)))
        console.print(table)
    table = Table(
        "case", "question", "before", "now", title=f"{len(found['cases'])} cases end otherwise", title_justify="left"
    )
    for row in found["cases"][:MOST]:
        style = "red" if row["now"] < row["before"] else "green"
        table.add_row(
            Text(row["case"]),
            Text(row["question"][:80]),
            f"{row['before']:.2f}",
            Text(f"{row['now']:.2f}", style=style),
        )
    console.print(table)
