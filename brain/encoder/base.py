"""What the rest of Brain needs of an encoder."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimensions), rows of length 1."""

Progress = Callable[[int], None]
"""Called with the number of texts just encoded."""


class Encoder(Protocol):
    """Turns texts into unit vectors; questions and passages may be prefixed differently."""

    @property
    def name(self) -> str:
        """Identifies the vectors: two encoders of one name give interchangeable vectors. Goes into the fingerprint."""
        ...

    @property
    def dimensions(self) -> int: ...

    def encode_questions(self, texts: Sequence[str]) -> Vectors: ...

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors: ...


def normalized(vectors: npt.ArrayLike) -> Vectors:
    """Rows scaled to length 1 in float32 (half-precision arithmetic leaves them up to 1 % off); a zero row stays zero."""
    array = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    return np.asarray(array / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def longest_first(texts: Sequence[str]) -> list[int]:
    """The order in which to encode: texts of one length share a batch, and the largest batch comes first."""
    return sorted(range(len(texts)), key=lambda i: -len(texts[i]))
