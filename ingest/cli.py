"""The commands that change what is known: ingest, forget, reindex."""

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from brain.console import HomeOption, JsonOption, err, out, print_json, say, settings_for
from brain.errors import SettingsError
from brain.types import INTERNAL
from ingest.report import Summary

FAILURES_SHOWN = 20
MARGIN = 0.02
"""By how much hit@5 may fall in a reindexing."""


def register(app: typer.Typer) -> None:
    """Adds the commands to `brain`."""
    app.command()(ingest)
    app.command()(forget)
    app.command()(reindex)


def ingest(
    folder: Annotated[Path, typer.Argument(help="Folder of .md .html .txt .pdf .docx .csv .jsonl files.")],
    source: Annotated[str, typer.Option(help="Name of the source [default: the folder's absolute path]")] = "",
    audience: Annotated[
        list[str] | None,
        typer.Option(help=f"Audience of documents that name none [default: {INTERNAL}]; may be repeated."),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant of all documents.")] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="A subset: keep documents of files that aren't there.")
    ] = False,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="Delete all where the folder is empty.")] = False,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Make the index equal to a folder: add, update, delete. Stopped, it goes on where it was when run again.

    Example: brain ingest ./kb --audience public
    """
    from brain.state import default_source
    from ingest.parse import Defaults
    from ingest.run import ingest_folder

    defaults = Defaults(source=source or default_source(folder), tenant=tenant, audience=tuple(audience or (INTERNAL,)))
    settings = settings_for(home)
    with _Bar() as bar:
        summary = ingest_folder(
            folder, settings, defaults=defaults, partial=partial, allow_empty=allow_empty, progress=bar, say=say
        )
    _show(summary, json_)


def forget(source: str, json_: JsonOption = False, home: HomeOption = None) -> None:
    """Delete all documents of a source.

    Example: brain forget /srv/old-kb
    """
    from ingest.run import forget as run

    deleted = run(source, settings_for(home))
    if json_:
        print_json({"source": source, "deleted": deleted})
    else:
        out.print(f"deleted {deleted}")


def reindex(
    check: Annotated[
        Path | None,
        typer.Option(
            help="Acceptance questions, as for brain eval retrieval: the new index must find as much as the old."
        ),
    ] = None,
    margin: Annotated[float, typer.Option(min=0, max=1, help="By how much hit@5 may fall with --check.")] = MARGIN,
    *,
    force: Annotated[bool, typer.Option("--force", help="Go over to the new index though it finds less.")] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to the index before the last reindexing instead.")
    ] = False,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Build a new index beside the old, with the present settings, from the documents already known; then go over to it.

    A running service goes on answering from the old one, and goes over by itself. Stopped, it goes on where it was when run
    again.

    Example: BRAIN_SPLITTER__TOKENS=300 brain reindex --check cases.jsonl
    """
    from ingest import reindex as life

    settings = settings_for(home)
    accepted = life.Acceptance(_check(check), margin, force) if check and not rollback else None
    with _Bar("reindexing") as bar:
        summary = life.rollback(settings, bar, say) if rollback else life.reindex(settings, bar, say, accepted)
    _show(summary, json_)


def _check(cases: Path) -> Callable[[Any], float]:
    """Made by the package that evaluates, which this one doesn't import."""
    maker = next(iter(entry_points(group="brain.checks", name="acceptance")), None)
    if not maker:
        raise SettingsError("Nothing is installed that could check the new index.", "Install Brain again, with eval.")
    check: Callable[[Any], float] = maker.load()(cases)
    return check


def _show(summary: Summary, as_json: bool) -> None:
    if as_json:
        print_json(summary.to_dict())
        return
    counts = ("added", "updated", "deleted", "unchanged")
    failed = len(summary.failed)
    line = Text("  ".join(f"{name} {getattr(summary, name):,}" for name in counts))
    out.print(line.append(f"  failed {failed}", style="bold red" if failed else ""))
    if summary.flagged:
        out.print(Text(f"  {summary.flagged:,} documents flagged: brain status --flags", style="yellow"))
    for name, reason in list(summary.failed.items())[:FAILURES_SHOWN]:
        out.print(Text(f"  {name}: ", style="bold").append(reason, style=""))
    if failed > FAILURES_SHOWN:
        out.print(Text(f"  … and {failed - FAILURES_SHOWN} more: brain status", style="dim"))


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        passages = task.fields["passages"]
        return Text(f"{passages:,} passages, {passages / max(task.elapsed or 0, 0.1):.0f}/s")


class _Bar:
    """A progress bar over the bytes of the changed files; it measures what is durable, so that stopping loses none of it."""

    def __init__(self, doing: str = "ingesting") -> None:
        columns = TextColumn("{task.description}"), BarColumn(), _Rate(), TimeRemainingColumn()
        self._progress = Progress(*columns, console=err, transient=True)
        self._task = self._progress.add_task(doing, total=None, passages=0)

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._progress.stop()
        if kind is KeyboardInterrupt:
            say("Stopped. What is done is kept: run the same command again to go on.")

    def start(self, total_bytes: int, files: int) -> None:
        self._progress.update(self._task, total=total_bytes or None)
        if files:
            self._progress.update(self._task, description=f"{files:,} changed files")

    def passages(self, count: int) -> None:
        self._progress.update(self._task, passages=self._progress.tasks[0].fields["passages"] + count)

    def file(self, size: int) -> None:
        self._progress.advance(self._task, size)
