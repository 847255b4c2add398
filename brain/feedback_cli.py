"""`brain feedback`: what people said of answers."""

from typing import Annotated

import typer
from rich.text import Text

from brain.console import HomeOption, JsonOption, out, print_json, settings_for


def register(app: typer.Typer) -> None:
    """Adds the command to `brain`."""
    app.command()(feedback)


def feedback(
    limit: Annotated[int, typer.Option(min=1, help="Most entries.")] = 50,
    tenant: Annotated[str | None, typer.Option(help="Of whose answers [default: all]")] = None,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List what people said of answers, newest first. brain trace ID shows the answer.

    Example: brain feedback --limit 20 --json
    """
    from brain.feedback import Feedbacks

    feedbacks = Feedbacks(settings_for(home))
    try:
        found = feedbacks.newest(limit, tenant)
    finally:
        feedbacks.close()
    if json_:
        print_json({"feedback": found})
        return
    for one in found:
        said = " | ".join(one[name] for name in ("comment", "correction") if one[name])
        line = f"{one['given_at'][:16]}  {one['thumbs']:4}  {one['reason'] or '-':10}  {one['answer_id']}  {said}"
        out.print(Text(line), soft_wrap=True)
    if not found:
        out.print("no feedback yet")
