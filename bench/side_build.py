"""Builds an embedded index of a corpus of `bench.retrieval` in a fresh home, and optimises it. Prints one JSON object.

Example: python -m bench.side_build /data/work 100000 /data/work/home --settings '{"quantization": {"kind": "int8"}}'
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from bench.corpus import Jitter, Work, passages, point, real_vectors
from brain.encoder import make_encoder
from brain.index import create_index
from brain.index.base import Point
from brain.settings import Settings, load_settings

BATCH = 500


def points(work: Work, count: int, dimensions: int, settings: Settings, seed: int) -> Iterator[list[Point]]:
    """The corpus, in batches."""
    found = passages(work, count, seed)
    jitter, first = Jitter(real_vectors(work, dimensions), seed), 0
    while batch := list(islice(found, BATCH)):
        vectors = jitter.vectors(first, len(batch)).tolist()
        yield [
            point(document, chunk, dense, settings.sparse)
            for (document, chunk), dense in zip(batch, vectors, strict=True)
        ]
        first += len(batch)


def timed(call: Callable[[], Any]) -> float:
    """Seconds that the call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def build(work: Work, count: int, settings: Settings, seed: int) -> dict[str, float]:
    """Seconds of storing, of optimising, and both together; making the points (a file read, BM25) is left out."""
    encoder = make_encoder(settings)
    index = create_index(settings, encoder)
    store_s = sum(
        timed(lambda batch=batch: index.upsert(batch))
        for batch in points(work, count, encoder.dimensions, settings, seed)
    )
    store_s += timed(index.flush)
    index.close()
    return {"store_s": store_s, "optimise_s": timed(lambda: optimise(settings))}


def optimise(settings: Settings) -> None:
    """Builds what large indexes are searched by. In the process that serves, it would stop the service for its whole length."""
    import qdrant_edge as qe

    from brain.index.edge import SHARD

    shard = qe.EdgeShard.load(str(settings.home / "index" / SHARD))
    shard.optimize()
    shard.flush()
    shard.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("count", type=int, help="passages")
    parser.add_argument("home", type=Path, help="a fresh home")
    parser.add_argument("--settings", type=json.loads, default={}, help="of the index, as JSON")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    settings = load_settings(home=given.home, index=given.settings)
    print(json.dumps(build(Work(given.work), given.count, settings, given.seed)))


if __name__ == "__main__":
    main()
