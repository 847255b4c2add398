"""Does search find the right documents? Cases in, metrics with intervals out."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from brain.errors import BrainError
from brain.types import Passages, Question
from eval.cases import Case, dataset_hash
from eval.metrics import first_rank, hit, ndcg, recall, reciprocal_rank
from eval.stats import Interval, mean_interval

METRICS: dict[str, tuple[Callable[[Sequence[str], frozenset[str], int], float], int]] = {
    "hit@1": (hit, 1),
    "hit@3": (hit, 3),
    "hit@5": (hit, 5),
    "hit@10": (hit, 10),
    "recall@3": (recall, 3),
    "MRR@10": (reciprocal_rank, 10),
    "nDCG@10": (ndcg, 10),
}

Metrics = dict[str, Interval]


class Searcher(Protocol):
    """What can be evaluated: anything that finds passages, best first."""

    async def search(self, question: Question, limit: int = 10, per_document: int | None = None) -> Passages: ...


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One scored case. `rank` is that of the first gold document, from 1; None where none was found."""

    id: str
    question: str
    cluster: str
    language: str | None
    tags: tuple[str, ...]
    gold: tuple[str, ...]
    ranked: tuple[str, ...]
    rank: int | None
    latency_ms: float
    content: str
    """Hash of the case: two runs compare it only where it is the same."""


@dataclass(frozen=True, slots=True)
class Unscored:
    """A case whose search failed. It is missing from every mean: a failure to measure is not a wrong result."""

    id: str
    reason: str


@dataclass(frozen=True)
class RetrievalReport:
    """What was measured, on which cases. Metrics deeper than `depth` are absent; latency holds with `concurrency`."""

    dataset: str
    depth: int
    concurrency: int
    results: tuple[CaseResult, ...]
    unscored: tuple[Unscored, ...]
    not_asked: int
    configuration: dict[str, Any] | None = None
    """What was searched with; see `eval.configuration`."""

    @property
    def asked(self) -> int:
        """Cases that say which documents should be found."""
        return len(self.results) + len(self.unscored)

    @cached_property
    def metrics(self) -> Metrics:
        """Each metric's mean over the scored cases; empty where there are none."""
        return _metrics(self.results, self.depth)

    @cached_property
    def by_language(self) -> dict[str, Metrics]:
        """The same for each language of the questions ("und": the case doesn't say); empty where there is only one."""
        slices: dict[str, list[CaseResult]] = {}
        for result in self.results:
            slices.setdefault(result.language or "und", []).append(result)
        return {tag: _metrics(slices[tag], self.depth) for tag in sorted(slices)} if len(slices) > 1 else {}

    @cached_property
    def latency_ms(self) -> dict[str, float]:
        """Median and 95th percentile of a search, milliseconds; empty where nothing was scored."""
        if not self.results:
            return {}
        p50, p95 = np.percentile([result.latency_ms for result in self.results], [50, 95])
        return {"p50": float(p50), "p95": float(p95)}

    def worst(self, count: int) -> list[CaseResult]:
        """At most `count` cases whose first result is wrong, those where nothing was found first."""
        missed = [result for result in self.results if result.rank != 1]
        return sorted(missed, key=lambda result: -(result.rank or self.depth + 1))[:count]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "dataset": self.dataset,
            "depth": self.depth,
            "concurrency": self.concurrency,
            "configuration": self.configuration,
            "coverage": {"scored": len(self.results), "asked": self.asked, "not_asked": self.not_asked},
            "metrics": _plain(self.metrics),
            "latency_ms": self.latency_ms,
            "slices": {"language": {language: _plain(metrics) for language, metrics in self.by_language.items()}},
            "cases": [asdict(result) for result in self.results],
            "unscored": [asdict(case) for case in self.unscored],
        }


async def evaluate_retrieval(
    searcher: Searcher,
    cases: Sequence[Case],
    *,
    audience: str = "agent",
    tenant: str = "default",
    depth: int = 10,
    concurrency: int = 4,
    configuration: dict[str, Any] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> RetrievalReport:
    """Search for each case that names documents, and score the first `depth` documents found.

    A case without documents is counted as not asked; one whose search raises BrainError is unscored, with the reason.
    `on_progress(done, asked)` is called after each case. Any other exception is a bug, and is raised. `configuration`,
    what is searched with, is kept in the report.
    """
    asked = [case for case in cases if case.expect.documents]
    free, done = asyncio.Semaphore(concurrency), 0

    async def one(case: Case) -> CaseResult | Unscored:
        nonlocal done
        async with free:
            outcome = await _run(searcher, case, case.to_question(audience, tenant), depth)
        done += 1
        if on_progress:
            on_progress(done, len(asked))
        return outcome

    outcomes = await asyncio.gather(*map(one, asked))
    results = tuple(outcome for outcome in outcomes if isinstance(outcome, CaseResult))
    unscored = tuple(outcome for outcome in outcomes if isinstance(outcome, Unscored))
    not_asked = len(cases) - len(asked)
    return RetrievalReport(dataset_hash(cases), depth, concurrency, results, unscored, not_asked, configuration)


async def _run(searcher: Searcher, case: Case, question: Question, depth: int) -> CaseResult | Unscored:
    started = perf_counter()
    try:
        passages = await searcher.search(question, limit=depth, per_document=1)
    except BrainError as error:
        return Unscored(case.id, f"{type(error).__name__}: {error}")
    latency = (perf_counter() - started) * 1000
    gold = tuple(dict.fromkeys(case.expect.documents or ()))
    ranked = tuple(dict.fromkeys(passage.document_id for passage in passages))[:depth]
    rank = first_rank(ranked, frozenset(gold))
    content = dataset_hash([case])
    return CaseResult(case.id, case.text, case.unit, case.language, case.tags, gold, ranked, rank, latency, content)


def _metrics(results: Sequence[CaseResult], depth: int) -> Metrics:
    """Means over `results`; a cut-off that was never reached would pass for a result, so it is left out."""
    clusters = [result.cluster for result in results]
    return {
        name: mean_interval([score(r.ranked, frozenset(r.gold), k) for r in results], clusters)
        for name, (score, k) in METRICS.items()
        if k <= depth and results
    }


def _plain(metrics: Metrics) -> dict[str, Any]:
    return {name: asdict(interval) for name, interval in metrics.items()}
