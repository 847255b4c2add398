"""For tests of what is built on Brain: an encoder without a model, so that a test neither loads torch nor waits.

monkeypatch.setattr("ingest.run.make_encoder", lambda settings, say: HashEncoder())
"""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from typing import Any

import numpy as np

from brain.encoder.base import Progress, Vectors, normalized
from brain.settings import Settings
from brain.traces.record import Served, record_of
from brain.types import Answer, Citation, PassageTrace, Question, Reason, Scores, Sentence, Status, Trace

_WORD = re.compile(r"\w+")


class HashEncoder:
    """An Encoder whose vectors are counts of hashed words: deterministic, closer the more words two texts share.

    `passages` and `questions` list what it was asked to encode, in order.
    """

    name = "hash-64"
    dimensions = 64

    def __init__(self, seconds_each: float = 0.0) -> None:
        self.passages: list[str] = []
        self.questions: list[str] = []
        self._seconds_each = seconds_each

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        self.questions += texts
        return self._vectors(texts)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.passages += texts
        if progress:
            progress(len(texts))
        return self._vectors(texts)

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        time.sleep(self._seconds_each * len(texts))
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            vectors[row, 0] = 0.1  # no text is without a direction
            for word in _WORD.findall(text.lower()):
                number = int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=4).digest(), "little")
                vectors[row, number % self.dimensions] += 1 if number & 0x80000000 else -1
        return normalized(vectors)


def kept_answer(
    question: Question,
    at: datetime | None = None,
    *,
    reason: Reason | None = None,
    cites: tuple[str, str] | None = None,
    closest: tuple[str, float] | None = None,
    took_ms: float = 10.0,
    usage: dict[str, int] | None = None,
) -> dict[str, Any]:
    """An answer's record as it is kept: refused where there is a `reason`, else answered by the quote that it `cites`.

    `cites` is a document's id and the quote, `closest` a document's id and how close it is.
    """
    moment = at or datetime.now(UTC)
    sentences: tuple[Sentence, ...] = ()
    if cites:
        document, quote = cites
        sentences = (Sentence(quote, (Citation("p", document, (0, len(quote)), quote),)),)
    near = (PassageTrace("p", closest[0], "0" * 64, Scores(1.0, closest[1], close=closest[1])),) if closest else ()
    timings = {"total": took_ms} | ({} if reason else {"first_sentence": took_ms / 2})
    model = {"model": "m", "usage": usage} if usage else None
    trace = Trace(question, question.language or "fr", "extractive", near, model=model, timings=timings)
    id = sha256(f"{question}{moment}".encode()).hexdigest()[:32]
    status = Status.REFUSED if reason else Status.ANSWERED
    answer = Answer(id, status, question.language or "fr", sentences, (), trace, reason)
    return record_of(answer, Served(Settings(), "index"), moment)
