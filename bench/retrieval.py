"""Retrieval at 10,000, 100,000 and 1,000,000 passages: latency, throughput, memory, disk, recall; peers beside it on the smallest.

What takes long is kept in the work folder and used again: parsed pages, vectors, indexes (delete one to have it built anew).

Example: python -m bench.retrieval /data/kb /data/cases.jsonl --work /data/work --peers llamaindex txtai --python txtai=VENV/bin/python
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.corpus import Work, check_vectors, encoded, passages, real_vectors
from bench.measure import busy, keep, machine, module, percentiles, show, step, watched
from bench.memory import disk_mb
from bench.side_ask import CLIENTS, TOP
from brain.encoder import make_encoder
from brain.settings import load_settings
from eval.cases import load_cases
from eval.metrics import hit

SIZES = (10_000, 100_000, 1_000_000)
LARGE = 500_000
LARGE_SETTINGS = {"quantization": {"kind": "int8"}, "vectors_on_disk": True}
"""From so many passages on: `docs/scale.md`."""
PEERS = {"llamaindex": "LlamaIndex, local Qdrant", "txtai": "txtai"}
P95_MS, RECALL, MEMORY_GB = 30, 0.98, 3


@dataclass(frozen=True)
class Bench:
    """What is asked of which pages, and where it is kept."""

    pages: Path
    cases: Path
    work: Work
    real: int
    repeat: int
    seed: int

    def settings(self, size: int) -> dict[str, Any]:
        """Of an index of this size."""
        return LARGE_SETTINGS if size >= LARGE else {}

    def home(self, size: int) -> Path:
        return self.work.folder / f"home-{size}"


def corpus(bench: Bench) -> None:
    """Parses and encodes, so far as that is not there yet."""
    work = bench.work
    options: list[str | Path] = ["--seed", str(bench.seed)]
    if not work.pages.exists():
        step("parsing and splitting the pages")
        options += ["--pages", bench.pages, "--cases", bench.cases]
    options += ["--vectors", str(bench.real)]
    step(f"vectors of {bench.real:,} passages")
    watched(module("side_corpus", work.folder, *options))
    check_vectors(work, [encoded(*passage) for passage in passages(work, work.encoded, bench.seed)])


def measured(bench: Bench, size: int) -> dict[str, Any]:
    """Brain at this size: built where it isn't yet, then asked in a process of its own."""
    home, settings = bench.home(size), json.dumps(bench.settings(size))
    stored = _built(bench, home, "stored", "--count", str(size), "--settings", settings)
    optimised = _built(bench, home, "optimised", "--optimise", "--settings", settings)
    step(f"asking {size:,} passages")
    command = module("side_ask", home, bench.cases, "--settings", settings, "--repeat", str(bench.repeat))
    finished = watched(command)
    figures = finished.json() | {"disk_mb": disk_mb(home / "index"), "others": finished.others, "settings": settings}
    return figures | {"stored": stored, "optimised": optimised}


def _built(bench: Bench, home: Path, what: str, *options: str) -> dict[str, Any]:
    """One step of building, and what it took; remembered in the home, and not done twice."""
    record = home / f"{what}.json"
    if not record.exists():
        step(f"{what}: {home.name}")
        finished = watched(module("side_build", bench.work.folder, home, "--seed", str(bench.seed), *options))
        figures = finished.json() | {"peak_mb": finished.peaks.tree_mb, "others": finished.others}
        record.write_text(json.dumps(figures), encoding="utf-8")
    return dict(json.loads(record.read_text(encoding="utf-8")))


def peers(bench: Bench, size: int, pythons: dict[str, str]) -> dict[str, Any]:
    """The other libraries on the same texts, vectors and questions."""
    cases = [case for case in load_cases(bench.cases) if case.expect.documents]
    gold = [frozenset(case.expect.documents or ()) for case in cases]
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        task = _task(bench, size, [case.text for case in cases], work)
        sides = {}
        for name, python in pythons.items():
            step(f"{PEERS[name]}: {size:,} passages")
            file = work / f"{name}.json"
            file.write_text(json.dumps(task | {"store": str(work / name)}), encoding="utf-8")
            finished = watched([python, "-m", f"bench.side_peer_{name}", file])
            found = finished.json()
            sides[name] = found | {
                "query": percentiles(found.pop("query_ms")),
                "hits": {str(k): mean(map(lambda ids, g: hit(ids, g, k), found["found"], gold)) for k in (1, 5)},
                "others": finished.others,
            }
            del sides[name]["found"]
    return sides


