"""Two retrieval reports of the same cases: what changed, by how much, and which cases got worse."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from brain.errors import CaseError
from eval.configuration import changes
from eval.retrieval import METRICS, CaseResult, RetrievalReport
from eval.stats.effect import Effect, effect

HINT = "Name a file that `brain eval retrieval --out` wrote."


class _Loose(BaseModel):
    # Reports carry more than is needed here, and a later Brain may add to them.
    model_config = ConfigDict(extra="ignore", frozen=True)


class PreviousCase(_Loose):
    """A scored case of an earlier report."""

    id: str
    gold: tuple[str, ...]
    ranked: tuple[str, ...]
    content: str = ""
    """Hash of the case; empty in reports that did not record it."""


class Previous(_Loose):
    """An earlier report, as `--out` wrote it."""

    dataset: str
    depth: int
    concurrency: int
    cases: tuple[PreviousCase, ...]
    latency_ms: dict[str, float]
    configuration: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A case whose first right document came elsewhere. Ranks from 1; None: not among the first `depth`."""

    id: str
    question: str
    before: int | None
    after: int | None

    @property
    def gain(self) -> float:
        """Change of the reciprocal rank, in [-1, 1]."""
        return _reciprocal(self.after) - _reciprocal(self.before)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a change did to the cases that both reports scored. `changed` is None where the earlier one did not record it."""

    depth: int
    paired: int
    only_before: int
    only_after: int
    metrics: dict[str, Effect]
    changed: dict[str, tuple[Any, Any]] | None
    better: tuple[Moved, ...] = field(default=())
    worse: tuple[Moved, ...] = field(default=())
    """Cases by rank of their first right document, the largest change first."""
    latency_ms: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Before and after; empty where the two ran with different concurrency."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return asdict(self)


def load_previous(path: Path) -> Previous:
    """Raises CaseError where the file is not a report of `brain eval retrieval`."""
    try:
        return Previous.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CaseError(f"{path} can't be read: {error.strerror}", HINT) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        problem = f"{where}: {first['msg']}" if where else first["msg"]
        raise CaseError(f"{path} is not a report of brain eval retrieval: {problem}", HINT) from error


def check_dataset(previous: Previous, dataset: str, contents: Sequence[str], *, intersection: bool) -> None:
    """Raises CaseError where the cases are others than before, unless those that are the same are asked for.

    `dataset` is the hash of all cases now, `contents` that of each.
    """
    if dataset == previous.dataset:
        return
    same = len({case.content for case in previous.cases} & set(contents))
    if not same:
        raise CaseError("No case is the same as in the report to compare with.", "Run both on the same cases.")
    if not intersection:
        raise CaseError(
            f"The cases are not those of the report to compare with: {same} of its {len(previous.cases)} scored cases "
            f"are unchanged, {len(contents)} are asked now.",
            f"Run both on the same cases, or add --intersection to compare the {same}.",
        )


def compare(previous: Previous, report: RetrievalReport) -> Comparison:
    """Pairs the cases by id, where they are the same; see `check_dataset`. Raises CaseError where none is in both."""
    same_dataset, depth = report.dataset == previous.dataset, min(previous.depth, report.depth)
    before = {case.id: case for case in previous.cases}
    pairs = [
        (before[now.id], now)
        for now in report.results
        if now.id in before and (same_dataset or before[now.id].content == now.content)
    ]
    if not pairs:
        raise CaseError("No case was scored in both runs.", "See the reasons of the unscored cases.")
    clusters = [now.cluster for _, now in pairs]
    metrics = {
        name: effect(
            [score(old.ranked, frozenset(now.gold), k) for old, now in pairs],
            [score(now.ranked, frozenset(now.gold), k) for _, now in pairs],
            clusters,
        )
        for name, (score, k) in METRICS.items()
        if k <= depth
    }
    moved = [Moved(now.id, now.question, _rank(old, depth), _rank(now, depth)) for old, now in pairs]
    old, new = previous.configuration, report.configuration
    return Comparison(
        depth,
        len(pairs),
        len(previous.cases) - len(pairs),
        len(report.results) - len(pairs),
        metrics,
        changes(old, new) if old and new else None,
        tuple(sorted((m for m in moved if m.gain > 0), key=lambda m: -m.gain)),
        tuple(sorted((m for m in moved if m.gain < 0), key=lambda m: m.gain)),
        _latencies(previous, report),
    )


def _latencies(previous: Previous, report: RetrievalReport) -> dict[str, tuple[float, float]]:
    if previous.concurrency != report.concurrency:
        return {}
    return {
        name: (previous.latency_ms[name], now) for name, now in report.latency_ms.items() if name in previous.latency_ms
    }


def _rank(case: PreviousCase | CaseResult, depth: int) -> int | None:
    gold = set(case.gold)
    return next((rank for rank, id in enumerate(case.ranked[:depth], 1) if id in gold), None)


def _reciprocal(rank: int | None) -> float:
    return 1 / rank if rank else 0.0
