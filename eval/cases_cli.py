"""`brain eval draft`, `review`, `label`, `check`, `seal`: cases and what people say of them."""

import asyncio
import getpass
import json
import random
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.panel import Panel
from rich.text import Text

from brain.console import HomeOption, JsonOption, out, print_json, say, settings_for
from brain.errors import CaseError, EvaluationError
from eval.run_cli import DEFAULT_RUNS, RunArgument, RunsOption

if TYPE_CHECKING:
    from eval.cases import Case
    from eval.cases_from.drafts import Draft
    from eval.judged_run import Run
    from eval.running.folder import Key

DraftsOption = Annotated[Path, typer.Option("--drafts", dir_okay=False, help="The file of drafts.")]
DRAFTS = Path("drafts.jsonl")
GRADES = {"a": 1.0, "b": 0.5, "c": 0.0}


def draft(
    log: Annotated[
        Path | None,
        typer.Option("--log", dir_okay=False, exists=True, help="An export of answers with feedback, JSONL."),
    ] = None,
    cases: Annotated[Path | None, typer.Option(help="Cases there are: what they ask is not drafted again.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Drafts from the knowledge base.")] = 50,
    model_url: Annotated[str, typer.Option(help="An OpenAI-compatible endpoint whose model words the questions.")] = "",
    model: Annotated[str, typer.Option(help="Its name.")] = "",
    seed: Annotated[int, typer.Option(help="Which pages are drawn.")] = 0,
    drafts: DraftsOption = DRAFTS,
    runs: RunsOption = DEFAULT_RUNS,
    home: HomeOption = None,
) -> None:
    """Propose cases: from titles and headings of the knowledge base (better worded with a model), or from production.

    Drafts are no cases until a person has accepted them: brain eval review.

    Example: brain eval draft --count 40
    Example: brain eval draft --log answers.jsonl
    """
    from eval.cases import load_cases
    from eval.cases_from.drafts import DraftFile
    from eval.cases_from.production import drafts_from

    known = load_cases(cases) if cases else ()
    made = list(drafts_from(log)) if log else _from_knowledge(home, count, seed, model_url, model, runs)
    file = DraftFile(drafts)
    added = file.add(made, known)
    out.print(
        f"{added} new drafts of {len(made)}, {len(file.waiting())} waiting.\nNext: brain eval review --drafts {drafts}",
        soft_wrap=True,
    )


def review(
    into: Annotated[Path, typer.Option(dir_okay=False, help="The dataset that accepted cases are added to.")] = Path(
        "cases.jsonl"
    ),
    drafts: DraftsOption = DRAFTS,
    by: Annotated[str, typer.Option(help="Who decides.")] = "",
) -> None:
    """Accept or reject drafts, one after the other, in the terminal.

    Example: brain eval review --into cases.jsonl
    """
    from eval.cases_from.drafts import DraftFile, accept

    file, who = DraftFile(drafts), by or getpass.getuser()
    waiting = file.waiting()
    for number, each in enumerate(waiting, start=1):
        case = each.case
        while True:
            out.print(_shown(each, case, f"{number} of {len(waiting)}"))
            key = typer.prompt("[a]ccept [r]eject [e]dit [s]kip [q]uit", default="s").strip().lower()[:1]
            if key != "e":
                break
            case = _edited(case)
        if key == "q":
            break
        if key == "a":
            accept(file, each, into, case, who)
        elif key == "r":
            file.decide(each, "rejected", who)
    out.print(f"{len(file.waiting())} drafts are waiting.")


def label(
    run: RunArgument,
    count: Annotated[int, typer.Option(min=1, help="Cases, drawn by chance; 30 to 100 are enough to start.")] = 30,
    by: Annotated[str, typer.Option(help="Who grades.")] = "",
) -> None:
    """Grade answers of a run yourself, to calibrate its judge. You don't see which variant an answer is from.

    A: right and complete; B: partly right, nothing wrong; C: wrong. Stop at any time, and go on later.

    Example: brain eval label runs/prompt-v2 --count 40
    """
    from eval.judged_run import Run

    loaded, who = Run.load(run), by or getpass.getuser()
    queue = _to_label(loaded, count)
    for number, (case, key) in enumerate(queue, start=1):
        answer = loaded.answers[key]["answer"]
        text = answer["text"] or f"({answer['status']}: {answer['message']})"
        body = Text.assemble((case.text, "bold"), "\n\n", text, "\n\n", (case.expect.reference or "", "dim"))
        out.print(Panel(body, title=f"{number} of {len(queue)}", title_align="left"))
        grade = typer.prompt("[a] right [b] partly [c] wrong [s]kip [q]uit", default="s").strip().lower()[:1]
        if grade == "q":
            break
        if grade in GRADES:
            loaded.folder.add_label(key, GRADES[grade], who)
    out.print(f"{len(loaded.folder.labels())} answers are labelled.\nNext: brain eval verdict {run}", soft_wrap=True)


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


def _from_knowledge(home: Path | None, count: int, seed: int, url: str, model: str, runs: Path) -> "list[Draft]":
    from brain.encoder import make_encoder
    from brain.index import open_index
    from eval.cases_from.knowledge import drafts_from_index
    from eval.cases_from.model import drafts_by_model
    from eval.experiment import Judge
    from eval.running.replies import KeptReplies, Replies
    from eval.running.runner import REPLIES

    settings = settings_for(home)
    with closing(open_index(settings)) as index:
        if not url:
            return list(drafts_from_index(index, make_encoder(settings, say), count, seed))
        with closing(Replies(runs / REPLIES)) as replies:
            asked = Judge(url=url, model=model, prompt="draft_case")
            made, failed = asyncio.run(drafts_by_model(index, asked, count, KeptReplies(replies), seed=seed))
    for line in failed:
        say(line)
    return made


def _shown(draft: "Draft", case: "Case", title: str) -> Panel:
    expect = json.dumps(case.expect.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False)
    asked = "\n".join(f"{turn.role}: {turn.text}" for turn in case.turns) if case.turns else case.text
    seen = f", met {draft.seen} times" if draft.seen > 1 else ""
    body = Text.assemble((asked, "bold"), f"\n{expect}\n", (f"{draft.source}: {draft.detail}{seen}", "dim"))
    return Panel(body, title=title, title_align="left")


def _edited(case: "Case") -> "Case":
    """What a person makes of the question and of what is expected; a wrong entry is asked for again."""
    from pydantic import ValidationError

    from eval.cases import Case

    row = case.model_dump(mode="json", exclude_defaults=True)
    if not case.turns:
        row["question"] = typer.prompt("question", default=case.text)
    while True:
        shown = json.dumps(row.get("expect", {}), ensure_ascii=False)
        try:
            row["expect"] = json.loads(typer.prompt("expect (JSON)", default=shown))
            return Case.model_validate_json(json.dumps(row))
        except (ValueError, ValidationError) as error:
            out.print(Text(str(error).splitlines()[0], style="red"))


def _to_label(run: "Run", count: int) -> "list[tuple[Case, Key]]":
    """Answers of both variants to cases drawn by chance, those labelled left out; whose is whose can't be told by the order."""
    from eval.running.folder import Key

    names = [run.experiment.baseline, run.experiment.candidate]
    if not all(names):
        raise CaseError("The run has one variant: there is nothing to compare.")
    rng = random.Random(run.manifest["bar_hash"])
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
                queue += [(case, key) for key in keys if key not in run.labels]
    if not drawn:
        raise EvaluationError("No case was answered by both variants.")
    return queue
