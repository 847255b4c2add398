"""A verdict in a terminal."""

from math import isfinite
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

STYLES = {"ship": "green", "dont_ship": "red", "inconclusive": "yellow", "could_not_run": "magenta"}
MOST = 8


def show(document: dict[str, Any], console: Console) -> None:
    """The sentence, the interval, the metrics, the parts that stand out, what to look at."""
    style = STYLES[document["decision"]]
    body = Text(document["headline"], style=f"bold {style}")
    for reason in document["reasons"]:
        body.append(f"\n{reason}", style="not bold")
    body.append(f"\nverdict {document['id']}", style="dim not bold")
    console.print(Panel(body, border_style=style, expand=False))
    found = document["effect"]
    if found:
        console.print(_interval(document))
        console.print(_metrics(document))
    for part in document["slices"]:
        if part["adjusted_p"] < 0.05:
            difference = f"{100 * part['effect']['difference']:+.1f} points"
            console.print(
                Text(
                    f"{part['kind']} {part['value']}: {difference}, adjusted p {part['adjusted_p']:.3f}", style="yellow"
                )
            )
    if document["judge"] and not document["judge"]["calibrated"]:
        console.print(Text("The judge is uncalibrated: label some answers with `brain eval label`.", style="yellow"))
    if document["leaks"]:
        console.print(Text(f"{len(document['leaks'])} cases stand in a prompt under test.", style="red"))
    if document["holdout_uses"]:
        console.print(f"The hold-out was used {document['holdout_uses']} times.")
    worse = [case["id"] for case in document["cases"] if case["outcome"] == "worse"]
    if worse:
        console.print(Text(f"worse: {', '.join(worse[:MOST])}{' …' if len(worse) > MOST else ''}", style="red"))
    console.print(f"Next: brain eval report {document['run']} -o report.html", soft_wrap=True)


def _interval(document: dict[str, Any]) -> Text:
    found, bar = document["effect"], document["bar"]
    counts = f"{found['better']} better, {found['worse']} worse, {found['equal']} equal"
    return Text(
        f"{bar['metric']}: {found['baseline']:.3f} → {found['candidate']:.3f}, difference {100 * found['difference']:+.1f} points, "
        f"{100 * document['interval_confidence']:g} % interval {100 * found['low']:+.1f} to {100 * found['high']:+.1f} "
        f"(margin {-100 * bar['margin']:+.1f}); {counts}; {found['n']} cases in {found['clusters']} clusters; {found['method']}"
    )


def _metrics(document: dict[str, Any]) -> Table:
    names = [document["baseline"], document["candidate"]]
    table = Table("metric", *names, "scored")
    for metric, held in document["metrics"].items():
        cells = [_mean(held.get(name)) for name in names]
        scored = sum(held[name]["scored"] for name in names if name in held)
        asked = sum(held[name]["asked"] for name in names if name in held)
        table.add_row(metric, *cells, Text(f"{scored}/{asked}", style="yellow" if scored < asked else "dim"))
    return table


def _mean(found: dict[str, Any] | None) -> str:
    if not found or not found["interval"]:
        return "–"
    interval = found["interval"]
    # The bounds of what is not between 0 and 1 and was seen in one cluster are infinite, in the document a text.
    low, high = (float(interval[edge]) for edge in ("low", "high"))
    return f"{interval['mean']:.3f}" + (f" ({low:.3f}–{high:.3f})" if isfinite(low + high) else "")
