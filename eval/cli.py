"""`brain eval …`: what a change does to the answers, in numbers; `brain tune`: a change that is made where the numbers allow it."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from brain.console import HomeOption, JsonOption, print_json, say, settings_for
from brain.errors import BrainError, CaseError
from eval import cases_cli, drafts_cli, prompts_cli, run_cli, verdict_cli

if TYPE_CHECKING:
    from eval.cases import Case
    from eval.compare import Previous
    from eval.retrieval import RetrievalReport

HELP = """Acceptance-test a change: a prompt, a model, a setting of search. The way through:

1. cases: write them (docs/evaluation.md), or `draft` and `review` them

2. power: how many cases does the bar need?

3. run: ask every variant every case; resumable

4. verdict: ship, don't ship, or so many more cases

5. report: the same as a page, with the answers side by side

then `brain prompts release`.
"""
app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
app.command()(drafts_cli.draft)
app.command()(drafts_cli.review)
app.command()(cases_cli.check)
app.command()(cases_cli.seal)
app.command()(verdict_cli.power)
app.command()(run_cli.run)
app.command()(run_cli.judge)
app.command()(verdict_cli.verdict)
app.command()(verdict_cli.report)
app.command()(cases_cli.label)
app.command()(verdict_cli.diff)


def register(cli: typer.Typer) -> None:
    """Adds `eval`, `prompts` and `tune` to `brain`."""
    cli.add_typer(app, name="eval")
    cli.add_typer(prompts_cli.app, name="prompts")
    cli.command()(tune)


@app.callback()
def _group() -> None:  # Without a callback Typer would drop the name of an only command.
    pass


@app.command()
def retrieval(
    cases: Annotated[Path, typer.Argument(help="A JSONL file of cases, or a folder of them.")],
    *,
    audience: Annotated[str, typer.Option(help="Who asks, where a case doesn't say.")] = "agent",
    tenant: Annotated[str, typer.Option(help="In which tenant, where a case doesn't say.")] = "default",
    depth: Annotated[int, typer.Option(min=1, help="Documents asked for; deeper metrics are left out.")] = 10,
    concurrency: Annotated[int, typer.Option(min=1, help="Searches at once; latency is measured under them.")] = 4,
    worst: Annotated[int, typer.Option(min=0, help="How many wrong cases to list, and of those that changed.")] = 10,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
    out: Annotated[Path | None, typer.Option(dir_okay=False, writable=True, help="Also write the JSON here.")] = None,
    compare: Annotated[
        Path | None, typer.Option(dir_okay=False, help="What --out wrote earlier: compare with it, case by case.")
    ] = None,
    intersection: Annotated[
        bool,
        typer.Option("--intersection", help="Where the cases are others than before, compare those that are the same."),
    ] = False,
    home: Annotated[Path | None, typer.Option(file_okay=False, help="Brain's folder.")] = None,
) -> None:
    """Does search find the documents that the cases name? And does it find them better than before?

    Example: brain eval retrieval cases.jsonl --out before.json
    Then, after a change: brain eval retrieval cases.jsonl --compare before.json
    """
    from eval.compare import compare as compared
    from eval.show import show_comparison, show_report

    if out:
        # Before the work, not after it: a wrong folder must not cost the run.
        out.parent.mkdir(parents=True, exist_ok=True)
    asked, previous = _load(cases, compare, intersection)
    report = _run(asked, home, audience=audience, tenant=tenant, depth=depth, concurrency=concurrency)
    comparison = compared(previous, report) if previous else None
    text = json.dumps(
        report.to_dict() | ({"comparison": comparison.to_dict()} if comparison else {}),
        ensure_ascii=False,
        allow_nan=False,
        indent=2,
    )
    if out:
        out.write_text(text + "\n", encoding="utf-8")
    if json_:
        typer.echo(text)
        return
    console = Console(highlight=False)
    show_report(report, worst, console)
    if comparison:
        show_comparison(comparison, worst, console)


def tune(
    cases: Annotated[
        Path | None, typer.Option(help="Cases with documents: questions to learn from besides the pages' titles.")
    ] = None,
    pages: Annotated[
        int, typer.Option(min=100, help="Pages drawn; their passages are encoded again, without titles.")
    ] = 600,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the weights that come with Brain.")] = False,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Learn from this knowledge base how much meaning, words and titles should count in search.

    The weights are stored with the index only if they find the pages of held-out questions better than the present ones; otherwise
    nothing changes, and the exit code is 1. A service uses them after its next start; `brain reindex` keeps them
    where the encoder stays the same.

    Example: brain tune --cases cases.jsonl
    """
    from brain.encoder import make_encoder
    from brain.index import open_index
    from brain.index.base import FUSION
    from brain.rankings import learned
    from eval.cases import load_cases
    from eval.show import show_tuning
    from eval.tune import examples_from_cases, examples_from_titles
    from eval.tune import tune as tuned

    settings, asked = settings_for(home), load_cases(cases) if cases else ()
    index = open_index(settings)
    try:
        if reset:
            index.annotate(FUSION, None)
            print_json({"reset": True}) if json_ else typer.echo("Search uses the weights that come with Brain.")
            return
        encoder = make_encoder(settings, say)
        with _progress() as progress:
            task = progress.add_task("encoding pages without their titles", total=None)
            advance = lambda count: progress.advance(task, count)  # noqa: E731
            examples = examples_from_titles(index, encoder, settings, pages, progress=advance)
            task = progress.add_task("asking the cases", total=len(asked))
            examples += examples_from_cases(index, encoder, settings, asked, advance)
        found = tuned(examples, learned(index.manifest))
        if found.better:
            index.annotate(FUSION, found.fitted._asdict())
    finally:
        index.close()
    print_json(found.to_dict()) if json_ else show_tuning(found, Console(highlight=False))
    if not found.better:
        raise typer.Exit(1)


def _load(path: Path, compare: Path | None, intersection: bool) -> "tuple[tuple[Case, ...], Previous | None]":
    """The cases and the earlier report, both known to be right before anything is searched."""
    from eval.cases import dataset_hash, load_cases
    from eval.compare import check_dataset, load_previous

    if intersection and not compare:
        raise CaseError("--intersection says what to compare, and there is no --compare.", "Add --compare REPORT.json.")
    cases = load_cases(path)
    asked = [case for case in cases if case.expect.documents]
    if not asked:
        raise CaseError(f"No case of {path} names documents.", "Add expect.documents: the ids that should be found.")
    if not compare:
        return cases, None
    previous = load_previous(compare)
    contents = [dataset_hash([case]) for case in asked]
    check_dataset(previous, dataset_hash(cases), contents, intersection=intersection)
    return cases, previous


def _run(
    cases: "tuple[Case, ...]", home: Path | None, *, audience: str, tenant: str, depth: int, concurrency: int
) -> "RetrievalReport":
    from brain.session import open_brain  # Loads models, so only once the cases are known to be right.
    from eval.configuration import configuration_of
    from eval.retrieval import evaluate_retrieval

    with open_brain(home) as brain, _progress() as progress:
        task = progress.add_task("searching", total=None)
        evaluation = evaluate_retrieval(
            brain,
            cases,
            audience=audience,
            tenant=tenant,
            depth=depth,
            concurrency=concurrency,
            configuration=configuration_of(brain, audience=audience, tenant=tenant),
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
        report = asyncio.run(evaluation)
    if not report.results:
        raise BrainError(f"Every search failed; the first: {report.unscored[0].reason}")
    return report


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()
    return Progress(*columns, console=Console(stderr=True), transient=True)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:.1f}/s")
