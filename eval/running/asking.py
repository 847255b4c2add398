"""Asking: every case of every variant so many times, a bounded number at once, from where an earlier run stopped."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any, Protocol

from brain.errors import BrainError
from brain.types import Answer, Question, Reason
from eval.cases import Case
from eval.running.folder import Key, Record, RunFolder
from eval.running.meter import ASKING, Asking, Usage

Stop = Callable[[], str]
"""Says why to stop, or nothing."""


class Asked(Protocol):
    """Brain, as far as it answers."""

    async def ask(self, question: Question) -> Answer: ...


@dataclass(frozen=True)
class Plan:
    """What is to be asked. Cases come cluster by cluster in an order drawn by `seed`, so a run that stops early is a sample."""

    cases: Sequence[Case]
    variants: Mapping[str, Asked]
    repeats: int = 1
    audience: str = "agent"
    tenant: str = "default"
    concurrency: int = 4
    seed: int = 0
    stamp: str = ""
    """The hash of the locked bar, repeated in every answer."""

    @property
    def total(self) -> int:
        return len(self.cases) * len(self.variants) * self.repeats

    def blocks(self) -> list[list[Case]]:
        """The clusters, shuffled; critical cases come first, for they decide alone."""
        clusters: dict[str, list[Case]] = {}
        for case in sorted(self.cases, key=lambda case: case.id):
            clusters.setdefault(case.unit, []).append(case)
        blocks = list(clusters.values())
        random.Random(self.seed).shuffle(blocks)
        return sorted(blocks, key=lambda block: not any(case.critical for case in block))


@dataclass
class Progress:
    """How far a run is."""

    done: int = 0
    resumed: int = 0
    failed: int = 0
    usage: Usage = field(default_factory=Usage)
    stopped: str = ""
    """Why it ended before the last case, or empty."""


async def ask_all(
    plan: Plan,
    folder: RunFolder,
    *,
    stop: Stop = lambda: "",
    progress: Progress | None = None,
    on_answer: Callable[[Progress], None] = lambda _: None,
    on_block: Callable[[Sequence[Case]], Awaitable[str]] | None = None,
) -> Progress:
    """Asks what the folder has no good answer to yet, and stores each answer as it comes.

    `stop` is asked before each question, `on_block` after each cluster that every variant has answered: a text ends the run.
    Questions under way are finished. A question that fails is stored with its error, and asked again the next time.
    """
    state = progress or Progress()
    folder.mend()
    kept = {key for key, record in folder.answers().items() if not failed(record)}
    asked = {Key(c.id, v, r) for c in plan.cases for v in plan.variants for r in range(plan.repeats)}
    state.done = state.resumed = len(kept & asked)
    on_answer(state)
    free = asyncio.Semaphore(plan.concurrency)

    async def one(case: Case, variant: str, repeat: int) -> None:
        async with free:
            if state.stopped or Key(case.id, variant, repeat) in kept:
                return
            state.stopped = stop()
            if state.stopped:
                return
            record, usage = await _answered(plan, case, variant, repeat)
            folder.append(record)
        state.done += 1
        state.failed += failed(record)
        state.usage.add(usage)
        on_answer(state)

    async def block(cases: Sequence[Case]) -> None:
        await asyncio.gather(*(one(c, v, r) for c in cases for v in plan.variants for r in range(plan.repeats)))
        if on_block and not state.stopped:
            state.stopped = await on_block(cases) or state.stopped

    await _in_order(plan.blocks(), block, plan.concurrency, lambda: bool(state.stopped))
    return state


async def _in_order(
    blocks: Iterable[list[Case]], run: Callable[[list[Case]], Any], width: int, ended: Callable[[], bool]
) -> None:
    """Runs the blocks, `width` under way at once: enough for no lane to be idle, few enough to stop early."""
    waiting = iter(blocks)

    async def lane() -> None:
        for each in waiting:
            if ended():
                return
            await run(each)

    await asyncio.gather(*(lane() for _ in range(width)))


async def _answered(plan: Plan, case: Case, variant: str, repeat: int) -> tuple[Record, Usage]:
    usage = Usage()
    token = ASKING.set(Asking(repeat, usage))
    record: Record = {"case": case.id, "variant": variant, "repeat": repeat, "bar": plan.stamp}
    started = perf_counter()
    try:
        answer = await plan.variants[variant].ask(case.to_question(plan.audience, plan.tenant))
        record |= {"answer": answer.to_dict(), "error": None}
    except BrainError as error:
        record |= {"answer": None, "error": f"{type(error).__name__}: {error}"}
    finally:
        ASKING.reset(token)
    return record | {"ms": round(1e3 * (perf_counter() - started), 3), "usage": asdict(usage)}, usage


def failed(record: Record) -> bool:
    """Whether there is no answer of the variant's own: an error, or passages shown because its model did not answer."""
    return bool(record["error"]) or record["answer"]["reason"] == Reason.MODEL_FAILED.value
