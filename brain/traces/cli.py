"""The commands for past answers: trace, replay, impact."""

from typing import Annotated, Any

import typer

from brain.console import HomeOption, JsonOption, out, print_json, say, settings_for

IdArgument = Annotated[str, typer.Argument(help="The answer's id, as brain ask --json and the HTTP service give it.")]


def register(app: typer.Typer) -> None:
    """Adds the commands to `brain`."""
    app.command()(trace)
    app.command()(replay)
    app.command()(impact)


def trace(id: IdArgument, json_: JsonOption = False, home: HomeOption = None) -> None:
    """Show how an answer came about: passages and scores, each sentence with its check, prompt, model, times.

    Kept without personal data, for traces.keep_days.

    Example: brain trace 5f0c2a6be1d74c3f9a0e8d7b6c5a4f3e
    """
    from brain.traces.show import show_trace

    record = _record(id, settings_for(home))
    if json_:
        print_json(record)
    else:
        show_trace(record, out)


def replay(id: IdArgument, json_: JsonOption = False, home: HomeOption = None) -> None:
    """Ask a past answer's question again, with the present knowledge, settings and prompt, and show what differs.

    The question is asked as it was kept: without personal data. The new answer is not kept.

    Example: brain replay 5f0c2a6be1d74c3f9a0e8d7b6c5a4f3e --json
    """
    from brain.session import Brain
    from brain.traces.replay import replayed
    from brain.traces.show import show_replay

    settings = settings_for(home)
    record = _record(id, settings)
    quiet = settings.traces.model_copy(update={"enabled": False})
    with Brain.open(settings.model_copy(update={"traces": quiet}), say) as brain:
        found = replayed(brain, record)
    if json_:
        print_json(found)
    else:
        show_replay(found, out)


def impact(
    document: Annotated[
        str | None, typer.Argument(help="The document's id. Without it: all.", show_default=False)
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose documents. Without it: everyone's.")] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only answers whose quoted words are not there any more.")
    ] = False,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List past answers that cited a document, and whether what they quoted still stands there.

    Example: brain impact retours/delais.md
    Example: brain impact --changed
    """
    from dataclasses import asdict

    from brain.traces.impact import impact as run
    from brain.traces.show import show_impact
    from brain.traces.store import Traces

    traces = Traces(settings_for(home))
    try:
        hits = run(traces, document, tenant, changed=changed)
    finally:
        traces.close()
    if json_:
        print_json({"answers": [asdict(hit) for hit in hits]})
    else:
        show_impact(hits, out)


def _record(id: str, settings: Any) -> dict[str, Any]:
    from brain.errors import TraceError
    from brain.traces.store import Traces

    traces = Traces(settings)
    try:
        record = traces.get(id)
    finally:
        traces.close()
    if record is None:
        raise TraceError(
            f"No trace of an answer {id} is kept.",
            f"Traces are kept for {settings.traces.keep_days} days (traces.keep_days), unless traces.enabled is false.",
        )
    return record
