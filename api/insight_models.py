"""What insights look like over HTTP."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from api import examples_insights as examples
from api.examples import ANSWER_ID, shown_as
from brain import types
from brain.insights.tables import ARTICLE, DRAFT

NoteKind = Literal["article", "draft"]
assert {ARTICLE, DRAFT} == {"article", "draft"}


class _Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Left(_Shown):
    """What is still to be read of the answers, and to be grouped. Each request goes on for a second or two."""

    traces: int
    questions: int
    done: bool


class Day(_Shown):
    """The answers of one day (UTC). Times in milliseconds; `cost` where the settings state prices."""

    day: date | None
    answers: int
    answered: int
    refused: int
    disliked: int
    first_p50: float | None = Field(description="until the first sentence, median")
    first_p95: float | None
    total_p50: float | None = Field(description="until the whole answer, median")
    total_p95: float | None
    tokens_in: int
    tokens_out: int
    cost: float | None


class SummaryResponse(BaseModel):
    """The answers of a period, day by day; what there is to filter by."""

    model_config = ConfigDict(json_schema_extra=shown_as(examples.SUMMARY))

    start: date
    end: date
    languages: list[str]
    audiences: list[str] = Field(description="readers whose answers the key may see")
    left: Left
    whole: Day = Field(description="of all days together; its `day` is null")
    days: list[Day] = Field(description="those on which something was asked, oldest first")


class Example(_Shown):
    """A question in its own words, how often it was asked in vain, and the last time."""

    question: str
    count: int
    answer_id: str
    at: datetime
    status: types.Status
    reason: types.Reason | None
    disliked: bool
    audience: str
    language: str


class Nearest(_Shown):
    """The article that most of the group's questions are closest to."""

    document_id: str
    title: str
    url: str | None
    questions: int = Field(description="how many it is the closest one to")
    closeness: float = Field(
        description="of the closest question, without what all texts share; under 0.2 it is about something else"
    )


class Again(_Shown):
    """A question of the group asked again: how it ended then, and ends now."""

    question: str
    audience: str
    before: str
    before_reason: str | None
    after: str
    after_reason: str | None
    text: str
    documents: list[str]


class AskedAgain(BaseModel):
    """What came of asking a group's questions again. Nothing of it is kept among the answers."""

    model_config = ConfigDict(json_schema_extra=shown_as(examples.AGAIN))

    at: datetime
    turned: int = Field(description="questions that were refused, or disliked, and are answered now")
    questions: list[Again]


class Note(_Shown):
    """What was done about a group."""

    id: str
    kind: NoteKind
    at: datetime
    by: str
    document_id: str | None
    text: str | None = Field(description="a remark; with `draft`: the draft's id")
    found: AskedAgain | None = Field(description="with `article`: what came of asking again")


class After(_Shown):
    """How questions of this meaning ended since an article was written for them, whoever asked."""

    since: datetime
    asked: int
    answered: int
    refused: int


class Group(_Shown):
    """Questions of one meaning that were refused or disliked."""

    id: str
    label: str = Field(description="the most central question, in its own words")
    count: int
    refused: int
    disliked: int
    reasons: dict[str, int]
    languages: dict[str, int]
    trend: list[int] = Field(description="how many in each step of the period")
    first_at: datetime
    last_at: datetime
    examples: list[Example]
    nearest: Nearest | None
    notes: list[Note]
    after: After | None


class GroupsResponse(BaseModel):
    """The groups, the largest first."""

    model_config = ConfigDict(json_schema_extra=shown_as(examples.GROUPS))

    step_days: int = Field(description="of the trend")
    total: int = Field(description="of all groups")
    left: Left
    groups: list[Group]


class GroupResponse(BaseModel):
    """A group and its questions."""

    model_config = ConfigDict(json_schema_extra=shown_as({"group": examples.GROUP, "questions": [examples.EXAMPLE]}))

    group: Group
    questions: list[Example]


