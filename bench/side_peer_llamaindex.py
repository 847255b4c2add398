"""LlamaIndex's hybrid store on a local Qdrant folder, given texts and vectors: a task of `bench.retrieval`. Prints one JSON object.

Example: python -m bench.side_peer_llamaindex task.json
"""

import argparse
import json
import warnings
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from bench.memory import disk_mb, memory
from bench.side_llamaindex import COLLECTION, TOP, store

BATCH = 500
WARM_UP = 5


def fill(vector_store: Any, task: dict[str, Any]) -> None:
    """Stores every text with its vector and document."""
    from llama_index.core.schema import TextNode

    nodes = (
        TextNode(text=text, embedding=vector.tolist(), metadata={"document": document})
        for text, vector, document in zip(task["texts"], np.load(task["vectors"]), task["documents"], strict=True)
    )
    while batch := list(islice(nodes, BATCH)):
        vector_store.add(batch)


def ask(vector_store: Any, question: str, vector: list[float]) -> tuple[float, list[str]]:
    """Milliseconds, and the documents found, best first."""
    from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

    start = perf_counter()
    found = vector_store.query(
        VectorStoreQuery(
            query_embedding=vector,
            query_str=question,
            similarity_top_k=TOP,
            sparse_top_k=TOP,
            mode=VectorStoreQueryMode.HYBRID,
        )
    )
    took = 1e3 * (perf_counter() - start)
    return took, list(dict.fromkeys(node.metadata["document"] for node in found.nodes))


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Stores, asks."""
    from qdrant_client import QdrantClient

    client = QdrantClient(path=task["store"])
    vector_store, start = store(client), perf_counter()
    fill(vector_store, task)
    build_s = perf_counter() - start
    questions = list(zip(task["questions"], np.load(task["question_vectors"]).tolist(), strict=True))
    for question in questions[:WARM_UP]:
        ask(vector_store, *question)
    asked = [ask(vector_store, *question) for question in questions]
    figures = {
        "passages": client.count(COLLECTION).count,
        "build_s": build_s,
        "query_ms": [took for took, _ in asked],
        "found": [documents for _, documents in asked],
        "memory": memory(),
    }
    client.close()
    return figures | {"disk_mb": disk_mb(Path(task["store"]))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", type=Path, help="JSON file written by bench.retrieval")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(json.dumps(run(json.loads(given.task.read_text(encoding="utf-8")))))


if __name__ == "__main__":
    main()
