"""Concurrent questions in one forward pass (micro-batching), around any encoder."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from brain.encoder.base import Encoder, Progress, Vectors
from brain.errors import EncoderError

MOST_TEXTS = 32
KNOWN = 16
"""Vectors kept: enough for the searches that one question leads to; a benchmark's round of questions must not fit."""


class _Batch:
    """Texts that go together. `vectors` is set before anyone can see the batch."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.vectors: Future[Vectors]


class BatchingEncoder:
    """An Encoder: questions that come while another is being encoded wait, and then go in one call. Thread-safe.

    A lone question is not delayed. An error of the encoder reaches every caller of its batch, and no other. `lanes` is
    how many calls may go on at once: 1 for a model in this process, more for a server.
    """

    def __init__(self, encoder: Encoder, lanes: int = 1) -> None:
        self._encoder = encoder
        self._threads = ThreadPoolExecutor(lanes, "questions")
        self._lock = threading.Lock()
        self._open: _Batch | None = None
        self._known: OrderedDict[str, Vectors] = OrderedDict()

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Raises EncoderError once closed."""
        if len(texts) != 1:
            return self._together(texts)
        text = texts[0]
        with self._lock:
            known = self._known.get(text)
        if known is None:
            known = self._together(texts).copy()
            with self._lock:
                self._known[text] = known
                if len(self._known) > KNOWN:
                    self._known.popitem(last=False)
        return known.copy()

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return self._encoder.encode_passages(texts, progress)

    def close(self) -> None:
        """Waits for the questions that are being encoded. The encoder itself stays open."""
        self._threads.shutdown()

    def _together(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            batch = self._batch(len(texts))
            start = len(batch.texts)
            batch.texts += texts
        return batch.vectors.result()[start : start + len(texts)]

    def _batch(self, more: int) -> _Batch:
        """The batch that has not begun, where there is room in it; else a new one."""
        if self._open and len(self._open.texts) + more <= MOST_TEXTS:
            return self._open
        batch = _Batch()
        try:
            batch.vectors = self._threads.submit(self._run, batch)
        except RuntimeError as error:
            raise EncoderError("The encoder is closed.", "Open Brain again.") from error
        self._open = batch
        return batch

    def _run(self, batch: _Batch) -> Vectors:
        with self._lock:  # from here on nobody joins
            if self._open is batch:
                self._open = None
        return self._encoder.encode_questions(batch.texts)