class Article(_Shown):
    """A document, and how many answers of the period cited it."""

    document_id: str
    title: str
    url: str | None
    language: str | None
    updated_at: date | None
    answers: int
    disliked: int
    last_at: datetime | None


class ArticlesResponse(BaseModel):
    """The documents that were cited, most often first, and those that never were."""

    model_config = ConfigDict(json_schema_extra=shown_as(examples.ARTICLES))

    used: list[Article]
    unused: list[Article]
    total_used: int
    total_unused: int


class Stale(_Shown):
    """An answer that cites what has `expired`, `changed` (the quoted words are not there any more) or is `gone`."""

    answer_id: str
    answered_at: datetime
    question: str
    document_id: str
    title: str | None
    url: str | None
    standing: Literal["expired", "changed", "gone"]
    valid_until: date | None
    lost: list[str] = Field(description="quoted words that are not there any more, personal data masked")


class StaleResponse(BaseModel):
    """The newest first."""

    model_config = ConfigDict(json_schema_extra=shown_as(examples.STALE))

    answers: list[Stale]


class NoteRequest(BaseModel):
    """That an article was written for a group's questions."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=shown_as({"document_id": examples.ARTICLE_ID, "text": "Article écrit"})
    )

    document_id: str | None = Field(None, min_length=1, max_length=2000)
    text: str | None = Field(None, max_length=2000, description="a remark; personal data is masked")


class NoteResponse(BaseModel):
    id: str = Field(examples=[examples.NOTE_ID])


class DraftRequest(BaseModel):
    """Of which answer; without it, of the group's most central question."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown_as({"answer_id": ANSWER_ID}))

    answer_id: str | None = Field(None, pattern=r"^[0-9a-f]{32}$")


class DraftResponse(BaseModel):
    """The draft; `new` is false where a draft or a case asks the same already, which is then counted as met again."""

    model_config = ConfigDict(json_schema_extra=shown_as(examples.DRAFTED))

    draft_id: str
    new: bool
    waiting: bool = Field(description="whether it waits to be decided about")


class RejectRequest(BaseModel):
    """Why a draft is no case."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown_as({"reason": "Hors de notre domaine"}))

    reason: str = Field("", max_length=500)


class Quote(BaseModel):
    """What an answer quoted, and from which document."""

    document_id: str
    title: str | None
    url: str | None
    quote: str


class GivenAnswer(BaseModel):
    """The answer that a draft comes from, as it is kept."""

    id: str
    answered_at: datetime
    status: types.Status
    reason: types.Reason | None
    text: str
    message: str | None
    quotes: list[Quote]
    nearest: list[Quote] = Field(description="documents it was looked for in, the closest first; `quote` is empty")


class DraftItem(BaseModel):
    """A proposed case and where it comes from. `case` as in docs/evaluation.md."""

    id: str
    case: dict[str, Any]
    source: Literal["knowledge", "model", "production"]
    detail: str
    seen: int
    answer: GivenAnswer | None


class DraftsResponse(BaseModel):
    """Those that nobody has decided about, the most often met first."""

    model_config = ConfigDict(json_schema_extra=shown_as(examples.DRAFTS))

    total: int
    drafts: list[DraftItem]


class AcceptRequest(BaseModel):
    """What a person makes of a draft; what is absent stays as it is, null takes it away."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown_as(examples.DECISION),
    )

    question: str | None = Field(None, min_length=1, max_length=4000)
    language: str | None = Field(None, pattern=r"^[a-z]{2,3}$")
    critical: StrictBool | None = None
    status: Literal["answered", "refused", "needs_clarification"] | None = None
    reason: str | None = Field(None, max_length=40)
    documents: list[str] | None = Field(None, max_length=50)
    must_include: list[str] | None = Field(None, max_length=50)
    must_not_include: list[str] | None = Field(None, max_length=50)
    reference: str | None = Field(None, max_length=10_000)
