from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from brain.types import Question
from eval.cases import Case
from eval.experiment import Experiment, digest
from eval.running.folder import RunFolder
from eval.running.manifest import locked
from eval.testing import Chat, an_answer, cases_of, chat_endpoint


@pytest.fixture
def chat() -> Iterator[Chat]:
    with chat_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def stored_run() -> Callable[..., RunFolder]:
    return _stored_run


def _stored_run(
    path: Path,
    outcome: Callable[[Case, str, int], float | None],
    *,
    cases: tuple[Case, ...] | None = None,
    metric: str = "passed",
    repeats: int = 1,
    **bar: Any,
) -> RunFolder:
    """A run as `brain eval run` leaves it, with the scores that `outcome` gives for case, variant and repeat."""
    asked = cases or cases_of(60, per_cluster=2)
    experiment = Experiment.model_validate(
        {
            "name": "run",
            "datasets": ["x"],
            "variants": {"now": {}, "new": {"answer": {"max_sentences": 1}}},
            "repeats": repeats,
            "scorers": ["checks", "judge"],
            "judge": {"url": "http://judge", "model": "m"},
            "bar": {"metric": metric, **bar},
        }
    )
    described = {
        name: {"settings": {}, "prompts": [], "overrides": {}, "index": {"hash": "0" * 64}}
        for name in experiment.variants
    }
    judge = {"hash": "j" * 64, "model": "m"}
    bar_ = locked(experiment, asked, described, judge)
    folder = RunFolder(path)
    manifest = {
        "experiment": experiment.plain(),
        "started": "2026-11-25T07:00:00+00:00",
        "git": {"revision": "a" * 40, "changed": False},
        "python": "3.11",
        "packages": {"scipy": "1"},
        "variants": described,
        "judge": judge,
        "bar": bar_,
        "bar_hash": digest(bar_),
    }
    folder.create(manifest, asked)
    usage = {"calls": 1, "cached": 0, "tokens_in": 100, "tokens_out": 10, "usd": 0.001, "estimated": False}
    rows = []
    for case in asked:
        for variant in experiment.variants:
            for repeat in range(repeats):
                text = (
                    "Le client dispose de 14 jours pour renvoyer un article."
                    if variant == "now"
                    else "Le client dispose de 14 jours."
                )
                answer = an_answer(Question(case.text), text).to_dict()
                key = {"case": case.id, "variant": variant, "repeat": repeat}
                folder.append(
                    {**key, "bar": manifest["bar_hash"], "answer": answer, "error": None, "ms": 20.0, "usage": usage}
                )
                value = outcome(case, variant, repeat)
                row = {
                    **key,
                    "scorer": "checks",
                    "metric": metric,
                    "value": value,
                    "detail": "facts: missing: <b>14 jours</b>",
                }
                rows.append(row | ({} if value is not None else {"reason": "the judge failed: it hangs"}))
    folder.add_scores({"scorers": ["checks"], "judge": judge["hash"], "at": "", "usage": usage}, rows)
    return folder
