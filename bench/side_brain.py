"""Brain on a task of `bench.tutorial_stack`. Prints one JSON object.

Example: python -m bench.side_brain task.json
"""

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from brain.encoder import make_encoder
from brain.session import Brain
from brain.settings import Settings, load_settings
from brain.types import INTERNAL, Question
from ingest.run import ingest_folder

TOP = 10


async def ask(brain: Brain, question: str) -> tuple[float, list[str]]:
    """Milliseconds, and the documents found, best first."""
    start = perf_counter()
    found = await brain.search(Question(question, audience=INTERNAL), TOP)
    return 1e3 * (perf_counter() - start), list(found.by_document())


async def ask_all(brain: Brain, warm_up: Sequence[str], questions: Sequence[str]) -> list[tuple[float, list[str]]]:
    """One question at a time, the warm-up left out."""
    for question in warm_up:
        await ask(brain, question)
    return [await ask(brain, question) for question in questions]


def load(settings: Settings) -> float:
    """Seconds that loading the encoder takes, as the first ingestion would; what is loaded is let go."""
    start = perf_counter()
    make_encoder(settings)
    return perf_counter() - start


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Loads, ingests, asks."""
    settings = load_settings(home=Path(task["store"]))
    load_s, start = load(settings), perf_counter()
    summary = ingest_folder(Path(task["pages"]), settings)
    ingest_s = perf_counter() - start
    if summary.failed:
        raise SystemExit(f"Pages failed: {summary.failed}")
    with Brain.open(settings) as brain:
        asked = asyncio.run(ask_all(brain, task["warm_up"], task["questions"]))
        passages = brain.index.count()
    return {
        "load_s": load_s,
        "ingest_s": ingest_s,
        "passages": passages,
        "query_ms": [took for took, _ in asked],
        "found": [documents for _, documents in asked],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", type=Path, help="JSON file written by bench.tutorial_stack")
    given = parser.parse_args()
    print(json.dumps(run(json.loads(given.task.read_text(encoding="utf-8")))))


if __name__ == "__main__":
    main()
