"""`brain sync`: is the index what its sources are?"""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from brain.console import HomeOption, JsonOption, out, print_json, say, settings_for

if TYPE_CHECKING:
    from ingest.reconcile.report import Report, SourceReport


def register(app: typer.Typer) -> None:
    """Adds the command to `brain`."""
    app.command("sync")(sync)


def sync(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; a running service goes on answering.")
    ] = False,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Compare every source, the state and the index, passage by passage, and mend what differs. Exit code 1 where it still does.

    Folders are compared as they were last ingested. With an embedded index that a service has open only --check works: the
    service mends what it can at its start.

    Example: brain sync --check
    """
    from ingest.reconcile.run import check as compare
    from ingest.reconcile.run import mend

    settings = settings_for(home)
    report = compare(settings) if check else mend(settings, say=say)
    print_json(report.to_dict()) if json_ else _show(report)
    if not report.equal:
        raise typer.Exit(1)


def _show(report: "Report") -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("source", "documents", "passages", "missing", "stale", "surplus", "files", ""):
        table.add_column(name, justify="left" if name in ("source", "") else "right", overflow="fold")
    for about in report.sources:
        counts = (about.documents, about.passages, about.missing, about.stale, about.surplus)
        verdict = Text("equal", "green") if about.equal else Text("differs", "bold red")
        table.add_row(Text(about.source), *(f"{count:,}" for count in counts), _files(about), verdict)
    out.print(table)
    for about in report.sources:
        for line in (
            *([about.problem] if about.problem else []),
            *about.named,
            *(about.files.named if about.files else ()),
        ):
            out.print(Text(f"  {about.source}: {line}"), soft_wrap=True)
    if report.orphans:
        out.print(f"{report.orphans:,} passages in the index belong to no document")
    if report.tombstones:
        out.print(f"{report.tombstones:,} deleted documents are still stored; no question is answered from them")
    if not report.index_known:
        out.print("The index is not the one that the documents were written to: it was deleted or restored.")
    out.print(
        Text("The index is equal to its sources.", "green")
        if report.equal
        else Text("They differ. Run: brain sync", "bold red")
    )


def _files(about: "SourceReport") -> str:
    files = about.files
    if files is None:
        return "-"
    kinds = ("new", "changed", "gone", "broken", "lost")
    return ", ".join([f"{files.same:,} same", *(f"{getattr(files, k):,} {k}" for k in kinds if getattr(files, k))])
