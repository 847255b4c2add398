"""An experiment, run: opened, asked, scored, stored. What `brain eval run` and `brain eval judge` do."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from brain.encoder import Encoder, make_encoder
from brain.errors import EvaluationError
from brain.settings import load_settings
from eval.cases import Case, load_cases
from eval.experiment import Experiment, digest
from eval.holdout import use
from eval.likeness import leaks
from eval.running.asking import Asked, Plan, Progress, ask_all
from eval.running.early import EarlyStop
from eval.running.folder import Record, RunFolder
from eval.running.manifest import check_same, judge_of, manifest_of
from eval.running.meter import Usage, spent
from eval.running.replies import Replies
from eval.running.transport import KeptReplies
from eval.running.variants import opened
from eval.scoring.factory import check_metric, make_scorers
from eval.scoring.score_run import head, score_answers
from prompts import list_prompts

REPLIES = "replies.db"
Say = Callable[[str], None]


@dataclass
class Hooks:
    """How a run is shown. `on_answer` gets the progress and the number of answers in all."""

    on_answer: Callable[[Progress, int], None] = lambda progress, total: None
    on_scored: Callable[[int], None] = lambda total: None
    say: Say = lambda line: None


@dataclass(frozen=True)
class Ran:
    """What came of it. `progress.stopped` says why it ended early, if it did."""

    folder: RunFolder
    progress: Progress
    total: int
    scores: Path


def load_dataset(experiment: Experiment) -> tuple[Case, ...]:
    """The cases of all datasets in the experiment's languages.

    Raises CaseError; EvaluationError where two datasets share an id, or no case is left.
    """
    cases: dict[str, Case] = {}
    for path in experiment.datasets:
        for case in load_cases(Path(path)):
            if case.id in cases:
                raise EvaluationError(f"{path}: the id {case.id!r} is in another dataset too.", "Rename one of them.")
            cases[case.id] = case
    wanted = [case for case in cases.values() if not experiment.languages or case.language in experiment.languages]
    if not wanted:
        raise EvaluationError(f"No case is in {', '.join(experiment.languages)}.", "Correct `languages`.")
    return tuple(wanted)


def run(experiment: Experiment, runs: Path, home: Path | None = None, hooks: Hooks | None = None) -> Ran:
    """Runs what the folder `runs/NAME` does not hold yet, and scores all its answers.

    Raises EvaluationError where the folder was begun with another experiment; SettingsError, StoreError, … where a
    variant can't be opened.
    """
    hooks, cases = hooks or Hooks(), load_dataset(experiment)
    check_metric(experiment, cases)
    folder = RunFolder(runs / experiment.name)
    with closing(Replies(runs / REPLIES)) as replies:
        transport = _transport(experiment, replies)
        with opened(experiment, home, transport, hooks.say) as variants:
            manifest = manifest_of(experiment, cases, variants)
            _guard(experiment, cases, manifest, hooks.say)
            if folder.exists:
                check_same(folder.manifest(), manifest, folder.path)
            else:
                folder.create(manifest, cases)
            plan = _plan(experiment, cases, variants, folder.manifest()["bar_hash"])
            progress = Progress()
            early = None
            if experiment.bar.sequential:
                scorers = make_scorers(
                    experiment, _transport(experiment, replies), _encoder(experiment, home, hooks.say)
                )
                early = EarlyStop(experiment, folder, cases, scorers, progress.usage)
            asyncio.run(
                ask_all(
                    plan,
                    folder,
                    stop=lambda: _limit(experiment, progress.usage),
                    progress=progress,
                    on_answer=lambda state: hooks.on_answer(state, plan.total),
                    on_block=early,
                )
            )
        scores = _score(experiment, folder, replies, home, hooks, progress.usage)
    return Ran(folder, progress, plan.total, scores)


def judge(
    path: Path, home: Path | None = None, hooks: Hooks | None = None, changed: dict[str, Any] | None = None
) -> Path:
    """Scores a run's stored answers again, with the judge and scorers of its experiment, `changed` aside."""
    folder = RunFolder(path)
    experiment = Experiment.model_validate(folder.manifest()["experiment"] | (changed or {}))
    with closing(Replies(path.parent / REPLIES)) as replies:
        return _score(experiment, folder, replies, home, hooks or Hooks(), Usage())


def _score(
    experiment: Experiment, folder: RunFolder, replies: Replies, home: Path | None, hooks: Hooks, usage: Usage
) -> Path:
    scorers = make_scorers(experiment, _transport(experiment, replies), _encoder(experiment, home, hooks.say))
    cases, answers = folder.cases(), folder.answers()
    own = Usage(usage.calls, usage.cached, usage.tokens_in, usage.tokens_out, usage.usd)
    found = asyncio.run(
        score_answers(
            scorers,
            cases,
            answers,
            concurrency=experiment.concurrency,
            budget=experiment.budget,
            usage=own,
            on_scored=lambda: hooks.on_scored(len(answers)),
        )
    )
    return folder.add_scores(
        head(scorers, judge_of(experiment.judge), own) | {"experiment": digest(experiment.plain())}, found
    )


def _guard(experiment: Experiment, cases: Sequence[Case], manifest: Record, say: Say) -> None:
    """Says where a case stands in a prompt under test; counts a use of sealed datasets."""
    used = {file["hash"] for variant in manifest["variants"].values() for file in variant["prompts"]}
    found = leaks(cases, [prompt for prompt in list_prompts() if prompt.content_hash in used])
    for leak in found:
        say(f"Case {leak.case} stands in the prompt {leak.prompt} (“{leak.words}”): it tests nothing.")
    manifest["leaks"] = [asdict(leak) for leak in found]
    if experiment.bar.holdout:
        counts = [use(Path(path), experiment.name, manifest["bar_hash"]) for path in experiment.datasets]
        manifest["holdout_uses"] = max(counts)


def _plan(experiment: Experiment, cases: Sequence[Case], variants: Mapping[str, Asked], stamp: str) -> Plan:
    return Plan(
        cases,
        variants,
        experiment.repeats,
        experiment.audience,
        experiment.tenant,
        experiment.concurrency,
        experiment.seed,
        stamp,
    )


def _transport(experiment: Experiment, replies: Replies) -> KeptReplies:
    """A new one for each event loop, to which its locks belong."""
    return KeptReplies(
        replies, prices=experiment.prices, concurrency=experiment.concurrency, retries=experiment.retries
    )


def _limit(experiment: Experiment, usage: Usage) -> str:
    limit = spent(experiment.budget, usage)
    return f"the budget of {limit} is spent" if limit else ""


def _encoder(experiment: Experiment, home: Path | None, say: Say) -> Encoder | None:
    """Only for the metrics of ragas that compare vectors: it takes a second to load."""
    if not {"answer_relevancy", "semantic_similarity"} & set(experiment.ragas):
        return None
    return make_encoder(load_settings(**({"home": home} if home else {})), say)
