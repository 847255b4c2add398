"""The command `brain`: asking and looking here; the other packages add theirs by the entry points `brain.commands`.

Nothing heavy is imported until a command needs it.
"""

import asyncio
import gc
import os
import sys
from datetime import datetime
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated

import typer

from brain import feedback_cli, life_cli
from brain.console import (
    AudienceOption,
    HomeOption,
    JsonOption,
    TenantOption,
    out,
    print_json,
    say,
    settings_for,
    show_error,
)
from brain.errors import BrainError
from brain.insights import cli as insights_cli
from brain.keys import cli as keys_cli
from brain.retention import cli as retention_cli
from brain.traces import cli as traces_cli
from brain.types import DEFAULT_TENANT, INTERNAL, Question

if TYPE_CHECKING:
    from brain.answer import Events

app = typer.Typer(
    help="Answers from your own knowledge, every sentence cited, or no answer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
TagOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        help="Only documents with this tag; may be repeated. A tag key:value, such as idcc:0016, also lets through documents "
        "without any tag of that key; of several values of one key any will do.",
    ),
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The day on which the answer must be valid.", show_default="today"),
]


def main() -> None:
    """Runs the command line; a BrainError is shown as what is wrong and what to do, with exit code 1."""
    gc.set_threshold(
        100_000
    )  # imports make many objects and little garbage: collecting it seldom saves a tenth of them
    for entry in sorted(entry_points(group="brain.commands"), key=lambda entry: entry.name):
        entry.load()(app)
    code: object = 0
    try:
        app()
    except SystemExit as stop:
        code = stop.code
    except BrainError as error:
        show_error(error)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is closed and on disk; unloading torch would take another third of a second.
    os._exit(code if isinstance(code, int) else 0)


@app.command()
def ask(
    question: str,
    audience: AudienceOption = INTERNAL,
    tenant: TenantOption = DEFAULT_TENANT,
    tag: TagOption = None,
    as_of: AsOfOption = None,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Answer a question, each sentence with its source.

    Example: brain ask "Combien de temps pour un remboursement ?" --as-of 2026-01-31
    """
    from brain.session import Brain

    with Brain.open(settings_for(home), say) as brain:
        day = as_of.date() if as_of else None
        asked = Question(question, tenant=tenant, audience=audience, tags=tuple(tag or ()), as_of=day)
        if json_:
            print_json(asyncio.run(brain.ask(asked)).to_dict())
        else:
            asyncio.run(_shown(brain.stream(asked), question))


async def _shown(events: "Events", question: str) -> None:
    """Sentences as they come."""
    from brain.show import ShownAnswer
    from brain.text.language import detect
    from brain.types import Answer, Sentence

    shown = ShownAnswer(detect(question), out)
    async for event in events:
        if isinstance(event, Answer):
            shown.end(event)
        elif isinstance(event, Sentence):
            shown.sentence(event)


@app.command()
def search(
    question: str,
    limit: Annotated[int, typer.Option(min=1, max=100, help="Most passages.")] = 10,
    audience: AudienceOption = INTERNAL,
    tenant: TenantOption = DEFAULT_TENANT,
    tag: TagOption = None,
    as_of: AsOfOption = None,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Find passages, best first, grouped by document.

    Example: brain search "remboursement timbre fiscal" --limit 10
    Example: brain search "durée du préavis" --tag idcc:0016 --as-of 2026-01-31
    """
    from dataclasses import asdict

    from brain.session import Brain
    from brain.show import show_passages

    with Brain.open(settings_for(home), say) as brain:
        day = as_of.date() if as_of else None
        asked = Question(question, tenant=tenant, audience=audience, tags=tuple(tag or ()), as_of=day)
        passages = asyncio.run(brain.search(asked, limit))
    if json_:
        found = asdict(passages)
        shown = {name: found[name] for name in ("timings", "degraded", "facets")}
        print_json({"language": passages.language, "passages": found["items"]} | shown)
    else:
        show_passages(question, passages, out)


@app.command()
def status(
    flags: Annotated[
        bool, typer.Option("--flags", help="List the documents in which something meant for an assistant was noticed.")
    ] = False,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show what is indexed, and with which encoder.

    Example: brain status --json
    Example: brain status --flags
    """
    from brain.show import show_flags, show_status
    from brain.status import flags_of, status_of

    settings = settings_for(home)
    found = {"flagged": flags_of(settings)} if flags else status_of(settings)
    if json_:
        print_json(found)
    elif flags:
        show_flags(found["flagged"], out)
    else:
        show_status(found, out)


@app.command()
def doctor(json_: JsonOption = False, home: HomeOption = None) -> None:
    """Check every part, and say how to mend what is wrong. Exit code 1 where something is.

    Example: brain doctor
    """
    from dataclasses import asdict

    from brain.doctor import examine
    from brain.show import show_checks

    checks = examine(settings_for(home))
    if json_:
        print_json({"checks": [asdict(check) for check in checks]})
    else:
        show_checks(checks, out)
    if any(check.level == "wrong" for check in checks):
        raise typer.Exit(1)


feedback_cli.register(app)
life_cli.register(app)
traces_cli.register(app)
insights_cli.register(app)
keys_cli.register(app)
retention_cli.register(app)
