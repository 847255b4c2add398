"""Brain, opened: the parts that the settings name, put together, to be asked."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from brain.answer import answer
from brain.answerers import Answerer, make_answerer
from brain.encoder import BatchingEncoder, Encoder, make_encoder
from brain.index import Index, open_index
from brain.index.fingerprint import check_manifest
from brain.rerank import Reranker, make_reranker
from brain.rerank.step import Reranking
from brain.retrieve import Retriever
from brain.settings import Settings, load_settings
from brain.types import Answer, Passages, Question
from brain.verify import Verifier

ENDPOINT_LANES = 4
"""Requests to an encoder's server that may be under way at once."""


class Brain:
    """Searches and answers. A context manager; safe to share between tasks and threads.

    with Brain.open(load_settings()) as brain:
        answer = await brain.ask(Question("Combien de temps pour un remboursement ?"))
    """

    def __init__(
        self, index: Index, encoder: Encoder, answerer: Answerer, settings: Settings, reranker: Reranker | None = None
    ) -> None:
        self.index, self.settings = index, settings
        self._questions = BatchingEncoder(
            encoder, lanes=ENDPOINT_LANES if settings.encoder.provider == "endpoint" else 1
        )
        self._reranking = Reranking(reranker, settings.rerank)
        self._retriever = Retriever(index, self._questions, settings, self._reranking)
        self._answerer = answerer
        # The weights know the embedded encoder's cosines, not another's.
        encode = self._questions.encode_questions if settings.encoder.provider == "embedded" else None
        self._verifier = Verifier(settings.answer.unsupported, encode)

    @classmethod
    def open(cls, settings: Settings, say: Callable[[str], None] = lambda _: None) -> "Brain":
        """Raises IndexMissingError before the first ingestion, IndexLockedError, IndexMismatchError, EncoderError,
        RerankError."""
        index = open_index(settings)
        try:
            encoder = make_encoder(settings, say)
            check_manifest(index.manifest, settings, encoder)
            return cls(index, encoder, make_answerer(settings), settings, make_reranker(settings))
        except BaseException:
            index.close()
            raise

    async def search(self, question: Question, limit: int = 10, per_document: int | None = None) -> Passages:
        """The best passages that the question's reader may see, at most `per_document` of each document."""
        return await self._retriever.search(question, limit, per_document)

    async def ask(self, question: Question) -> Answer:
        """An answer whose every sentence is cited, or a refusal with its reason."""
        return await answer(question, self._retriever, self._answerer, self.settings.answer, self._verifier)

    def close(self) -> None:
        self._questions.close()
        self._reranking.close()
        self.index.close()

    def __enter__(self) -> "Brain":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_brain(home: Path | None = None, say: Callable[[str], None] = lambda _: None, **overrides: Any) -> Brain:
    """Brain with the settings of file and environment, and `home` where it is given."""
    if home:
        overrides["home"] = home
    return Brain.open(load_settings(**overrides), say)
