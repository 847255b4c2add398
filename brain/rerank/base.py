"""What the rest of Brain needs of a reranker."""

import math
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from brain.errors import RerankError


class Reranker(Protocol):
    """Scores texts beside a question. Thread-safe."""

    @property
    def name(self) -> str: ...

    def score(self, question: str, texts: Sequence[str]) -> Future[list[float]]:
        """Started on a thread of the reranker's own: one score for each text, higher is better, on any scale.

        Returns at once. The future fails with RerankError; it may never end, so wait with a timeout, and cancel.
        """
        ...

    def close(self) -> None: ...


def checked_scores(scores: Sequence[float], expected: int, who: str) -> list[float]:
    """The scores, or RerankError where one is missing, too many or no number: an order made of them would mean nothing."""
    if len(scores) != expected:
        raise RerankError(f"{who} gave {len(scores)} scores for {expected} texts.")
    if not all(map(math.isfinite, scores)):
        raise RerankError(f"{who} gave a score that is not a finite number.")
    return list(scores)
