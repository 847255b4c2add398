"""`brain eval …`: what a change does to the answers, in numbers."""

import asyncio
import json
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from brain.errors import BrainError, CaseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval.retrieval import CaseResult, Metrics, RetrievalReport

app = typer.Typer(help="Measure search on cases with known answers.", no_args_is_help=True)

BAR = 20


def register(cli: typer.Typer) -> None:
    """Adds `eval` to `brain`."""
    cli.add_typer(app, name="eval")


@app.callback()
def _group() -> None:  # Without a callback Typer would drop the name of an only command.
    pass


@app.command()
def retrieval(
    cases: Annotated[Path, typer.Argument(help="A JSONL file of cases, or a folder of them.")],
    *,
    audience: Annotated[str, typer.Option(help="Who asks, where a case doesn't say.")] = "agent",
    tenant: Annotated[str, typer.Option(help="In which tenant, where a case doesn't say.")] = "default",
    depth: Annotated[int, typer.Option(min=1, help="Documents asked for; deeper metrics are left out.")] = 10,
    concurrency: Annotated[int, typer.Option(min=1, help="Searches at once; latency is measured under them.")] = 4,
    worst: Annotated[int, typer.Option(min=0, help="How many wrong cases to list.")] = 10,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
    out: Annotated[Path | None, typer.Option(dir_okay=False, writable=True, help="Also write the JSON here.")] = None,
    home: Annotated[Path | None, typer.Option(file_okay=False, help="Brain's folder.")] = None,
) -> None:
    """Does search find the documents that the cases name?"""
    if out:
        # Before the work, not after it: a wrong folder must not cost the run.
        out.parent.mkdir(parents=True, exist_ok=True)
    report = _run(cases, home, audience=audience, tenant=tenant, depth=depth, concurrency=concurrency)
    text = json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False, indent=2)
    if out:
        out.write_text(text + "\n", encoding="utf-8")
    if json_:
        typer.echo(text)
    else:
        _show(report, worst)


def _run(
    path: Path, home: Path | None, *, audience: str, tenant: str, depth: int, concurrency: int
) -> "RetrievalReport":
    from eval.cases import load_cases
    from eval.retrieval import evaluate_retrieval

    cases = load_cases(path)
    if not any(case.expect.documents for case in cases):
        raise CaseError(f"No case of {path} names documents.", "Add expect.documents: the ids that should be found.")
    from brain.session import open_brain  # Loads models, so only once the cases are known to be right.

    with open_brain(home) as brain, _progress() as progress:
        task = progress.add_task("searching", total=None)
        evaluation = evaluate_retrieval(
            brain,
            cases,
            audience=audience,
            tenant=tenant,
            depth=depth,
            concurrency=concurrency,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
        report = asyncio.run(evaluation)
    if not report.results:
        raise BrainError(f"Every search failed; the first: {report.unscored[0].reason}")
    return report


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()
    return Progress(*columns, console=Console(stderr=True), transient=True)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:.1f}/s")


def _show(report: "RetrievalReport", worst: int) -> None:
    console = Console(highlight=False)
    console.print(_metrics_table("all questions", report.metrics))
    for language, metrics in report.by_language.items():
        console.print(_metrics_table(language, metrics))
    counts = f"{len(report.results)} of {report.asked} cases scored, {report.not_asked} name no document"
    console.print(counts, style="yellow" if report.unscored else "")
    for case in report.unscored[:worst]:
        console.print(f"  {case.id}: {case.reason}", style="yellow", markup=False)
    latency = report.latency_ms
    console.print(f"search p50 {latency['p50']:.0f} ms, p95 {latency['p95']:.0f} ms, {report.concurrency} at once")
    if rows := report.worst(worst):
        console.print(_worst_table(rows, report.depth))


def _metrics_table(title: str, metrics: "Metrics") -> Table:
    table = Table("metric", "mean", "95% interval", "", "cases", "clusters", title=title, title_justify="left")
    for metric, found in metrics.items():
        bar = "█" * round(found.mean * BAR) + "░" * (BAR - round(found.mean * BAR))
        bounds = f"{found.low:.3f} – {found.high:.3f}"
        table.add_row(metric, f"{found.mean:.3f}", bounds, bar, str(found.n), str(found.clusters))
    return table


def _worst_table(rows: "Sequence[CaseResult]", depth: int) -> Table:
    table = Table("case", "question", "should be found", "came first", "rank", title="worst", title_justify="left")
    for row in rows:
        first = row.ranked[0] if row.ranked else "nothing"
        cells = row.id, shorten(row.question, 80, placeholder="…"), ", ".join(row.gold), first
        table.add_row(*map(Text, cells), str(row.rank or f"> {depth}"))
    return table
