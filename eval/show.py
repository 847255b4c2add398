"""How reports and comparisons look in a terminal."""

from collections.abc import Sequence
from textwrap import shorten
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from brain.fuse import Features
from eval.compare import Comparison, Moved
from eval.retrieval import CaseResult, Metrics, RetrievalReport
from eval.stats.effect import Effect
from eval.tune import Tuning

BAR = 20


def show_report(report: RetrievalReport, worst: int, console: Console) -> None:
    """The metrics, what was scored, how long a search took, and at most `worst` wrong cases."""
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


def show_comparison(found: Comparison, most: int, console: Console) -> None:
    """What was changed, what that did to each metric, and at most `most` cases that got worse and as many better ones."""
    console.print()
    _show_changed(found.changed, console)
    console.print(_differences_table(found.metrics))
    unpaired = found.only_before + found.only_after
    pairs = f"{found.paired} cases paired, {found.only_before} scored only before, {found.only_after} only now"
    console.print(pairs, style="yellow" if unpaired else "")
    if found.latency_ms:
        console.print(
            "search "
            + ", ".join(f"{name} {old:.0f} → {new:.0f} ms" for name, (old, new) in found.latency_ms.items())
            + " (not paired: other work on the machine counts)"
        )
    for title, rows, style in (("worse", found.worse, "red"), ("better", found.better, "green")):
        if rows and most:
            console.print(_moved_table(f"{title}: {len(rows)}", rows[:most], found.depth, style))


def show_tuning(found: Tuning, console: Console) -> None:
    """The weights before and after, what they do on questions they were not fitted on, and what became of them."""
    table = Table("weight", "present", "learned", title="what counts how much", title_justify="left")
    for name, present, fitted in zip(Features._fields, found.present, found.fitted, strict=True):
        table.add_row(name, f"{present:.2f}", Text(f"{fitted:.2f}", style="bold" if fitted != present else "dim"))
    console.print(table)
    for kind, metrics in found.held_out.items():
        console.print(_differences_table(metrics, title=f"{kind} that the weights were not fitted on"))
    if found.better:
        console.print(Text("Stored with the index.", style="green"), "brain tune --reset goes back.")
    else:
        console.print(Text("Not better on questions that were held out: nothing was changed.", style="yellow"))


def _show_changed(changed: dict[str, tuple[Any, Any]] | None, console: Console) -> None:
    if changed is None:
        console.print("compared with a report that did not record its configuration", style="yellow")
    elif not changed:
        console.print("nothing that was recorded changed between the two runs", style="yellow")
    else:
        table = Table("changed", "before", "now", title="compared with the previous run", title_justify="left")
        for name, values in changed.items():
            table.add_row(*map(Text, (name, *map(_value, values))))
        console.print(table)


def _value(value: Any) -> str:
    return "–" if value is None else str(value)


def _differences_table(metrics: dict[str, Effect], title: str = "paired, case by case") -> Table:
    table = Table(title=title, title_justify="left")
    for header in ("metric", "before", "now", "change", "95% interval", "p", "better/\nworse/equal"):
        table.add_column(header, no_wrap=True)
    for name, found in metrics.items():
        style = "green" if found.low > 0 else "red" if found.high < 0 else ""
        change = Text(f"{found.difference:+.3f}", style=style)
        bounds = Text(f"{found.low:+.3f} – {found.high:+.3f}", style=style)
        p = "<0.001" if found.p < 0.001 else f"{found.p:.3f}"
        counts = f"{found.better}/{found.worse}/{found.equal}"
        table.add_row(name, f"{found.baseline:.3f}", f"{found.candidate:.3f}", change, bounds, p, counts)
    return table


def _moved_table(title: str, rows: Sequence[Moved], depth: int, style: str) -> Table:
    table = Table("case", "question", "rank before", "now", title=title, title_justify="left", title_style=style)
    for row in rows:
        ranks = (str(rank or f"> {depth}") for rank in (row.before, row.after))
        table.add_row(*map(Text, (row.id, shorten(row.question, 80, placeholder="…"), *ranks)))
    return table


def _metrics_table(title: str, metrics: Metrics) -> Table:
    table = Table("metric", "mean", "95% interval", "", "cases", "clusters", title=title, title_justify="left")
    for metric, found in metrics.items():
        bar = "█" * round(found.mean * BAR) + "░" * (BAR - round(found.mean * BAR))
        bounds = f"{found.low:.3f} – {found.high:.3f}"
        table.add_row(metric, f"{found.mean:.3f}", bounds, bar, str(found.n), str(found.clusters))
    return table


def _worst_table(rows: Sequence[CaseResult], depth: int) -> Table:
    table = Table("case", "question", "should be found", "came first", "rank", title="worst", title_justify="left")
    for row in rows:
        first = row.ranked[0] if row.ranked else "nothing"
        cells = row.id, shorten(row.question, 80, placeholder="…"), ", ".join(row.gold), first
        table.add_row(*map(Text, cells), str(row.rank or f"> {depth}"))
    return table