def _task(bench: Bench, size: int, questions: Sequence[str], work: Path) -> dict[str, Any]:
    """What a peer is given; the vectors are beside it."""
    settings = load_settings()
    encoder = make_encoder(settings)
    some = list(passages(bench.work, size, bench.seed))
    vectors = real_vectors(bench.work, encoder.dimensions)[:size]
    np.save(work / "vectors.npy", vectors)
    np.save(work / "questions.npy", encoder.encode_questions(questions))
    return {
        "texts": [encoded(*passage) for passage in some[: len(vectors)]],
        "documents": [document.id for document, _ in some[: len(vectors)]],
        "questions": list(questions),
        "vectors": str(work / "vectors.npy"),
        "question_vectors": str(work / "questions.npy"),
    }


Row = tuple[str, ...]


def rows(sizes: Sequence[dict[str, Any]]) -> list[Row]:
    """Figure, one column for each size, target."""
    lines: list[tuple[str, list[str], str]] = [
        ("encode, p50, p95", [_both(s["ms"]["encode"]) for s in sizes], ""),
        ("query, p50, p95", [_both(s["ms"]["query"]) for s in sizes], ""),
        ("total, p50, p95", [_both(s["ms"]["total"]) for s in sizes], f"p95 < {P95_MS} ms"),
        *((_clients(n), [f"{s['clients'][str(n)]:.0f}" for s in sizes], "") for n in CLIENTS),
        (f"recall@{TOP} against exact search", [f"{s['recall'][str(TOP)]:.3f}" for s in sizes], f"≥ {RECALL}"),
        ("of all candidates", [_candidates(s["recall"]) for s in sizes], ""),
        ("memory asked (PSS)", [_gb(s["memory"]["pss_mb"]) for s in sizes], f"< {MEMORY_GB} GB"),
        ("of it anonymous, mapped files", [_memory(s["memory"]) for s in sizes], ""),
        ("disk", [_gb(s["disk_mb"]) for s in sizes], ""),
        ("opening, encoder included", [f"{s['open_s']:.1f} s" for s in sizes], ""),
        ("storing, optimising", [_steps(s, "wall_s", "{:.0f} s") for s in sizes], ""),
        ("the same in processor time", [_steps(s, "cpu_s", "{:.0f} s") for s in sizes], ""),
        ("their peak memory (PSS), MB", [_steps(s, "peak_mb", "{:,.0f}") for s in sizes], ""),
        ("pages, hit@1, hit@5", [_hits(s["hits"]) for s in sizes], ""),
        ("others' share meanwhile", [_steps(s, "others", "{:.0%}") for s in sizes], ""),
        ("others' share while asked", [f"{s['others']:.0%}" for s in sizes], ""),
    ]
    return [(name, *values, target) for name, values, target in lines]


def peer_rows(brain: dict[str, Any], sides: dict[str, Any]) -> list[Row]:
    """Figure, Brain's, one column for each peer."""
    build_s = brain["stored"]["wall_s"] + brain["optimised"]["wall_s"]
    own = brain | {"query": brain["ms"]["query"], "build_s": build_s}
    every = [own, *sides.values()]
    lines = [
        ("passages", [f"{s['passages']:,}" for s in every]),
        ("pages, hit@1, hit@5", [_hits(s["hits"]) for s in every]),
        ("query without encoding, p50, p95", [_both(s["query"]) for s in every]),
        ("memory asked (PSS)", [_gb(s["memory"]["pss_mb"]) for s in every]),
        ("of it anonymous, mapped files", [_memory(s["memory"]) for s in every]),
        ("disk", [_gb(s["disk_mb"]) for s in every]),
        ("building", [f"{s['build_s']:.1f} s" for s in every]),
        ("others' share of the machine", [f"{s['others']:.0%}" for s in every]),
    ]
    return [(name, *values) for name, values in lines]


def _both(timing: dict[str, float]) -> str:
    return f"{timing['p50']:.1f}, {timing['p95']:.1f} ms"


