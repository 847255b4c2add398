"""How close a passage is to a question, without what all texts have in common.

Vectors of one encoder crowd into a narrow cone: two French sentences on nothing alike have a cosine of 0.85, and a question in
one language needs another cosine than one in the next. Taking out the mean and the few directions in which all texts vary most (the
language, the register) makes cosines comparable between knowledge bases (Mu & Viswanath, "All-but-the-top", ICLR 2018). They
belong to the encoder and come with Brain for the embedded one; `bench/refusing.py` measures them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from brain.encoder.base import Encoder, normalized
from brain.encoder.e5 import FOLDER
from brain.types import Passages

Vectors = npt.NDArray[np.float32]
Likeness = Callable[[Sequence[str]], Vectors]
DATA = "e5_common.npy"
DIRECTIONS = 3


@dataclass(frozen=True, slots=True)
class Closeness:
    """What all questions and all passages of one encoder have in common: their means (dimensions,), and `directions`
    (`DIRECTIONS`, dimensions), of length 1 and at right angles to each other."""

    questions: Vectors
    passages: Vectors
    directions: Vectors

    @classmethod
    def measured_on(cls, questions: Vectors, passages: Vectors) -> "Closeness":
        """That of these vectors, shapes (texts, dimensions)."""
        means = questions.mean(axis=0), passages.mean(axis=0)
        together = np.vstack([questions - means[0], passages - means[1]])
        return cls(*means, np.linalg.svd(together, full_matrices=False)[2][:DIRECTIONS])

    def measured(
        self, passages: Passages, question: Sequence[float], vectors: Mapping[str, Sequence[float]]
    ) -> Passages:
        """The passages with how close each is, and how far the question stands out. `vectors` by the passages' ids."""
        own = self._without(np.asarray(question, np.float32) - self.questions)
        there = [passage.id for passage in passages if passage.id in vectors]
        rows = np.asarray([vectors[id] for id in there], np.float32).reshape(len(there), len(own)) - self.passages
        cosines = normalized(self._without(rows)) @ normalized(own[None])[0]
        of = dict(zip(there, map(float, cosines), strict=True))
        items = (replace(p, scores=replace(p.scores, close=of.get(p.id))) for p in passages)
        return replace(passages, items=tuple(items), standing=float(np.linalg.norm(own)))

    def likeness(self, questions: Vectors) -> Vectors:
        """How like each of these texts, encoded as questions, is to each of them: cosines, (texts, texts)."""
        rows = self.apart(questions)
        return rows @ rows.T

    def apart(self, questions: Vectors) -> Vectors:
        """These texts, encoded as questions, without what all questions have in common; rows of length 1."""
        return normalized(self._without(questions - self.questions))

    def across(self, question: Sequence[float]) -> list[float]:
        """The question's vector, of length 1, to search passages of another language with: drawn to what sets the question apart.

        What texts share is their language first of all: a French question is closest to whatever looks most French.
        """
        raw = np.asarray(question, np.float32)
        mixed: list[float] = normalized(raw[None] + self.apart(raw[None]))[0].tolist()
        return mixed

    def _without(self, vectors: Vectors) -> Vectors:
        along: Vectors = vectors @ self.directions.T
        return vectors - along @ self.directions


def likeness_of(encoder: Encoder) -> Likeness | None:
    """How like texts are, by an encoder's vectors; None of all but the embedded one."""
    closeness = closeness_of(encoder.name)
    return (lambda texts: closeness.likeness(encoder.encode_questions(texts))) if closeness else None


@lru_cache
def closeness_of(encoder: str) -> Closeness | None:
    """That of an encoder by its name; None of all but the embedded one."""
    if encoder != FOLDER:
        return None
    with (files("brain.encoder") / DATA).open("rb") as file:
        rows = np.load(file)
    return Closeness(rows[0], rows[1], rows[2:])
