"""What the answer path needs of an answerer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from brain.types import Passage, Question, Sentence


@dataclass(frozen=True, slots=True)
class Draft:
    """Cited sentences. No sentences: the passages do not hold the answer. `dropped`: what did not hold, each with why."""

    sentences: tuple[Sentence, ...]
    dropped: tuple[dict[str, str], ...] = ()
    prompt: dict[str, str] | None = None
    model: dict[str, Any] | None = None
    checked: tuple[Sentence, ...] = ()
    """Every sentence that was checked against its passages, those that were removed too."""


class Answerer(Protocol):
    """Writes an answer from passages, each sentence cited."""

    @property
    def name(self) -> str: ...

    async def write(self, question: Question, language: str, passages: Sequence[Passage]) -> Draft:
        """Raises ModelError where the model can't be reached or fails."""
        ...
