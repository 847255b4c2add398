"""What the service needs of acceptance cases: drafts that wait, and a person's word on them.

`eval` has them, which `api` never imports: the entry point group `brain.reviews` names what opens a Review.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Protocol

from brain.errors import ReviewError
from brain.settings import Settings


@dataclass(frozen=True, slots=True)
class WaitingDraft:
    """A proposed case: its fields as plain values, where it comes from, how often it was met, and the answer it comes from."""

    id: str
    case: Mapping[str, Any]
    source: str
    detail: str
    seen: int
    answer_id: str | None


@dataclass(frozen=True, slots=True)
class Production:
    """Answers to one question, in whatever words: the kept record that the draft is made of, and how often it was asked.

    `said`: `reason`, `comment` and `correction` of a thumbs-down, where there was one.
    """

    record: Mapping[str, Any]
    times: int = 1
    said: Mapping[str, str | None] | None = None


class Review(Protocol):
    """Drafts of one tenant. A reader sees those that ask for an audience among `readers`; the others don't exist for it."""

    def propose(self, production: Production) -> tuple[str, bool]:
        """The draft's id, and whether it is new: one that asks the same is only met once more. Raises CaseError."""
        ...

    def waiting(self) -> Sequence[WaitingDraft]:
        """Those that nobody has decided about, the most often met first."""
        ...

    def accept(self, id: str, changes: Mapping[str, Any], by: str) -> None:
        """Makes it a case, as the person left it: `changes` take the place of the fields of the case and of what it expects.

        Raises CaseError where it is no case then, ReviewError where it does not wait.
        """
        ...

    def reject(self, id: str, reason: str, by: str) -> None:
        """Raises ReviewError where it does not wait."""
        ...


class OpensReview(Protocol):
    """What an entry point of the group names."""

    def __call__(self, settings: Settings, tenant: str, readers: Sequence[str]) -> Review: ...


def open_review(settings: Settings, tenant: str, readers: Sequence[str]) -> Review:
    """Raises ReviewError where nothing that has drafts is installed."""
    entry = next(iter(entry_points(group="brain.reviews")), None)
    if entry is None:
        raise ReviewError("Acceptance cases are not installed.", "Install Brain with its package eval.")
    opens: OpensReview = entry.load()
    return opens(settings, tenant, readers)
