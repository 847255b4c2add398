"""`brain eval run` and `judge`: answers and scores, with a progress bar that says what is left and what it costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from brain.console import HomeOption, JsonOption, err, out, print_json, say

if TYPE_CHECKING:
    from eval.running.asking import Progress as State
    from eval.running.runner import Hooks, Ran

STOPPED = 3
"""Exit code where a run ended before its last case."""
RunsOption = Annotated[
    Path, typer.Option("--runs", file_okay=False, help="Folder of the runs and of the replies' cache.")
]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", file_okay=False, help="The run's folder, as `brain eval run` said.")
]
DEFAULT_RUNS = Path("runs")


def run(
    experiment: Annotated[
        Path, typer.Argument(metavar="EXPERIMENT.yaml", dir_okay=False, help="See docs/evaluation.md.")
    ],
    runs: RunsOption = DEFAULT_RUNS,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Ask every variant every case, and score the answers.

    Run it again to go on after a stop: what was answered is kept, and no call to a model is paid twice. Exit code 3 where it ended
    before the last case (a budget, or a verdict that came early).

    Example: brain eval run prompt-v2.yaml
    """
    from eval.experiment import load_experiment
    from eval.running.runner import run as run_experiment

    read = load_experiment(experiment)
    with _shown() as hooks:
        ran = run_experiment(read, runs, home, hooks)
    print_json(_summary(ran)) if json_ else _show(ran)
    if ran.progress.done < ran.total:
        raise typer.Exit(STOPPED)


def judge(
    run: RunArgument,
    repeats: Annotated[
        int | None, typer.Option(min=1, help="Gradings of each answer, instead of the experiment's.")
    ] = None,
    json_: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Score a run's stored answers again; nothing is generated. A new file of scores is added, none is changed.

    Example: brain eval judge runs/prompt-v2 --repeats 3
    """
    from eval.running.folder import RunFolder
    from eval.running.runner import judge as judge_run

    asked = RunFolder(run).manifest()["experiment"]["judge"]
    changed = {"judge": asked | {"repeats": repeats}} if repeats and asked else {}
    with _shown() as hooks:
        path = judge_run(run, home, hooks, changed)
    print_json({"scores": str(path)}) if json_ else out.print(
        f"Scores: {path}\nNext:   brain eval verdict {run}", soft_wrap=True
    )


@contextmanager
def _shown() -> "Iterator[Hooks]":
    from eval.running.runner import Hooks

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        _Cost(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        asking = bar.add_task("opening", total=None, cost="")
        scoring = bar.add_task("scoring", total=None, visible=False, cost="")

        def on_answer(state: "State", total: int) -> None:
            bar.update(asking, description="asking", completed=state.done, total=total, cost=_cost(state))

        def on_scored(total: int) -> None:
            bar.update(scoring, total=total, visible=True, advance=1)

        yield Hooks(on_answer, on_scored, say)


def _cost(state: "State") -> str:
    usage = state.usage
    parts = [f"{usage.tokens:,} tokens"] if usage.calls else []
    parts += [f"${usage.usd:.2f}"] if usage.usd else []
    parts += [f"{usage.cached} from the cache"] if usage.cached else []
    return ", ".join([*parts, *([f"{state.failed} failed"] if state.failed else [])])


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:.1f}/s")


class _Cost(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(task.fields["cost"], style="dim")


def _summary(ran: "Ran") -> dict[str, object]:
    from dataclasses import asdict

    done = asdict(ran.progress)
    return {"run": str(ran.folder.path), "scores": str(ran.scores), "answers": ran.total} | done


def _show(ran: "Ran") -> None:
    state = ran.progress
    again = f" ({state.resumed} of them from before)" if state.resumed else ""
    out.print(
        f"{state.done} of {ran.total} answers{again}{', ' + cost if (cost := _cost(state)) else ''}", soft_wrap=True
    )
    if state.stopped:
        out.print(Text(f"Stopped early: {state.stopped}", style="yellow"), soft_wrap=True)
    out.print(f"Run:    {ran.folder.path}\nNext:   brain eval verdict {ran.folder.path}", soft_wrap=True)
