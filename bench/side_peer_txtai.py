"""txtai's hybrid search, given texts and vectors: a task of `bench.retrieval`. Prints one JSON object.

It runs in an environment of its own, without Brain:  python -m venv VENV && VENV/bin/pip install txtai==9.14.0
Example: VENV/bin/python -m bench.side_peer_txtai task.json
"""

import argparse
import json
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from bench.memory import disk_mb, memory

TOP = 10
WARM_UP = 5


def embeddings(vector_of: dict[str, Any]) -> Any:
    """Dense search by vectors that are there already, BM25 by txtai; fused by txtai."""
    from txtai import Embeddings

    def transform(texts: list[str]) -> Any:
        return np.array([vector_of[text] for text in texts], np.float32)

    return Embeddings({"method": "external", "transform": transform, "hybrid": True, "content": False})


def ask(index: Any, question: str, documents: list[str]) -> tuple[float, list[str]]:
    """Milliseconds, and the documents found, best first."""
    start = perf_counter()
    found = index.search(question, TOP)
    took = 1e3 * (perf_counter() - start)
    return took, list(dict.fromkeys(documents[number] for number, _ in found))


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Stores, asks."""
    questions = task["questions"]
    texts, asked_vectors = np.load(task["vectors"]), np.load(task["question_vectors"])
    index = embeddings(dict(zip([*task["texts"], *questions], [*texts, *asked_vectors], strict=True)))
    start = perf_counter()
    index.index((number, text, None) for number, text in enumerate(task["texts"]))
    build_s = perf_counter() - start
    index.save(task["store"])
    for question in questions[:WARM_UP]:
        ask(index, question, task["documents"])
    asked = [ask(index, question, task["documents"]) for question in questions]
    return {
        "passages": index.count(),
        "build_s": build_s,
        "query_ms": [took for took, _ in asked],
        "found": [documents for _, documents in asked],
        "memory": memory(),
        "disk_mb": disk_mb(Path(task["store"])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", type=Path, help="JSON file written by bench.retrieval")
    given = parser.parse_args()
    print(json.dumps(run(json.loads(given.task.read_text(encoding="utf-8")))))


if __name__ == "__main__":
    main()
