"""What the answer path needs of an answerer."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Protocol

from brain.types import Around, Passages, Question, Sentence


@dataclass(frozen=True, slots=True)
class Draft:
    """Cited sentences. No sentences: the passages do not hold the answer. `dropped`: what did not hold, each with why."""

    sentences: tuple[Sentence, ...] = ()
    dropped: tuple[dict[str, str], ...] = ()
    prompt: dict[str, str] | None = None
    model: dict[str, Any] | None = None
    checked: tuple[Sentence, ...] = ()
    """Every sentence that was checked against its passages, those that were removed too."""
    no_answer: bool = False
    """Whether the model says that the passages do not answer."""

    def __add__(self, more: "Draft") -> "Draft":
        return Draft(
            self.sentences + more.sentences,
            self.dropped + more.dropped,
            more.prompt or self.prompt,
            more.model or self.model,
            self.checked + more.checked,
            self.no_answer or more.no_answer,
        )


class Answerer(Protocol):
    """Writes an answer from passages, each sentence cited."""

    @property
    def name(self) -> str: ...

    def reads(self, question: Question) -> Around:
        """What it wants of the passages' documents besides."""
        ...

    def write(self, question: Question, language: str, passages: Passages) -> AsyncGenerator[Draft, None]:
        """The draft in pieces, each as soon as it is written.

        Raises ModelError where the model can't be reached or fails; the pieces before stay what they are.
        """
        ...

    def close(self) -> None: ...
