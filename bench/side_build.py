"""Stores a corpus of `bench.retrieval` in a fresh home, or optimises what is stored there. Prints one JSON object.

Example: python -m bench.side_build /data/work /data/home --count 100000 --settings '{"quantization": {"kind": "int8"}}'
         python -m bench.side_build /data/work /data/home --optimise
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
from brain.index import create_index, open_index
from brain.index.base import Point
from brain.index.edge import EdgeIndex
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


def store(work: Work, count: int, settings: Settings, seed: int) -> float:
    """Seconds of storing; making the points (a file read, BM25) is left out."""
    encoder = make_encoder(settings)
    index = create_index(settings, encoder)
    batches = points(work, count, encoder.dimensions, settings, seed)
    spent = sum(timed(lambda batch=batch: index.upsert(batch)) for batch in batches)
    spent += timed(index.flush)
    index.close()
    return spent


def optimise(settings: Settings) -> float:
    """Seconds of building what large indexes are searched by. In the process that serves, it would stop the service meanwhile."""
    index = open_index(settings)
    assert isinstance(index, EdgeIndex)
    seconds = timed(index.optimize) + timed(index.flush)
    index.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("home", type=Path, help="a fresh home, or with --optimise a stored one")
    parser.add_argument("--count", type=int, default=0, help="passages to store")
    parser.add_argument("--optimise", action="store_true")
    parser.add_argument("--settings", type=json.loads, default={}, help="of the index, as JSON")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    settings = load_settings(home=given.home, index=given.settings)
    start = time.process_time()
    wall_s = optimise(settings) if given.optimise else store(Work(given.work), given.count, settings, given.seed)
    print(json.dumps({"wall_s": wall_s, "cpu_s": time.process_time() - start}))


if __name__ == "__main__":
    main()
