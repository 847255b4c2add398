"""Brain beside the plain LlamaIndex tutorial stack, on the same slice of pages, the same questions, in one run.

The stack: SimpleDirectoryReader, SentenceSplitter (1024 tokens, 200 shared), HuggingFaceEmbedding on the same encoder,
QdrantVectorStore on a local folder with hybrid search, a retriever of ten passages.

Example: python -m bench.tutorial_stack /data/kb /data/cases.jsonl --pages 300 --json stack.json
"""

import argparse
import json
import random
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

from bench.measure import busy, keep, machine, module, percentiles, show, step, watched
from eval.cases import Case, load_cases
from eval.metrics import hit

SIDES = {"stack": "side_llamaindex", "brain": "side_brain"}
SUFFIXES = (".md", ".html")
WARM_UP = 5
HEAD_CHARACTERS = 4000
STATED_ID = re.compile(r"""^id:[ \t]*["']?(.+?)["']?[ \t]*$|<meta name="id" content="([^"]+)""", re.MULTILINE)


@dataclass(frozen=True)
class Slice:
    """The pages that are ingested, by document id, and the cases that are asked."""

    pages: dict[str, Path]
    cases: list[Case]


def pages_of(folder: Path) -> dict[str, Path]:
    """The Markdown and HTML pages that state an id, by that id."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return {id: path for path in files if (id := _stated_id(path))}


def _stated_id(page: Path) -> str | None:
    with page.open(encoding="utf-8", errors="replace") as file:
        found = STATED_ID.search(file.read(HEAD_CHARACTERS))
    return found[1] or found[2] if found else None


def cut(pages: dict[str, Path], cases: Sequence[Case], most: int, seed: int) -> Slice:
    """Cases, in an order drawn by the seed, while their gold pages fit; the rest filled with other pages."""
    draw = random.Random(seed)
    chosen: dict[str, Path] = {}
    asked = []
    for case in draw.sample(cases, len(cases)):
        gold = {id: pages[id] for id in case.expect.documents or () if id in pages}
        if gold and len(chosen | gold) <= most:
            chosen |= gold
            asked.append(case)
    others = [id for id in pages if id not in chosen]
    for id in draw.sample(others, min(len(others), most - len(chosen))):
        chosen[id] = pages[id]
    return Slice(chosen, asked)


def copied(folder: Path, pages: dict[str, Path], to: Path) -> dict[str, str]:
    """Copies the pages; gives the document id of each copy's path below `to`."""
    ids = {}
    for id, page in pages.items():
        name = page.relative_to(folder)
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(page, to / name)
        ids[name.as_posix()] = id
    return ids


def side(name: str, task: dict[str, Any], gold: Sequence[frozenset[str]], work: Path) -> dict[str, Any]:
    """One side in a process of its own, and what its figures come to."""
    file = work / f"{name}.json"
    file.write_text(json.dumps(task | {"store": str(work / name)}), encoding="utf-8")
    finished = watched(module(SIDES[name], file))
    found = finished.json()
    pages, seconds = len(task["ids"]), found["ingest_s"]
    return {
        "passages": found["passages"],
        "load_s": found["load_s"],
        "ingest_s": seconds,
        "pages_per_s": pages / seconds,
        "passages_per_s": found["passages"] / seconds,
        "query_ms": percentiles(found["query_ms"]),
        "tree_mb": finished.peaks.tree_mb,
        "main_rss_mb": finished.peaks.main_rss_mb,
        "others": finished.others,
        "hits": {k: mean(hit(ids, g, k) for ids, g in zip(found["found"], gold, strict=True)) for k in (1, 5)},
    }


