"""Asks a home of `bench.retrieval`: how long questions take, how many a second, memory, recall, quality. Prints one JSON object.

Example: python -m bench.side_ask /data/work/home /data/cases.jsonl --settings '{"quantization": {"kind": "int8"}}'
"""

import argparse
import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

from bench.measure import percentiles
from bench.memory import memory
from brain.encoder import make_encoder
from brain.index.base import DENSE, Hit, Scope, Search
from brain.session import Brain
from brain.settings import load_settings
from brain.types import Question
from eval.cases import Case, load_cases
from eval.metrics import hit

CLIENTS = (1, 4, 16)
TOP = 10
WARM_UP = 20
ASKED = 320
"""Questions in a measurement of throughput; the list is gone through again until they are enough."""


async def alone(brain: Brain, questions: Sequence[Question]) -> dict[str, dict[str, float]]:
    """Milliseconds of each stage and in total, one question at a time."""
    timings = []
    for question in questions:
        start = perf_counter()
        found = await brain.search(question, TOP)
        timings.append(found.timings | {"total": 1e3 * (perf_counter() - start)})
    return {
        name: percentiles([timing[stage] for timing in timings])
        for name, stage in (("encode", "encode"), ("query", "search"), ("total", "total"))
    }


async def together(brain: Brain, questions: Sequence[Question], clients: int) -> float:
    """Questions a second that so many clients get, each with one question under way."""
    many = iter((list(questions) * ASKED)[:ASKED])

    async def client() -> None:
        for question in many:
            await brain.search(question, TOP)

    start = perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return ASKED / (perf_counter() - start)


def recall(brain: Brain, questions: Sequence[Question]) -> dict[str, float]:
    """Of what an exact search by meaning finds, the share that Brain's own search finds: of the first ten, and of all candidates."""
    limit = brain.settings.retrieval.candidates
    vectors = make_encoder(brain.settings).encode_questions([question.text for question in questions]).tolist()
    asked = [(Search(DENSE, vector, limit), scope_of(brain, q)) for q, vector in zip(questions, vectors, strict=True)]
    found = [brain.index.search([search], scope)[0] for search, scope in asked]
    with exactly(brain.index):
        exact = [brain.index.search([search], scope)[0] for search, scope in asked]
    return {str(k): mean(_share(f[:k], e[:k]) for f, e in zip(found, exact, strict=True)) for k in (TOP, limit)}


def _share(found: Sequence[Hit], exact: Sequence[Hit]) -> float:
    wanted = {hit.id for hit in exact}
    return len(wanted & {hit.id for hit in found}) / max(1, len(wanted))


def scope_of(brain: Brain, question: Question) -> Scope:
    """What a search is restricted to, as the retriever has it."""
    return Scope(question.tenant, brain.settings.access.readers[question.audience], valid_on=date.today())


@contextmanager
def exactly(index: Any) -> Iterator[None]:
    """Lets an embedded index compare each vector with the question's, the stored ones themselves."""
    import qdrant_edge as qe

    usual = index._params
    index._params = qe.SearchParams(exact=True, quantization=qe.QuantizationSearchParams(ignore=True))
    yield
    index._params = usual


async def quality(brain: Brain, cases: Sequence[Case], questions: Sequence[Question]) -> dict[str, float]:
    """Share of the questions whose page is the first found, or among the first five."""
    found = [(await brain.search(question, TOP)).by_document() for question in questions]
    gold = [frozenset(case.expect.documents or ()) for case in cases]
    return {str(k): mean(hit(list(ids), g, k) for ids, g in zip(found, gold, strict=True)) for k in (1, 5)}


async def run(brain: Brain, cases: Sequence[Case], repeat: int) -> dict[str, Any]:
    """Everything, memory after all questions but before the exact search, which reads every vector."""
    questions = [Question(case.text) for case in cases]
    before = memory()
    await alone(brain, (questions * WARM_UP)[:WARM_UP])
    timing = await alone(brain, questions * repeat)
    rates = {str(clients): await together(brain, questions, clients) for clients in CLIENTS}
    return {
        "passages": brain.index.count(),
        "ms": timing,
        "clients": rates,
        "hits": await quality(brain, cases, questions),
        "memory_opened": before,
        "memory": memory(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("cases", type=Path, help="JSONL file of cases: the questions")
    parser.add_argument("--settings", type=json.loads, default={}, help="of the index, as JSON")
    parser.add_argument("--repeat", type=int, default=4, help="passes through the questions [4]")
    given = parser.parse_args()
    cases = [case for case in load_cases(given.cases) if case.expect.documents]
    start = perf_counter()
    with Brain.open(load_settings(home=given.home, index=given.settings)) as brain:
        figures = {"open_s": perf_counter() - start} | asyncio.run(run(brain, cases, given.repeat))
        questions = [Question(case.text) for case in cases]
        print(json.dumps(figures | {"recall": recall(brain, questions)}))


if __name__ == "__main__":
    main()
