"""What the command line's parts share: options, how errors are shown, where notices go."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from brain.errors import BrainError
from brain.settings import Settings, load_settings
from brain.text.invisible import without_controls

HomeOption = Annotated[
    Path | None, typer.Option("--home", file_okay=False, help="Folder of the index and the state [default: ./.brain]")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
AudienceOption = Annotated[str, typer.Option(help="Who asks: 'agent' sees internal documents, 'public' does not.")]
TenantOption = Annotated[str, typer.Option(help="Whose documents.")]


class SafeConsole(Console):
    """What is printed can't move the cursor or turn the direction of reading, whoever wrote it."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=without_controls(segment.text))


out = SafeConsole(highlight=False)
err = SafeConsole(stderr=True, highlight=False)


def settings_for(home: Path | None, **overrides: Any) -> Settings:
    """The settings of file and environment with the flags that were given."""
    return load_settings(**({"home": home} if home else {}), **overrides)


def say(line: str) -> None:
    """A notice to the person at the terminal; never part of a command's output."""
    err.print(Text(line, style="dim"))


def print_json(value: dict[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    # Line feeds are those between the values: inside them they are escaped already.
    typer.echo("\n".join(_escaped(line) for line in text.split("\n")))


def _escaped(line: str) -> str:
    if without_controls(line) == line:
        return line
    return "".join(c if without_controls(c) else f"\\u{ord(c):04x}" for c in line)


def show_error(error: BrainError) -> None:
    err.print(Text(str(error), style="bold red"))
    if error.hint:
        err.print(Text(error.hint))
