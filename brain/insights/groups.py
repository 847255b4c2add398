"""Groups of questions that were asked in vain: what is shown of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from brain.insights.views import Window

EXAMPLES = 5
MOST_SHOWN = 300
"""Questions of one group that are listed."""


class Asked(NamedTuple):
    """An answer that was refused or disliked."""

    id: str
    at: str
    audience: str
    language: str
    status: str
    reason: str | None
    key: str
    question: str
    group: str
    central: float | None
    closest_id: str | None
    closest: float | None
    disliked: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A question in its own words: how often it was asked in vain, and the last time."""

    key: str
    question: str
    count: int
    answer_id: str
    at: str
    status: str
    reason: str | None
    disliked: bool
    audience: str
    language: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """The article closest to a group's questions: of so many of them; `closeness` is the closest one's."""

    document_id: str
    title: str
    url: str | None
    questions: int
    closeness: float


@dataclass(frozen=True, slots=True)
class Note:
    """What was done about a group; see `NoteRow`."""

    id: str
    kind: str
    at: str
    by: str
    document_id: str | None
    text: str | None
    found: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class After:
    """How the group's questions ended since an article was written."""

    since: str
    asked: int
    answered: int
    refused: int


@dataclass(frozen=True, slots=True)
class Group:
    """`label`: the most central question, in its own words. `trend`: how many in each step of the window."""

    id: str
    label: str
    count: int
    refused: int
    disliked: int
    reasons: dict[str, int]
    languages: dict[str, int]
    trend: list[int]
    first_at: str
    last_at: str
    examples: list[Example]
    nearest: Nearest | None = None
    notes: list[Note] = field(default_factory=list)
    after: After | None = None


def grouped(asked: Sequence[Asked], window: Window, titles: Mapping[str, tuple[str, str | None]]) -> list[Group]:
    """The largest first. `titles`: title and address of the documents that may be named."""
    by_group: dict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        by_group[one.group].append(one)
    groups = [_group(id, those, window, titles) for id, those in by_group.items()]
    return sorted(groups, key=lambda group: (-group.count, group.id))


def examples_of(asked: Iterable[Asked], most: int = EXAMPLES) -> list[Example]:
    """The questions of one group, those asked most often first, then the most central ones."""
    by_key: dict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        by_key[one.key].append(one)
    ordered = sorted(by_key.values(), key=lambda those: (-len(those), -_central(those[0]), those[0].key))
    return [_example(those) for those in ordered[:most]]


def _group(id: str, asked: Sequence[Asked], window: Window, titles: Mapping[str, tuple[str, str | None]]) -> Group:
    trend = [0] * window.steps
    for one in asked:
        trend[window.step_of(one.at)] += 1
    return Group(
        id=id,
        label=max(asked, key=lambda one: (_central(one), one.key)).question,
        count=len(asked),
        refused=sum(one.status == "refused" for one in asked),
        disliked=sum(one.disliked for one in asked),
        reasons=_counted(one.reason for one in asked if one.reason),
        languages=_counted(one.language for one in asked),
        trend=trend,
        first_at=min(one.at for one in asked),
        last_at=max(one.at for one in asked),
        examples=examples_of(asked),
        nearest=_nearest(asked, titles),
    )


def _example(asked: Sequence[Asked]) -> Example:
    last = max(asked, key=lambda one: one.at)
    how = {name: getattr(last, name) for name in ("key", "question", "at", "status", "reason", "audience", "language")}
    return Example(count=len(asked), answer_id=last.id, disliked=any(one.disliked for one in asked), **how)


def _nearest(asked: Sequence[Asked], titles: Mapping[str, tuple[str, str | None]]) -> Nearest | None:
    """The one that most questions are closest to."""
    found: dict[str, list[float]] = defaultdict(list)
    for one in asked:
        if one.closest_id is not None and one.closest_id in titles:
            found[one.closest_id].append(one.closest or 0.0)
    if not found:
        return None
    id, values = max(found.items(), key=lambda item: (len(item[1]), max(item[1]), item[0]))
    return Nearest(id, *titles[id], questions=len(values), closeness=round(max(values), 3))


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _central(one: Asked) -> float:
    return one.central if one.central is not None else -1.0
