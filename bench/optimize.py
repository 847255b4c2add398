"""Optimising an index while it is asked: what questions take before, during and after, and how long each step takes.

    python -m bench.optimize --points 50000 --json optimize.json

Random vectors, terms by Zipf's law; one thread asks without a pause, another writes. The encoder isn't part of it.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Any

import numpy as np

from bench.measure import Others, busy, keep, machine, show, step
from brain.index.base import DENSE, SPARSE, TITLE, Point, Scope, Search, payload_of, point_id
from brain.index.edge import EdgeIndex
from brain.index.process import EdgeProcess, Optimized
from brain.text.bm25 import SparseVector
from brain.types import Chunk, Document

SIZE = 384
TERMS = 50_000
CANDIDATES = 200
WRITES_EVERY_S = 0.5
TARGET_MS = 100
EVERYONE = Scope("default", ("public",))


class Made:
    """Points and questions of a random generator of its own."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def point(self, number: int, document: str = "d") -> Point:
        made = Document(f"{document}{number // 8}", f"Page {number // 8}", "", audience=("public",), language="fr")
        id = point_id("default", made.id, str(number))
        chunk = Chunk(id, made.id, "mot " * 200, (0, 800), (), 200, number % 8)
        title = self._terms(4) if number % 8 == 0 else None
        return Point(id, self._vector(), self._terms(60), payload_of(made, chunk), title)

    def question(self) -> list[Search]:
        terms = self._terms(8)
        asked: list[tuple[str, Any]] = [(DENSE, self._vector()), (SPARSE, terms), (TITLE, terms)]
        return [Search(by, vector, CANDIDATES) for by, vector in asked]

    def _vector(self) -> list[float]:
        vector: list[float] = self._random.standard_normal(SIZE).tolist()
        return vector

    def _terms(self, count: int) -> SparseVector:
        terms = np.unique(self._random.zipf(1.3, count) % TERMS).tolist()
        return SparseVector(terms, [1.0] * len(terms))


class Asking(Thread):
    """Asks without a pause until it is stopped; `took` holds milliseconds."""

    def __init__(self, index: EdgeIndex | EdgeProcess) -> None:
        super().__init__(daemon=True)
        self.took: list[float] = []
        self._index, self._made, self._stop_asking = index, Made(1), Event()

    def run(self) -> None:
        while not self._stop_asking.is_set():
            question = self._made.question()
            start = perf_counter()
            self._index.search(question, EVERYONE)
            self.took.append(1e3 * (perf_counter() - start))

    def __enter__(self) -> "Asking":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_asking.set()
        self.join()


def fill(folder: Path, points: int) -> None:
    index, made = EdgeIndex.create(folder, {"id": "bench", "dimensions": SIZE}), Made(0)
    for start in range(0, points, 500):
        index.upsert([made.point(n) for n in range(start, min(points, start + 500))])
    index.flush()
    index.close()


def asked(index: EdgeIndex | EdgeProcess, seconds: float) -> list[float]:
    with Asking(index) as asking:
        sleep(seconds)
    return asking.took


def optimized(index: EdgeProcess) -> tuple[Optimized, list[float], int]:
    """What the optimisation took, what questions took meanwhile, and how many points were written."""
    done = Event()
    written = Thread(target=lambda: counts.append(write(index, done)))
    counts: list[int] = []
    written.start()
    with Asking(index) as asking:
        took = index.optimize()
    done.set()
    written.join()
    return took, asking.took, counts[0]


def write(index: EdgeProcess, done: Event) -> int:
    made, count = Made(2), 0
    while not done.wait(WRITES_EVERY_S):
        index.upsert([made.point(count + n, "new") for n in range(10)])
        count += 10
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=20, help="of asking before and after")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    started, share = machine(), Others()
    with tempfile.TemporaryDirectory(prefix="brain-bench-") as home:
        folder = Path(home) / "index"
        step(f"writing {options.points:,} points")
        fill(folder, options.points)
        phases: dict[str, list[float]] = {}
        step("asking in this process")
        phases["before, index in this process"] = _with(EdgeIndex.open(folder), lambda i: asked(i, options.seconds))
        index = EdgeProcess(folder)
        step("asking its own process")
        phases["before, index in its own process"] = asked(index, options.seconds)
        step("optimising")
        took, phases["during"], written = optimized(index)
        phases["after"] = asked(index, options.seconds)
        stored = index.count()
        index.close()
    if stored != options.points + written:
        raise SystemExit(f"{stored} points, not {options.points + written}: writes were lost")
    others = share.share()
    rows = [(name, f"{len(ms):,}", *(f"{value:.1f} ms" for value in _figures(ms))) for name, ms in phases.items()]
    rows += [
        (f"  {name.removesuffix('_s')}", "", "", "", "", f"{s:.1f} s")
        for name, s in asdict(took).items()
        if "_s" in name
    ]
    show(
        f"Optimising {options.points:,} points while they are asked",
        ("", "questions", "p50", "p95", "p99", "max"),
        rows,
        [
            f"Target: no question above {TARGET_MS} ms during the optimisation.",
            f"{written:,} points were written meanwhile, {took.replayed:,} copied over; all are there.",
            *busy([others]),
        ],
    )
    figures = {name: dict(zip(("p50", "p95", "p99", "max"), _figures(ms), strict=True)) for name, ms in phases.items()}
    keep(
        options.json,
        {"machine": started, "points": options.points, "ms": figures, "took": asdict(took), "others": others},
    )


def _with(index: EdgeIndex, ask: Callable[[EdgeIndex], list[float]]) -> list[float]:
    try:
        return ask(index)
    finally:
        index.close()


def _figures(took: list[float]) -> tuple[float, float, float, float]:
    p50, p95, p99 = np.percentile(took, [50, 95, 99])
    return float(p50), float(p95), float(p99), max(took)


if __name__ == "__main__":
    main()