def measure(folder: Path, part: Slice, same_precision: bool) -> dict[str, Any]:
    """Both sides, one after the other."""
    gold = [frozenset(case.expect.documents or ()) & part.pages.keys() for case in part.cases]
    with TemporaryDirectory() as temporary:
        work = Path(temporary).resolve()
        task = {
            "pages": str(work / "pages"),
            "ids": copied(folder, part.pages, work / "pages"),
            "questions": [case.text for case in part.cases],
            "warm_up": [case.text for case in part.cases[:WARM_UP]],
            "same_precision": same_precision,
        }
        sides = {}
        for name in SIDES:
            step(f"{name}: {len(part.pages):,} pages, {len(part.cases):,} questions")
            sides[name] = side(name, task, gold, work)
    return {"pages": len(part.pages), "questions": len(part.cases), "same_precision": same_precision} | sides


def rows(figures: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Figure, the stack's, Brain's, Brain's over the stack's."""
    stack, brain = figures["stack"], figures["brain"]
    kinds = [
        ("passages", "{:,.0f}", [s["passages"] for s in (stack, brain)]),
        ("loading the encoder", "{:.1f} s", [s["load_s"] for s in (stack, brain)]),
        ("ingestion, loading apart", "{:.1f} s", [s["ingest_s"] for s in (stack, brain)]),
        ("pages/s", "{:.2f}", [s["pages_per_s"] for s in (stack, brain)]),
        ("passages/s", "{:.1f}", [s["passages_per_s"] for s in (stack, brain)]),
        ("query, p50", "{:.1f} ms", [s["query_ms"]["p50"] for s in (stack, brain)]),
        ("query, p95", "{:.1f} ms", [s["query_ms"]["p95"] for s in (stack, brain)]),
        ("peak memory, all processes (PSS)", "{:,.0f} MB", [s["tree_mb"] for s in (stack, brain)]),
        ("peak memory, main process (RSS)", "{:,.0f} MB", [s["main_rss_mb"] for s in (stack, brain)]),
        ("hit@1, pages", "{:.3f}", [s["hits"][1] for s in (stack, brain)]),
        ("hit@5, pages", "{:.3f}", [s["hits"][5] for s in (stack, brain)]),
        ("other processes' share of the machine", "{:.0%}", [s["others"] for s in (stack, brain)]),
    ]
    return [(name, form.format(a), form.format(b), f"{b / a:.2f}" if a else "") for name, form, (a, b) in kinds]


def notes(figures: dict[str, Any]) -> list[str]:
    """What the two sides share, and where they differ."""
    precision = "the one that Brain takes on this machine" if figures["same_precision"] else "its default, float32"
    return [
        "not the tutorial's: its sparse model (fastembed) must be downloaded; both sides have Brain's BM25 vectors, "
        "with Qdrant's IDF; its pages' paths, which it encodes with the text, are those below the folder",
        f"the same encoder weights on both sides; the stack's precision: {precision}; its batches: 10, the default",
        "the stack's passages have up to 1024 tokens, of which the encoder reads 512: compare pages/s, not passages/s",
        "both take ten passages; hit@k counts pages, in the order of each one's best passage; every page may be seen",
        "ingestion: reading, splitting, encoding, storing; a query is timed in the process, after a warm-up",
        *busy([figures[name]["others"] for name in SIDES]),
    ]


def main() -> None:
    given = arguments()
    part = cut(pages_of(given.folder), load_cases(given.cases), given.pages, given.seed)
    if not part.cases:
        raise SystemExit(f"No case names a page of {given.folder}, or --pages is too few for its pages.")
    place = machine()
    figures = measure(given.folder, part, given.same_precision)
    title = f"{given.folder}: {figures['pages']:,} pages, {figures['questions']:,} questions"
    show(title, ("", "tutorial stack", "Brain", "Brain / stack"), rows(figures), notes(figures))
    keep(given.json, {"folder": given.folder, "cases": given.cases, "seed": given.seed, "machine": place} | figures)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of .md (front matter id) or .html (meta id) pages")
    parser.add_argument("cases", type=Path, help="JSONL file of cases, or a folder of them")
    parser.add_argument("--pages", type=int, default=300, help="pages of the slice: gold pages, then others [300]")
    parser.add_argument("--seed", type=int, default=1, help="draws the cases and the other pages [1]")
    parser.add_argument("--same-precision", action="store_true", help="give the stack the precision that Brain takes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
