"""`brain eval label`, `check`, `seal`: what people say of answers, and whether cases are fit to be asked."""

import getpass
import random
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.panel import Panel
from rich.text import Text

from brain.console import JsonOption, out, print_json
from brain.errors import CaseError, EvaluationError
from eval.run_cli import RunArgument

if TYPE_CHECKING:
    from eval.cases import Case
    from eval.judged_run import Run
    from eval.running.folder import Key

GRADES = {"a": 1.0, "b": 0.5, "c": 0.0}
SUPPORT = "support"


def label(
    run: RunArgument,
    count: Annotated[int, typer.Option(min=1, help="Cases, drawn by chance; 30 to 100 are enough to start.")] = 30,
    metric: Annotated[str, typer.Option(help="What is graded [default: the bar's metric]")] = "",
    by: Annotated[str, typer.Option(help="Who grades.")] = "",
) -> None:
    """Grade answers of a run yourself, to calibrate what scores them. You don't see which variant an answer is from.

    A: right and complete; B: partly right, nothing wrong; C: wrong. With --metric support: are all sentences borne out by what they
    cite, some, or none? Stop at any time, and go on later.

    Example: brain eval label runs/prompt-v2 --count 40
    """
    from eval.judged_run import Run

    loaded, who = Run.load(run), by or getpass.getuser()
    metric = metric or loaded.bar.metric
    queue = _to_label(loaded, count, metric)
    for number, (case, key) in enumerate(queue, start=1):
        answer = loaded.answers[key]["answer"]
        text = answer["text"] or f"({answer['status']}: {answer['message']})"
        beside = _cited(answer) if metric == SUPPORT else case.expect.reference or ""
        body = Text.assemble((case.text, "bold"), "\n\n", text, "\n\n", (beside, "dim"))
        out.print(Panel(body, title=f"{number} of {len(queue)}", title_align="left"))
        asked = "[a] all [b] some [c] none" if metric == SUPPORT else "[a] right [b] partly [c] wrong"
        grade = typer.prompt(f"{asked} [s]kip [q]uit", default="s").strip().lower()[:1]
        if grade == "q":
            break
        if grade in GRADES:
            loaded.folder.add_label(key, metric, GRADES[grade], who)
    out.print(
        f"{len(loaded.folder.labels(metric))} answers are labelled.\nNext: brain eval verdict {run}", soft_wrap=True
    )


def check(
    datasets: Annotated[list[Path], typer.Argument(metavar="DATASET…", help="Files or folders of cases.")],
    json_: JsonOption = False,
) -> None:
    """Are the cases well-formed, asked by one dataset only, and in no prompt? Exit code 1 where not.

    Example: brain eval check dev.jsonl holdout.jsonl
    """
    from dataclasses import asdict

    from eval.cases import dataset_hash, load_cases
    from eval.likeness import leaks, near_duplicates
    from prompts import list_prompts

    parts = {str(path): load_cases(path) for path in datasets}
    twice, leaked = near_duplicates(parts), leaks((c for held in parts.values() for c in held), list_prompts())
    if json_:
        found: dict[str, Any] = {
            "datasets": {name: {"cases": len(held), "hash": dataset_hash(held)} for name, held in parts.items()}
        }
        print_json(found | {"near_duplicates": [asdict(p) for p in twice], "leaks": [asdict(leak) for leak in leaked]})
    else:
        for name, held in parts.items():
            out.print(
                f"{name}: {len(held)} cases, {sum(case.critical for case in held)} critical, {dataset_hash(held)[:12]}",
                soft_wrap=True,
            )
        for pair in twice:
            out.print(
                Text(f"the same is asked by {pair.one} and {pair.other} ({pair.likeness:.2f})", style="yellow"),
                soft_wrap=True,
            )
        for leak in leaked:
            out.print(Text(f"{leak.case} stands in {leak.prompt}: “{leak.words}”", style="red"), soft_wrap=True)
    if twice or leaked:
        raise typer.Exit(1)


def seal(dataset: Annotated[Path, typer.Argument(metavar="DATASET", exists=True)]) -> None:
    """Seal a hold-out: its cases can't change unnoticed, and each use of it is counted (`bar: {holdout: true}`).

    Example: brain eval seal holdout.jsonl
    """
    from eval.holdout import seal as sealed

    out.print(f"Sealed; its uses are written to {sealed(dataset)}", soft_wrap=True)


def _cited(answer: dict[str, Any]) -> str:
    """The passages that an answer cites, whole."""
    cited = {citation["passage_id"] for sentence in answer["sentences"] for citation in sentence["citations"]}
    return "\n\n".join(f"{p['title']}\n{p['text']}" for p in answer["passages"] if p["id"] in cited)


def _to_label(run: "Run", count: int, metric: str) -> "list[tuple[Case, Key]]":
    """Answers of both variants to cases drawn by chance, those labelled left out; whose is whose can't be told by the order."""
    from eval.running.folder import Key

    names = [run.experiment.baseline, run.experiment.candidate]
    if not all(names):
        raise CaseError("The run has one variant: there is nothing to compare.")
    rng, labelled = random.Random(run.manifest["bar_hash"]), run.folder.labels(metric)
    clusters = sorted({case.unit for case in run.cases if not case.critical})
    rng.shuffle(clusters)
    queue: list[tuple[Case, Key]] = []
    drawn = 0
    for unit in clusters:
        if drawn >= count:
            break
        for case in (case for case in run.cases if case.unit == unit and not case.critical):
            keys = [Key(case.id, name, 0) for name in names]
            if all(key in run.answers and run.answers[key]["answer"] for key in keys):
                drawn += 1
                rng.shuffle(keys)
                queue += [(case, key) for key in keys if key not in labelled]
    if not drawn:
        raise EvaluationError("No case was answered by both variants.")
    return queue
