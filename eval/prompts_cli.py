"""`brain prompts …`: which versions there are, which is served, and how another one comes to be."""

import json
from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from brain.console import JsonOption, out, print_json
from brain.errors import EvaluationError
from eval.run_cli import DEFAULT_RUNS, RunsOption

app = typer.Typer(help="Prompts: their versions, and which one is served.", no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(help="Such as answer.")]
Version = Annotated[int, typer.Argument(min=1)]


@app.command("list")
def list_(json_: JsonOption = False) -> None:
    """Every prompt file, whether it is served, by which verdict, and whether it was altered since.

    Example: brain prompts list
    """
    from prompts import list_prompts
    from prompts.releases import load_releases

    known, rows = load_releases(), []
    for prompt in list_prompts():
        held = known.get(prompt.name)
        live = [r for r in (held.served, held.canary) if r and r.version == prompt.version] if held else []
        row = {"file": prompt.filename, "hash": prompt.content_hash, "served": 0, "verdict": "", "altered": False}
        for release in live:
            altered = release.files.get(prompt.filename) != prompt.content_hash
            row |= {"served": release.percent, "verdict": release.verdict or release.reason, "altered": altered}
        rows.append(row)
    if json_:
        print_json({"prompts": rows})
        return
    # What must not be missed stands where there is always room; only the verdict, which may be a sentence, is wrapped.
    table = Table(
        Column("prompt", no_wrap=True), Column("served to", no_wrap=True), "verdict", box=None, padding=(0, 2, 0, 0)
    )
    for row in rows:
        share = Text(f"{row['served']} %" if row["served"] else "–")
        if row["altered"]:
            share.append(" ALTERED", style="red")
        table.add_row(str(row["file"]), share, Text(str(row["verdict"])))
    out.print(table)


@app.command()
def release(
    name: Name,
    version: Version,
    verdict: Annotated[
        str, typer.Option(help="Id of a verdict that says to ship it, as `brain eval verdict` prints it.")
    ] = "",
    canary: Annotated[
        int, typer.Option(min=1, max=100, help="Serve it to this share of the conversations, in percent.")
    ] = 100,
    force: Annotated[str, typer.Option(help="Release without a passing verdict; the reason is written down.")] = "",
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """Serve a version: refused without a verdict to ship it, on the datasets that the prompt declares.

    A running service serves it after its next start. Example: brain prompts release answer 2 --verdict d0abaa1261e6 --canary 10
    """
    from eval.releasing import release as released

    made = released(name, version, verdict=verdict, runs=runs, force=force, percent=canary)
    share = "" if made.percent == 100 else f" to {made.percent} % of the conversations"
    out.print(Text(f"{name} {version} is served{share} after the service's next start.", style="green"), soft_wrap=True)
    if made.reason:
        out.print(Text(f"Forced: {made.reason}", style="yellow"), soft_wrap=True)


@app.command()
def rollback(name: Name) -> None:
    """End a canary, or serve the version before again. What was released stays written down.

    Example: brain prompts rollback answer
    """
    from eval.releasing import rollback as rolled_back

    made = rolled_back(name)
    out.print(f"{name} {made.version} is served after the service's next start ({made.reason}).", soft_wrap=True)


@app.command()
def diff(name: Name, old: Version, new: Version, runs: RunsOption = DEFAULT_RUNS) -> None:
    """Two versions beside each other, and the cases whose outcome changed in the runs that compared them.

    Example: brain prompts diff answer 1 2
    """
    from eval.judged_run import Run
    from eval.releasing import runs_of_versions
    from eval.reporting.document import document_of
    from prompts import list_prompts

    texts = {(p.language, p.version): f"{p.system}\n\n{p.user}".splitlines() for p in list_prompts() if p.name == name}
    languages = sorted({language for language, version in texts if version in (old, new)})
    if not languages:
        raise EvaluationError(f"There is no prompt {name} of version {old} or {new}.", "Run: brain prompts list")
    for language in languages:
        sides = texts.get((language, old), []), texts.get((language, new), [])
        for line in unified_diff(*sides, f"{name}.{language}.v{old}", f"{name}.{language}.v{new}", lineterm="", n=1):
            out.print(Text(line, style={"+": "green", "-": "red", "@": "dim"}.get(line[:1], "")), soft_wrap=True)
    for path in runs_of_versions(name, (old, new), runs):
        document = document_of(Run.load(path))
        out.print(Text(f"\n{path}: {document['headline']}", style="bold"), soft_wrap=True)
        for case in document["cases"]:
            if case["outcome"] in ("better", "worse"):
                style = "green" if case["outcome"] == "better" else "red"
                why = " ".join(case["why"].get(document["candidate"], "").split())
                out.print(Text(f"  {case['outcome']:6} {case['id']}  {why[:100]}", style=style), soft_wrap=True)


@app.command()
def feedback(
    thumbs: Annotated[
        Path,
        typer.Argument(
            metavar="THUMBS.jsonl", dir_okay=False, exists=True, help='Lines {"version", "conversation", "up"}.'
        ),
    ],
    served: Annotated[int, typer.Option(min=1, help="The version that most got.")],
    canary: Annotated[int, typer.Option(min=1, help="The version that a share got.")],
    json_: JsonOption = False,
) -> None:
    """Does a canary please more? People's thumbs under the two versions, each conversation counted once.

    Example: brain prompts feedback thumbs.jsonl --served 1 --canary 2
    """
    from dataclasses import asdict

    from eval.canary import Thumb, compare_feedback

    try:
        rows = [Thumb(**json.loads(line)) for line in thumbs.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (ValueError, TypeError) as error:
        raise EvaluationError(
            f"{thumbs}: {error}", 'Each line: {"version": 2, "conversation": "…", "up": 1}'
        ) from error
    found = compare_feedback(rows, served, canary)
    if not found:
        raise EvaluationError("One of the versions has no feedback.")
    if json_:
        print_json(asdict(found) | {"difference": found.difference})
        return
    interval = f"95 % interval {100 * found.low:+.1f} to {100 * found.high:+.1f} points"
    counts = " and ".join(map(str, found.conversations))
    out.print(f"pleased: {found.served:.3f} → {found.canary:.3f}, {interval}; {counts} conversations", soft_wrap=True)
