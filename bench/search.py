"""Search: from process start to the first answer, then how long a question takes, and where.

Example: python -m bench.search /data/home /data/cases.jsonl --json search.json
"""

import argparse
import asyncio
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from bench.measure import Others, busy, keep, machine, module, percentiles, show, step
from brain.session import Brain
from brain.settings import load_settings
from brain.types import DEFAULT_TENANT, INTERNAL, Question
from eval.cases import load_cases

STARTS = 3
WARM_UP = 10
TARGETS_MS = {"p50": 25, "p95": 50}


def ready_s(home: Path, question: Question) -> float:
    """Seconds from starting a process to its first answered search."""
    command = module("first_search", home, question.text, "--audience", question.audience)
    start = perf_counter()
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline() if process.stdout else ""
        wall = perf_counter() - start
    if process.returncode or not said:
        raise SystemExit("The first search failed; what it said is above.")
    return wall


async def searches(brain: Brain, questions: Sequence[Question]) -> list[dict[str, float]]:
    """Milliseconds of each stage and in total, one question at a time."""
    timings = []
    for question in questions:
        start = perf_counter()
        found = await brain.search(question, 10)
        timings.append(found.timings | {"total": 1e3 * (perf_counter() - start)})
    return timings


async def answers(brain: Brain, questions: Sequence[Question]) -> list[float]:
    """Milliseconds of each whole answer, one question at a time."""
    timings = []
    for question in questions:
        start = perf_counter()
        await brain.ask(question)
        timings.append(1e3 * (perf_counter() - start))
    return timings


async def in_process(brain: Brain, questions: Sequence[Question], repeat: int) -> dict[str, Any]:
    """Percentiles over `repeat` passes through the questions, after a warm-up."""
    warm_up, asked = questions[:WARM_UP], list(questions) * repeat
    await searches(brain, warm_up)
    step(f"searching {len(asked):,} times")
    found = await searches(brain, asked)
    await answers(brain, warm_up)
    step(f"answering {len(asked):,} times")
    answered = await answers(brain, asked)
    stages = {stage: percentiles([timing[stage] for timing in found]) for stage in ("encode", "search", "total")}
    return {"passages": brain.index.count(), "search_ms": stages, "answer_ms": percentiles(answered)}


def measure(home: Path, questions: Sequence[Question], repeat: int) -> dict[str, Any]:
    """Starts first (an index has one owner), then everything else in this process."""
    step("process start to first search")
    starts = [ready_s(home, questions[0]) for _ in range(STARTS)]
    others = Others()
    with Brain.open(load_settings(home=home, answer={"provider": "extractive"})) as brain:
        figures = asyncio.run(in_process(brain, questions, repeat))
    return {
        "others": others.share(),
        "questions": len(questions),
        "repeat": repeat,
        "starts_s": starts,
        "ready_s": median(starts),
    } | figures


def rows(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Figure, what was measured, target."""
    found = figures["search_ms"]
    total = [(f"search in all, {p}", f"{found['total'][p]:.1f} ms", f"< {most} ms") for p, most in TARGETS_MS.items()]
    return [
        ("passages in the index", f"{figures['passages']:,}", ""),
        ("questions, passes", f"{figures['questions']:,}, {figures['repeat']}", ""),
        (f"process start to first search (median of {STARTS})", f"{figures['ready_s']:.1f} s", "< 8 s"),
        ("language and encoding, p50, p95", _both(found["encode"]), ""),
        ("index, p50, p95", _both(found["search"]), ""),
        *total,
        ("extractive answer in all, p50, p95", _both(figures["answer_ms"]), ""),
    ]


def _both(timing: dict[str, float]) -> str:
    return f"{timing['p50']:.1f} ms, {timing['p95']:.1f} ms"


NOTES = (
    f"one question at a time, after {WARM_UP} for warming up; each asked as brain.search(question, 10)",
    "the questions' languages are left out, as users leave them out: detecting them is part of the time",
)


def main() -> None:
    given = arguments()
    cases = [case.to_question(given.audience, given.tenant) for case in load_cases(given.cases)]
    place = machine()
    figures = measure(given.home, [replace(question, language=None) for question in cases], given.repeat)
    show(f"search in {given.home}", ("", "measured", "target"), rows(figures), [*NOTES, *busy([figures["others"]])])
    keep(given.json, {"home": given.home, "cases": given.cases, "machine": place} | figures)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path, help="home of an ingested knowledge base, open in no other process")
    parser.add_argument("cases", type=Path, help="JSONL file of cases, or a folder of them")
    parser.add_argument("--repeat", type=int, default=3, help="passes through the questions [3]")
    parser.add_argument("--audience", default=INTERNAL, help=f"who asks, where a case doesn't say [{INTERNAL}]")
    parser.add_argument("--tenant", default=DEFAULT_TENANT, help=f"in which tenant, likewise [{DEFAULT_TENANT}]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
