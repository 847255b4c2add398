"""What a scorer is given, and what it gives back."""

from dataclasses import dataclass
from typing import Any, Protocol

from brain.text.language import detect
from eval.cases import Case


@dataclass(frozen=True, slots=True)
class ScoreValue:
    """One metric of one answer. `value` is None where it could not be computed, and `reason` says why: that is never a 0."""

    metric: str
    value: float | None
    reason: str = ""
    detail: str = ""
    """What a person may want to know of it, such as which fact is missing or what the judge wrote."""


def unscored(metric: str, reason: str) -> ScoreValue:
    return ScoreValue(metric, None, reason)


@dataclass(frozen=True, slots=True)
class Stored:
    """A case with one stored answer: `answer` is `Answer.to_dict()`, `record` the line around it."""

    case: Case
    variant: str
    repeat: int
    answer: dict[str, Any]
    record: dict[str, Any]

    @property
    def text(self) -> str:
        return str(self.answer["text"])

    @property
    def answered(self) -> bool:
        return bool(self.answer["sentences"])

    @property
    def language(self) -> str:
        """That of the case, or of the question as it was detected."""
        return self.case.language or str(self.answer.get("language") or detect(self.case.text))

    @property
    def contexts(self) -> list[str]:
        return [str(passage["text"]) for passage in self.answer["passages"]]

    @property
    def ranked(self) -> list[str]:
        """Documents of the passages, best first, each once."""
        return list(dict.fromkeys(str(passage["document_id"]) for passage in self.answer["passages"]))

    @property
    def cited(self) -> list[str]:
        """The document of each citation."""
        return [str(c["document_id"]) for sentence in self.answer["sentences"] for c in sentence["citations"]]


class Scorer(Protocol):
    """Scores one answer. What is not asked of the case is left out; what fails is unscored, with the reason."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names that it may give, the main one first."""
        ...

    async def score(self, stored: Stored) -> list[ScoreValue]: ...


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of one answer."""

    case: str
    variant: str
    repeat: int
    values: tuple[ScoreValue, ...]
