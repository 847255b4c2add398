"""What happened since the start, counted for Prometheus: questions, sentences, stages, the model, what waits, the index.

No label has values that a caller can choose: neither a tenant, nor a key, nor a word of anyone's. docs/operations.md lists them all.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from brain.errors import BrainError
from brain.settings import LLMSettings
from brain.text.language import SUPPORTED
from brain.types import Answer

if TYPE_CHECKING:
    from brain.answerers.llm_client import Call

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
"""Upper bounds of a histogram's classes."""
STAGES = ("rewrite", "retrieve", "encode", "search", "rerank", "sufficiency", "write", "verify", "total")
MILLION = 1e6
SIZES_S = 30
"""How long the counts of documents are remembered: they are read from the database."""
_log = logging.getLogger(__name__)


class Metrics:
    """One for each Brain, in a registry of its own. Safe to share between threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own: Any = {"registry": self.registry}
        self._answers = Counter(
            "brain_answers", "Questions by how they ended.", ("status", "reason", "language"), **own
        )
        self._sentences = Counter(
            "brain_sentences", "Sentences: verified, marked as not verified, or removed.", ("outcome",), **own
        )
        self._stages = Histogram(
            "brain_stage_seconds", "Time of a question's stages.", ("stage",), buckets=SECONDS, **own
        )
        self._first = Histogram(
            "brain_first_sentence_seconds", "From the question to the first verified sentence.", buckets=SECONDS, **own
        )
        self._tokens = Counter(
            "brain_llm_tokens", "Tokens of the language model.", ("model", "purpose", "direction"), **own
        )
        self._cost = Counter(
            "brain_llm_cost", "By llm.price_in and llm.price_out, in their currency.", ("model", "purpose"), **own
        )
        self._failures = Counter(
            "brain_llm_failures", "Answers whose model failed, or was left alone.", ("model", "kind"), **own
        )
        self._first_token = Histogram(
            "brain_llm_first_token_seconds", "Wait for the model's first word.", ("model",), buckets=SECONDS, **own
        )
        self._in_flight = Gauge("brain_in_flight", "Questions and searches being answered now.", ("what",), **own)

    def answered(self, answer: Answer, llm: LLMSettings | None = None) -> None:
        """Counts all that is to be counted of an answer."""
        language = answer.language if answer.language in SUPPORTED else "other"
        self._answers.labels(answer.status.value, answer.reason.value if answer.reason else "", language).inc()
        self._count_sentences(answer)
        timings = answer.trace.timings
        for stage in STAGES:
            if stage in timings:
                self._stages.labels(stage).observe(timings[stage] / 1e3)
        if "first_sentence" in timings:
            self._first.observe(timings["first_sentence"] / 1e3)
        model = answer.trace.model or {}
        if failure := model.get("failure"):
            self._failures.labels(model["model"], failure).inc()
        if first := model.get("first_token_ms"):
            self._first_token.labels(model["model"]).observe(first / 1e3)
        if llm and model:
            self.spent(llm, "answer", model.get("usage", {}))

    def spent(self, llm: LLMSettings, purpose: str, usage: Mapping[str, int]) -> None:
        """Tokens of one call of the model, and what they cost."""
        counts = {"in": usage.get("prompt_tokens", 0), "out": usage.get("completion_tokens", 0)}
        for direction, count in counts.items():
            if count:
                self._tokens.labels(llm.model, purpose, direction).inc(count)
        if cost := (counts["in"] * llm.price_in + counts["out"] * llm.price_out) / MILLION:
            self._cost.labels(llm.model, purpose).inc(cost)

    def spending(self, llm: LLMSettings, purpose: str) -> "Callable[[Call], None]":
        """For a part that calls the model by itself."""
        return lambda call: self.spent(llm, purpose, call.usage)

    @contextmanager
    def being(self, what: str) -> Iterator[None]:
        """Something of a question is under way."""
        with self._in_flight.labels(what).track_inprogress():
            yield

    def watch(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """A value that is looked at when it is asked for."""
        Gauge(name, meaning, registry=self.registry).set_function(value)

    def watch_traces(self, counts: Callable[[], Mapping[str, int]]) -> None:
        self.registry.register(_Collected(lambda: _traces(counts())))

    def watch_sizes(self, passages: Callable[[], int], documents: Callable[[], Mapping[str, int]]) -> None:
        """The index's passages, and the documents by source."""
        self.registry.register(_Collected(_Remembered(lambda: list(_sizes(passages, documents)))))

    def _count_sentences(self, answer: Answer) -> None:
        verified = sum(s.support is None or s.support.supported for s in answer.sentences)
        removed = sum(sentence not in answer.sentences for sentence in answer.trace.checked)
        counts = {"verified": verified, "marked": len(answer.sentences) - verified, "removed": removed}
        for outcome, count in counts.items():
            self._sentences.labels(outcome).inc(count)


class _Collected:
    """As a registry asks for it, whenever it is scraped."""

    def __init__(self, found: Callable[[], Iterable[Metric]]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found()

    def describe(self) -> Iterable[Metric]:
        """Nothing is looked at before the first scrape."""
        return ()


class _Remembered:
    """For a while, and while it can't be read anew."""

    def __init__(self, read: Callable[[], list[Metric]]) -> None:
        self._read, self._lock = read, Lock()
        self._known: list[Metric] = []
        self._until = 0.0

    def __call__(self) -> list[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._until = time.monotonic() + SIZES_S
                try:
                    self._known = self._read()
                except BrainError as error:
                    _log.warning("the index's size could not be read: %s", error)
            return self._known


def _traces(counts: Mapping[str, int]) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("brain_traces_waiting", "Answers' records that wait to be written.")
    waiting.add_metric((), counts["waiting"])
    yield waiting
    for name, meaning in (("kept", "Answers' records written."), ("lost", "Answers' records that were lost.")):
        yield CounterMetricFamily(f"brain_traces_{name}", meaning, value=counts[name])


def _sizes(passages: Callable[[], int], documents: Callable[[], Mapping[str, int]]) -> Iterator[Metric]:
    stored: Any = GaugeMetricFamily("brain_index_passages", "Passages in the index.")
    stored.add_metric((), passages())
    yield stored
    known = GaugeMetricFamily("brain_documents", "Documents by source.", labels=("source",))
    for source, count in documents().items():
        known.add_metric((source,), count)
    yield known