def _clients(number: int) -> str:
    return f"questions/s, {number} client{'s' * (number > 1)}"


def _candidates(recall: dict[str, float]) -> str:
    return ", ".join(f"{share:.3f} @{k}" for k, share in recall.items() if k != str(TOP))


def _gb(mb: float) -> str:
    return f"{mb / 1e3:.2f} GB"


def _memory(memory: dict[str, float]) -> str:
    return f"{memory['anonymous_mb'] / 1e3:.2f}, {memory['mapped_mb'] / 1e3:.2f} GB"


def _steps(size: dict[str, Any], key: str, form: str) -> str:
    return ", ".join(form.format(size[step][key]) for step in ("stored", "optimised"))


def _hits(hits: dict[str, float]) -> str:
    return f"{hits['1']:.2f}, {hits['5']:.2f}"


def notes(bench: Bench, figures: dict[str, Any]) -> list[str]:
    """What the figures are of."""
    sizes = figures["sizes"].values()
    return [
        f"each size is the beginning of the next; real vectors for the first {figures['real']:,} passages, jittered for the rest;",
        "  after the last page they begin again with a fifth of the words replaced",
        f"{figures['questions']} questions, {bench.repeat} passes, one at a time, through brain.search(question, {TOP})",
        "encode: language and vector; query: the rankings (dense, words, titles, in one batch, within a scope), fusion, the texts",
        "clients: tasks in one process, each with one question under way",
        f"recall: of the dense ranking against Qdrant's exact search; from {LARGE:,} passages on the index's settings are",
        f"  {json.dumps(LARGE_SETTINGS)}",
        "memory: of the process that asks, encoder included, after all questions; mapped: of files, the system may drop it",
        "hits: of pages; where passages are jittered, real questions compete with vectors that are no text's",
        *busy([size["others"] for size in sizes]),
    ]


PEER_NOTES = (
    "the same texts (title, headings, passage), vectors and questions; each asked for its ten best passages; encoding left out",
    "LlamaIndex: QdrantVectorStore on QdrantClient(path=…), hybrid, Brain's BM25 vectors with Qdrant's IDF",
    "txtai: faiss and its own BM25; it may hold the vectors that it is given twice",
    "memory: Brain's holds the encoder, the peers' do not",
)


def main() -> None:
    given = arguments()
    bench = Bench(given.pages, given.cases, Work(given.work.resolve()), given.vectors, given.repeat, given.seed)
    pythons = dict.fromkeys(given.peers, sys.executable) | dict(one.split("=", 1) for one in given.python)
    place = machine()
    corpus(bench)
    sizes = {size: measured(bench, size) for size in given.sizes}
    sides = peers(bench, given.sizes[0], {name: pythons[name] for name in given.peers})
    asked = sum(bool(case.expect.documents) for case in load_cases(bench.cases))
    figures = {"sizes": sizes, "peers": sides, "real": bench.work.encoded, "questions": asked}
    columns = ("", *(f"{size:,}" for size in sizes), "target")
    show("retrieval by size", columns, rows(list(sizes.values())), notes(bench, figures))
    if sides:
        columns = ("", "Brain", *(PEERS[name] for name in sides))
        shares = [side["others"] for side in sides.values()]
        show(
            f"peers, {given.sizes[0]:,} passages",
            columns,
            peer_rows(sizes[given.sizes[0]], sides),
            [*PEER_NOTES, *busy(shares)],
        )
    keep(given.json, {"pages": given.pages, "cases": given.cases, "seed": given.seed, "machine": place} | figures)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, help="folder of pages")
    parser.add_argument("cases", type=Path, help="JSONL file of cases: the questions; their pages come first")
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps pages, vectors and indexes")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="passages [10000 100000 1000000]")
    parser.add_argument("--vectors", type=int, default=10_000, help="real vectors; the rest is jittered [10000]")
    parser.add_argument("--repeat", type=int, default=4, help="passes through the questions [4]")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=["llamaindex"], help="asked beside [llamaindex]")
    parser.add_argument("--python", action="append", default=[], metavar="PEER=PYTHON", help="a peer's own environment")
    parser.add_argument("--seed", type=int, default=1, help="draws pages, changes, jitter [1]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
