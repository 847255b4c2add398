"""`brain eval verdict`, `report`, `power`, `diff`: what a run means."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from brain.console import JsonOption, out, print_json
from brain.errors import BrainError
from eval.run_cli import RunArgument

ScoresOption = Annotated[
    int | None, typer.Option("--scores", min=1, help="Which scoring, by its number [default: the last]")
]
LanguageOption = Annotated[str, typer.Option("--language", help="en or fr.")]
COULD_NOT = 3


def verdict(
    run: RunArgument,
    scores: ScoresOption = None,
    json_: JsonOption = False,
    junit: Annotated[Path | None, typer.Option(dir_okay=False, help="Also write JUnit XML here.")] = None,
    markdown: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Also write Markdown here, for a pull request.")
    ] = None,
    language: LanguageOption = "en",
) -> None:
    """Ship, don't ship, or so many more cases: exit code 0, 1 or 2; 3 where it can't be said or the bar was tampered with.

    Example: brain eval verdict runs/prompt-v2 --markdown comment.md
    """
    from eval.reporting.junit import junit as junit_of
    from eval.reporting.markdown import markdown as markdown_of
    from eval.reporting.terminal import show

    try:
        document = _document(run, scores)
    except BrainError as error:
        # Exit codes are the interface here: 1 would say "don't ship".
        from brain.console import show_error

        show_error(error)
        raise typer.Exit(COULD_NOT) from error
    (run / "verdict.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if junit:
        junit.write_text(junit_of(document), encoding="utf-8")
    if markdown:
        markdown.write_text(markdown_of(document, language), encoding="utf-8")
    print_json(document) if json_ else show(document, out)
    raise typer.Exit(document["exit_code"])


def report(
    run: RunArgument,
    output: Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="The file.")] = Path("report.html"),
    scores: ScoresOption = None,
    language: LanguageOption = "en",
) -> None:
    """Write the verdict as one self-contained page, answers side by side.

    Example: brain eval report runs/prompt-v2 -o report.html --language fr
    """
    from eval.judged_run import Run
    from eval.reporting.document import document_of
    from eval.reporting.page import page

    loaded = Run.load(run, scores)
    output.write_text(page(document_of(loaded), loaded, language), encoding="utf-8")
    out.print(f"Report: {output}", soft_wrap=True)


def power(
    margin: Annotated[float, typer.Option(min=0, max=1, help="How much worse is accepted, as a share.")] = 0.05,
    discordance: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of the cases that end differently between the variants.")
    ] = None,
    run: Annotated[Path | None, typer.Option(file_okay=False, help="A run, to take what was seen from.")] = None,
    difference: Annotated[float, typer.Option(min=-1, max=1, help="The true difference that is reckoned with.")] = 0.0,
    wanted: Annotated[float, typer.Option("--power", min=0.01, max=0.999, help="Chance to clear the bar.")] = 0.8,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the two-sided interval.")] = 0.95,
    json_: JsonOption = False,
) -> None:
    """How many cases does a bar need? From the share of cases that end differently, or from a run.

    Example: brain eval power --margin 0.05 --discordance 0.15
    Example: brain eval power --run runs/prompt-v2 --margin 0.03
    """
    from eval.reporting.planning import plan, show_plan

    found = plan(_spread(run, discordance, difference), margin, difference, wanted, confidence)
    print_json(found) if json_ else show_plan(found, out)


def diff(run_a: RunArgument, run_b: RunArgument, json_: JsonOption = False) -> None:
    """What differs between two runs: settings, and the cases whose outcome changed with each run's candidate.

    Example: brain eval diff runs/prompt-v2 runs/prompt-v3
    """
    from eval.reporting.two_runs import differences, show_differences

    found = differences(run_a, run_b)
    print_json(found) if json_ else show_differences(found, out)


def _document(run: Path, scores: int | None) -> dict[str, Any]:
    from eval.judged_run import Run
    from eval.reporting.document import document_of

    return document_of(Run.load(run, scores))


def _spread(run: Path | None, discordance: float | None, difference: float) -> Any:
    from eval.judged_run import Run, pairs_of
    from eval.stats.power import Spread
    from eval.verdict import spread_of

    if (run is None) == (discordance is None):
        raise BrainError("Say what is known of the cases.", "Give --discordance or --run, one of them.")
    if run:
        pairs = pairs_of(Run.load(run))
        if not pairs:
            raise BrainError(f"No case of {run} was scored for both variants.", "Run: brain eval verdict RUN")
        return spread_of(pairs)
    try:
        return Spread.of_discordance(discordance or 0.0, difference)
    except ValueError as error:
        raise BrainError(f"{error}.", "Give a larger --discordance.") from error
