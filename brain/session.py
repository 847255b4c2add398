"""Brain, opened: the parts that the settings name, put together, to be asked."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any

from brain import gen_ai
from brain.answer import Events, answer_events, whole
from brain.answerers import Answerer, make_answerer
from brain.brief import Brief, BriefModel
from brain.closeness import likeness_of
from brain.encoder import BatchingEncoder, Encoder, make_encoder
from brain.index import Index, Scope, open_index
from brain.index.fingerprint import check_manifest, settings_of
from brain.index.generations import current_name, generations_of
from brain.index.lock import SharedLock
from brain.judge import Judge, LLMJudge
from brain.metrics import Metrics
from brain.request import note
from brain.rerank import Reranker, make_reranker
from brain.rerank.step import Reranking
from brain.serving import Serving
from brain.settings import LLMSettings, Settings, load_settings
from brain.sizes import documents_by_source
from brain.spans import span
from brain.tombstones import Gone
from brain.traces import Served, TraceKeeper
from brain.types import Answer, Passages, Question
from brain.verify import Verifier
from brain.verify.verifier import Encode

LONGEST_QUESTION_S = 60
ENDPOINT_LANES = 4
"""Requests to an encoder's server that may be under way at once."""


class Brain:
    """Searches and answers. A context manager; safe to share between tasks and threads.

    with Brain.open(load_settings()) as brain:
        answer = await brain.ask(Question("Combien de temps pour un remboursement ?"))
    """

    def __init__(
        self,
        index: Index,
        encoder: Encoder,
        answerer: Answerer,
        settings: Settings,
        reranker: Reranker | None = None,
        *,
        name: str = "",
        apart: bool = False,
    ) -> None:
        self.settings, self._apart = settings, apart
        self._reranking = Reranking(reranker, settings.rerank)
        self.metrics = Metrics()
        """Counted since this Brain was opened."""
        self._answerer, self._llm = answerer, getattr(answerer, "endpoint", settings.llm)
        self._judge, self._rewriter = (
            _judge(settings, self._llm, self.metrics),
            _rewriter(settings, self._llm, self.metrics),
        )
        if breaker := getattr(answerer, "breaker", None):
            self.metrics.watch("brain_llm_paused", "1 while a failing model is left alone.", lambda: breaker.open)
        self.gone, self.changing = Gone(settings), SharedLock(settings)
        questions = _questions(encoder, settings)
        self._serving = Serving(name, index, questions, settings, self._reranking, self.gone.of)
        self._switching, self._going_over = Lock(), Lock()
        self._traces = TraceKeeper(settings)
        self.metrics.watch_traces(self._traces.counts)
        self.metrics.watch_sizes(self.count, lambda: documents_by_source(settings))

    @classmethod
    def open(cls, settings: Settings, say: Callable[[str], None] = lambda _: None, *, apart: bool = False) -> "Brain":
        """With `apart` an embedded index is in a process of its own, as a service needs it.

        Raises IndexMissingError before the first ingestion, IndexLockedError, IndexMismatchError, EncoderError, RerankError.
        """
        name = current_name(generations_of(settings))
        index = open_index(settings, name, apart=apart)
        try:
            encoder = make_encoder(settings, say)
            check_manifest(index.manifest, settings, encoder)
            answerer, reranker = make_answerer(settings), make_reranker(settings)
            return cls(index, encoder, answerer, settings, reranker, name=name, apart=apart)
        except BaseException:
            index.close()
            raise

    @property
    def index(self) -> Index:
        """The one that is asked now; see `count` where another may take its place meanwhile."""
        return self._serving.index

    async def search(self, question: Question, limit: int = 10, per_document: int | None = None) -> Passages:
        """The best passages that the question's reader may see, at most `per_document` of each document."""
        with self.held() as serving, self.metrics.being("search"):
            return await serving.retriever.search(question, limit, per_document)

    async def ask(self, question: Question, asked_by: str | None = None, *, keep: bool = True) -> Answer:
        """An answer whose every sentence is cited, or a refusal with its reason."""
        return await whole(self.stream(question, asked_by, keep=keep))

    async def stream(self, question: Question, asked_by: str | None = None, *, keep: bool = True) -> Events:
        """The passages to be written from, each sentence as soon as it is known to hold, then the answer. Close it early and the model
        is stopped.

        `asked_by` is what the caller is recorded as beside the trace, to be erased by. Without `keep` the answer is neither kept nor
        counted.
        """
        with self.held() as serving, self.metrics.being("answer"), span("ask") as step:
            verifier = Verifier(_encode(serving))
            like = likeness_of(serving.questions)
            parts = serving.retriever, self._answerer, self.settings.answer, verifier, self._judge, self._rewriter, like
            events = answer_events(question, *parts)
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Answer) and keep:
                        self.metrics.answered(event, self._llm)
                        note(
                            answer=event.id,
                            answered=event.status.value,
                            reason=event.reason.value if event.reason else "",
                        )
                        step.set(gen_ai.answered(event, tell=step.content))
                        self._traces.keep(event, _served(serving, self.settings), asked_by)
                    yield event

    def idle_s(self) -> float:
        """Seconds in which nobody has asked anything."""
        return self._serving.idle_s()

    def trace(self, id: str) -> dict[str, Any] | None:
        """What is kept of an answer, personal data masked; None where nothing is. Reads the database. Raises StoreError."""
        return self._traces.get(id)

    @contextmanager
    def encoding(self) -> Iterator[Encoder]:
        """What questions are encoded by; it stays open meanwhile."""
        with self.held() as serving:
            yield serving.questions

    def flush(self) -> None:
        """Waits, not for ever, until all answers given so far are kept."""
        self._traces.flush()

    def served(self) -> Served:
        """By what answers are made now."""
        with self.held() as serving:
            return _served(serving, self.settings)

    def count(self, scope: Scope | None = None) -> int:
        """How many passages there are."""
        with self.held() as serving:
            return serving.index.count(scope)

    def go_over(self, say: Callable[[str], None] = lambda _: None) -> bool:
        """Asks the index that is current now, if that is another; the old one is closed once its questions are answered.

        Takes seconds where the new one was built with another encoder; questions go on meanwhile. Raises a BrainError, and stays
        with the old one, where the new one can't be asked.
        """
        with self._going_over:
            return self._go_over(say)

    def _go_over(self, say: Callable[[str], None]) -> bool:
        name, old = current_name(generations_of(self.settings)), self._serving
        if name == old.name:
            return False
        new = self._open(name, old, say)
        with self._switching:
            self._serving = new
        while not old.wait(LONGEST_QUESTION_S):
            say("A question to the old index is still being answered.")
        old.index.close()
        if old.questions is not new.questions:
            old.questions.close()
        return True

    def close(self, *, index: bool = True) -> None:
        """Ends all that it has begun. Without `index` that stays open, for another Brain that asks it."""
        self._serving.questions.close()
        self._reranking.close()
        self._answerer.close()
        if index:
            self._serving.index.close()
        self._traces.close()
        self.gone.close()

    def _open(self, name: str, old: Serving, say: Callable[[str], None]) -> Serving:
        generations = generations_of(self.settings)
        settings = settings_of(generations.manifest(name), self.settings)
        index = open_index(settings, name, apart=self._apart)
        try:
            questions = old.questions
            if settings.encoder != old.encoder_settings:
                encoder = make_encoder(settings, say)
                check_manifest(index.manifest, settings, encoder)
                questions = _questions(encoder, settings)
            new = Serving(name, index, questions, settings, self._reranking, self.gone.of)
            # Once, for no caller to wait for what the first question reads from disk; and to see that it works.
            reader = next(iter(settings.access.readers))
            asyncio.run(new.retriever.search(Question("Bonjour, ça marche ?", audience=reader), limit=1))
            return new
        except BaseException:
            index.close()
            raise

    @contextmanager
    def held(self) -> Iterator[Serving]:
        """The index that is asked now, with its parts: it stays open until this is left."""
        with self._switching:
            serving = self._serving.begin()
        try:
            yield serving
        finally:
            serving.end()

    def __enter__(self) -> "Brain":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _questions(encoder: Encoder, settings: Settings) -> BatchingEncoder:
    return BatchingEncoder(encoder, lanes=ENDPOINT_LANES if settings.encoder.provider == "endpoint" else 1)


def _served(serving: Serving, settings: Settings) -> Served:
    return Served(settings, f"{serving.name} ({serving.index.manifest['id']})".strip())


def _encode(serving: Serving) -> Encode | None:
    # The weights know the embedded encoder's cosines, not another's.
    return serving.questions.encode_questions if serving.encoder_settings.provider == "embedded" else None


def _judge(settings: Settings, llm: LLMSettings, metrics: Metrics) -> Judge | None:
    if settings.answer.judge == "none":
        return None
    return LLMJudge(BriefModel(llm, settings.answer.judge_s, metrics.spending(llm, "judge")))


def _rewriter(settings: Settings, llm: LLMSettings, metrics: Metrics) -> Brief | None:
    if settings.answer.provider != "llm" or settings.answer.rewrite == "rules":
        return None
    return BriefModel(llm, settings.answer.rewrite_s, metrics.spending(llm, "rewrite"))


def open_brain(home: Path | None = None, say: Callable[[str], None] = lambda _: None, **overrides: Any) -> Brain:
    """Brain with the settings of file and environment, and `home` where it is given."""
    if home:
        overrides["home"] = home
    return Brain.open(load_settings(**overrides), say)
