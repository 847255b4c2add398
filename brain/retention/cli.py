"""`brain purge` and `brain erase`: what is kept of people goes, when it is old or when they ask."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brain.console import HomeOption, JsonOption, out, print_json, settings_for
from brain.errors import AccessError

if TYPE_CHECKING:
    from brain.retention.erasing import Found, Whose


def register(app: typer.Typer) -> None:
    """Adds the commands to `brain`."""
    app.command()(purge)
    app.command()(erase)


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, delete nothing.")] = False,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Delete answers, feedback, conversations and administrative acts that are older than the settings' keep_days.

    A service does it by itself, once a day.

    Example: brain purge --dry-run
    """
    from brain.keys.audit import person_here
    from brain.retention.purging import Purging, shown

    purging = Purging(settings_for(home))
    try:
        found = purging.too_old() if dry_run else purging.purge(person_here())
    finally:
        purging.close()
    if json_:
        print_json({"dry_run": dry_run, "purged": shown(found)})
        return
    for one in found:
        kept = f"older than {one.days} days" if one.days else "kept for ever"
        out.print(f"{one.name}: {one.count} {'would be ' if dry_run else ''}deleted, {kept} ({one.setting})")


def erase(
    conversation: Annotated[str, typer.Option(help="Id of a conversation.")] = "",
    key: Annotated[str, typer.Option(help="Id of an API key: all that was asked and said with it.")] = "",
    visitor: Annotated[str, typer.Option(help="Of a widget, as the log and brain feedback show it.")] = "",
    text: Annotated[
        str, typer.Option(help="That stands in what was asked, answered or said: a name, an address.")
    ] = "",
    tenant: Annotated[str | None, typer.Option(help="Of whose callers [default: all]")] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, help="JSON lines to erase from too, as drafts.jsonl; may be repeated."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase. Without it: only count.")] = False,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Erase what is kept of one person: whole conversations, answers with their traces, feedback. It can't be undone.

    E-mail addresses, telephone numbers and the like are masked before anything is kept; names are not. Give one of
    --conversation, --key, --visitor, --text. Backups and logs are not looked at.

    Example: brain erase --text "Jean Dupont" --file drafts.jsonl
    Example: brain erase --visitor 0a1b2c3d4e5f --yes
    """
    from brain.keys.audit import person_here
    from brain.retention.erasing import Erasing, Reach
    from brain.retention.files import erase_lines, lines_with

    whose = _whose(conversation=conversation, key=key, visitor=visitor, text=text)
    erasing = Erasing(settings_for(home))
    try:
        found = erasing.find(whose, Reach(tenant))
        texts = _texts(whose, found)
        lines = {str(path): lines_with(path, texts)[1] for path in file or ()}
        id = erasing.erase(found, whose.by, person_here()) if yes else None
        for path in file or () if yes else ():
            erase_lines(path, texts)
    finally:
        erasing.close()
    if json_:
        print_json({"id": id, "dry_run": not yes, **found.counts(), "lines": lines})
        return
    parts = [f"{count} {name}" for name, count in found.counts().items()]
    parts += [f"{count} lines of {path}" for path, count in lines.items()]
    done = f"erased (erasure {id})" if yes else "found; nothing was erased: again with --yes"
    out.print(f"{', '.join(parts)} {done}", soft_wrap=True)


def _whose(**given: str) -> "Whose":
    from brain.retention.erasing import Whose
    from brain.retention.matching import LEAST_CHARS

    named = {by: value.strip() for by, value in given.items() if value.strip()}
    if len(named) != 1:
        raise AccessError("Whose data it is must be said in one way.", f"Give one of --{', --'.join(given)}.")
    ((by, value),) = named.items()
    if len(value) < LEAST_CHARS:
        raise AccessError(f"'{value}' stands in too much.", "Give more of it.")
    return Whose(by, value)  # type: ignore[arg-type]


def _texts(whose: "Whose", found: "Found") -> list[str]:
    """By what a line of a file is known to be of that person: drafts name the answer that they were made of."""
    return [*found.answers, *([whose.value] if whose.by == "text" else [])]
