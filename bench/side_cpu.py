"""Processor time of extractive answers by stage, of whatever `brain` is on the path. Prints one JSON object; `bench.cpu` starts it.

A stage is what a function takes less the stages within it. One question is under way at a time, so the process's own clock, which
counts all of its threads, tells the encoder's threads too. The time of traces, which are written aside, is measured apart.

Example: PYTHONPATH=/other/checkout python -c "import runpy; runpy.run_path('bench/side_cpu.py', run_name='__main__')" HOME CASES
"""

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from time import process_time, thread_time
from typing import Any

import psutil

from brain.session import Brain
from brain.settings import load_settings
from eval.cases import load_cases

WARM_UP = 20
STAGES = {
    "encode the question": ("brain.encoder.bert:BertEncoder.encode_questions",),
    "hand it to the encoder's thread": ("brain.encoder.batching:BatchingEncoder.encode_questions",),
    "ask the index (own side)": ("brain.index.worker:Worker.call",),
    "hits, vectors, passages": (
        "brain.index.process:hits_of",
        "brain.shortlist:passage_of",
        "brain.rankings:question_vector",
        "brain.closeness:Closeness.measured",
    ),
    "fuse rankings": ("brain.rankings:fuse", "brain.rankings:_joined"),
    "choose from the ranking": ("brain.shortlist:Shortlist.take",),
    "language, small talk": ("brain.answer:unasked", "brain.answer:in_its_language"),
    "sufficiency": ("brain.answer:assess",),
    "contradictions": ("brain.answer:conflict",),
    "choose sentences": ("brain.answerers.extractive:ExtractiveAnswerer.quote",),
    "check and show sentences": (
        "brain.verify.gate:Gate.__init__",
        "brain.verify.gate:Gate.add",
        "brain.verify.gate:Gate.end",
        "brain.verify.verifier:Verifier.check",
    ),
    "put the answer together": ("brain.answer:ended",),
}
TRACES = "brain.traces.keeper:TraceKeeper._write"


class Spent:
    """Seconds by stage, of functions that are replaced by timed ones."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._clock, self._within = clock, [0.0]

    def watch(self, stage: str, place: str) -> None:
        module, _, path = place.partition(":")
        *owners, name = path.split(".")
        owner: Any = import_module(module)
        for inner in owners:
            owner = getattr(owner, inner)
        setattr(owner, name, self._timed(stage, getattr(owner, name)))

    def _timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*given: Any, **named: Any) -> Any:
            self._within.append(0.0)
            start = self._clock()
            try:
                return function(*given, **named)
            finally:
                took = self._clock() - start
                self.seconds[stage] += took - self._within.pop()
                self._within[-1] += took

        return timed


def measured(home: Path, cases: Path, most: int) -> dict[str, Any]:
    """Milliseconds a question: of each stage, in all, and of the index's own process."""
    stages, traces = Spent(process_time), Spent(thread_time)
    for stage, places in STAGES.items():
        for place in places:
            stages.watch(stage, place)
    traces.watch("traces", TRACES)
    given = {"provider": "extractive"}
    questions = [case.to_question("public", "default") for case in load_cases(cases)]
    warm_up, asked = questions[:WARM_UP], questions[WARM_UP:][:most]
    with Brain.open(load_settings(home=home, answer=given, traces={"enabled": False}), apart=True) as brain:
        asyncio.run(_ask(brain, warm_up))
        stages.seconds.clear()
        own, index = process_time(), _children_s()
        asyncio.run(_ask(brain, asked))
        own, index = process_time() - own, _children_s() - index
    known = {stage: stages.seconds[stage] for stage in STAGES}
    with Brain.open(load_settings(home=home, answer=given), apart=True) as brain:
        asyncio.run(_ask(brain, warm_up))
        brain._traces.flush()
        traces.seconds.clear()
        asyncio.run(_ask(brain, asked))
        brain._traces.flush()
    found = known | {"between the stages": own - sum(known.values())}
    found |= {"index's process": index, "keep the trace": traces.seconds["traces"]}
    return {"questions": len(asked), "ms": {stage: 1e3 * spent / len(asked) for stage, spent in found.items()}}


def _children_s() -> float:
    return float(sum(sum(child.cpu_times()[:2]) for child in psutil.Process().children()))


async def _ask(brain: Brain, questions: Any) -> None:
    for question in questions:
        await brain.ask(question)


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
