"""`brain jobs`: imports that programs began over HTTP."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from brain.console import HomeOption, JsonOption, out, print_json, settings_for

if TYPE_CHECKING:
    from brain.jobs import Job


def register(app: typer.Typer) -> None:
    """Adds the command to `brain`."""
    app.command("jobs")(jobs)


def jobs(
    id: Annotated[str, typer.Argument(metavar="[ID]", help="Of one, to see which of its rows failed and why.")] = "",
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop that one; what was put stays.")] = False,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List imports, newest first; look at one, or cancel it.

    Example: brain jobs 5d41402abc4b2a76b9719d911017c592 --cancel
    """
    from brain.jobs import Jobs

    store = Jobs(settings_for(home))
    try:
        if id:
            found = [store.cancel(id) if cancel else store.get(id)]
            failures = store.failures(id)
        else:
            found, failures = store.newest(), []
    finally:
        store.close()
    if json_:
        print_json({"jobs": [_values(job) for job in found], "failures": [list(failure) for failure in failures]})
        return
    for job in found:
        out.print(Text(_line(job)), soft_wrap=True)
    for row, reason in failures:
        out.print(Text(f"  row {row}: {reason}"), soft_wrap=True)
    if not found:
        out.print("no imports yet; see POST /v1/imports")


def _values(job: "Job") -> dict[str, Any]:
    return asdict(job) | {"rate": job.rate, "seconds_left": job.seconds_left}


def _line(job: "Job") -> str:
    pace = f"  {job.rate:.1f} rows/s" if job.rate else ""
    left = f"  {job.seconds_left:.0f} s left" if job.seconds_left is not None else ""
    failed = f"  {job.failed:,} failed" if job.failed else ""
    return (
        f"{job.id}  {job.created_at[:19]}  {job.state}  {job.done:,} of {job.total:,}{failed}{pace}{left}  {job.tenant}"
    )
