"""What the command line's parts share: options, how errors are shown, where notices go."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from brain.errors import BrainError
from brain.settings import Settings, load_settings

HomeOption = Annotated[
    Path | None, typer.Option("--home", file_okay=False, help="Folder of the index and the state [default: ./.brain]")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
AudienceOption = Annotated[str, typer.Option(help="Who asks: 'agent' sees internal documents, 'public' does not.")]
TenantOption = Annotated[str, typer.Option(help="Whose documents.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def settings_for(home: Path | None, **overrides: Any) -> Settings:
    """The settings of file and environment with the flags that were given."""
    return load_settings(**({"home": home} if home else {}), **overrides)


def say(line: str) -> None:
    """A notice to the person at the terminal; never part of a command's output."""
    err.print(Text(line, style="dim"))


def print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def show_error(error: BrainError) -> None:
    err.print(Text(str(error), style="bold red"))
    if error.hint:
        err.print(Text(error.hint))
