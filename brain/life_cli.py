"""The commands for an index as a whole: optimize, backup, restore."""

from pathlib import Path
from typing import Annotated

import typer

from brain.console import HomeOption, JsonOption, out, print_json, say, settings_for


def register(app: typer.Typer) -> None:
    """Adds the commands to `brain`."""
    app.command()(optimize)
    app.command()(backup)
    app.command()(restore)


def optimize(json_: JsonOption = False, home: HomeOption = None) -> None:
    """Build the graph of an embedded index that no process has open: questions to a large one get faster.

    A big ingestion and a running service do it by themselves (upkeep.optimize_at). Stopping it loses nothing.

    Example: brain optimize
    """
    from dataclasses import asdict

    from brain.index.lock import changing
    from brain.index.optimizing import optimize_index

    settings = settings_for(home)
    with changing(settings):
        took = optimize_index(settings)
    if json_:
        print_json(asdict(took))
    else:
        out.print(f"optimised in {took.copy_s + took.optimize_s + took.load_s + took.switch_s:.0f} s")


def backup(
    target: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Copy index and state into a folder, with a checksum of each file. A service may go on answering.

    Example: brain backup /backups/2026-05-12
    """
    from brain.backup import backup as run

    _show("backed up", run(settings_for(home), target, say), json_)


def restore(
    source: Annotated[Path, typer.Argument(help="A folder that brain backup wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Replace what is in the home folder.")] = False,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Make a home folder what was backed up. A damaged backup is refused before anything is changed.

    Example: brain restore /backups/2026-05-12 --home /srv/brain
    """
    from brain.backup import restore as run

    _show("restored", run(settings_for(home), source, force=force, say=say), json_)


def _show(done: str, contents: dict[str, object], as_json: bool) -> None:
    if as_json:
        print_json({key: value for key, value in contents.items() if key != "files"})
    else:
        out.print(f"{done}: {contents['passages']:,} passages, made {contents['made']}")
