"""`brain eval draft` and `review`: where cases come from, and who accepts them."""

import asyncio
import getpass
import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.panel import Panel
from rich.text import Text

from brain.console import HomeOption, out, say, settings_for
from eval.run_cli import DEFAULT_RUNS, RunsOption

if TYPE_CHECKING:
    from eval.cases import Case
    from eval.cases_from.drafts import Draft

DraftsOption = Annotated[
    Path | None, typer.Option("--drafts", dir_okay=False, help="The file of drafts [default: review.drafts]")
]


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
    drafts: DraftsOption = None,
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
    path = drafts or settings_for(home).review.drafts
    file = DraftFile(path)
    with file.locked():
        added = file.add(made, known)
    out.print(
        f"{added} new drafts of {len(made)}, {len(file.waiting())} waiting.\nNext: brain eval review --drafts {path}",
        soft_wrap=True,
    )


def review(
    into: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="The dataset that accepted cases are added to [default: review.cases]"),
    ] = None,
    drafts: DraftsOption = None,
    by: Annotated[str, typer.Option(help="Who decides.")] = "",
) -> None:
    """Accept or reject drafts, one after the other, in the terminal. The service has a page for it: /review.

    Example: brain eval review --into cases.jsonl
    """
    from eval.cases_from.drafts import DraftFile, accept

    settings = settings_for(None)
    file, target = DraftFile(drafts or settings.review.drafts), into or settings.review.cases
    who = by or getpass.getuser()
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
        with file.locked():
            if key in {"a", "r"} and each.case.id not in {draft.case.id for draft in file.waiting()}:
                out.print("Somebody else has decided about it meanwhile.")
            elif key == "a":
                accept(file, each, target, case, who)
            elif key == "r":
                file.decide(each, "rejected", who)
    out.print(f"{len(file.waiting())} drafts are waiting.")


def _from_knowledge(home: Path | None, count: int, seed: int, url: str, model: str, runs: Path) -> "list[Draft]":
    from brain.encoder import make_encoder
    from brain.index import open_index
    from eval.cases_from.knowledge import drafts_from_index
    from eval.cases_from.model import drafts_by_model
    from eval.experiment import Judge
    from eval.running.replies import Replies
    from eval.running.runner import REPLIES
    from eval.running.transport import KeptReplies

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
