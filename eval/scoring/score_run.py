"""Scoring a run's stored answers. Nothing is generated again; calls of a judge that were made before come from the cache."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from eval.cases import Case
from eval.experiment import Budget
from eval.running.asking import failed
from eval.running.folder import Key, Record
from eval.running.meter import ASKING, Asking, Usage, spent
from eval.scoring.base import Scorer, ScoreValue, Stored, unscored


async def score_answers(
    scorers: Mapping[str, Scorer],
    cases: Sequence[Case],
    answers: Mapping[Key, Record],
    *,
    concurrency: int = 4,
    budget: Budget | None = None,
    usage: Usage | None = None,
    on_scored: Callable[[], None] = lambda: None,
) -> list[Record]:
    """One record for each metric of each answer. An answer that failed has every metric unscored; so has what the budget cut off."""
    by_id = {case.id: case for case in cases}
    free, spending = asyncio.Semaphore(concurrency), usage or Usage()

    async def one(key: Key, record: Record) -> list[Record]:
        async with free:
            values = await _score(scorers, by_id[key.case], key, record, budget or Budget(), spending)
        on_scored()
        return [_record(key, name, value) for name, value in values]

    found = await asyncio.gather(*(one(key, record) for key, record in answers.items() if key.case in by_id))
    return [record for records in found for record in records]


async def _score(
    scorers: Mapping[str, Scorer], case: Case, key: Key, record: Record, budget: Budget, spending: Usage
) -> list[tuple[str, ScoreValue]]:
    found: list[tuple[str, ScoreValue]] = []
    for name, scorer in scorers.items():
        if failed(record):
            reason = record["error"] or "the model failed"
            found += [(name, unscored(metric, reason)) for metric in scorer.metrics[:1]]
            continue
        if limit := spent(budget, spending):
            found += [(name, unscored(metric, f"the budget of {limit} is spent")) for metric in scorer.metrics[:1]]
            continue
        own = Usage()
        token = ASKING.set(Asking(key.repeat, own))
        try:
            stored = Stored(case, key.variant, key.repeat, record["answer"], record)
            found += [(name, value) for value in await scorer.score(stored)]
        finally:
            ASKING.reset(token)
            spending.add(own)
    return found


def head(scorers: Mapping[str, Scorer], judge: Mapping[str, Any] | None, usage: Usage) -> Record:
    """The first line of a file of scores: what made them."""
    return {
        "scorers": list(scorers),
        "judge": judge["hash"] if judge else None,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "usage": asdict(usage),
    }


def _record(key: Key, scorer: str, score: ScoreValue) -> Record:
    record: Record = {**key._asdict(), "scorer": scorer, "metric": score.metric, "value": score.value}
    return record | {name: text for name in ("reason", "detail") if (text := getattr(score, name))}
