"""For tests of what is built on Brain: an encoder without a model, so that a test neither loads torch nor waits.

monkeypatch.setattr("ingest.run.make_encoder", lambda settings, say: HashEncoder())
"""

import re
import time
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from brain.encoder.base import Progress, Vectors, normalized

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
