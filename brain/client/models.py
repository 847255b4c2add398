"""What the service answers, typed. Fields that a newer service adds are not read."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["answered", "refused", "needs_clarification", "degraded"]
Reason = str
"""Why there is no plain answer: `no_evidence`, `expired`, `conflicting` …; a newer service may know more."""
Complaint = Literal["wrong", "incomplete", "outdated", "irrelevant", "unclear", "other"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Turn(_Model):
    """What was said before."""

    role: Literal["user", "assistant"]
    text: str


class Citation(_Model):
    """The exact words that support a sentence; `number` is that of its document among the sources."""

    number: int
    passage_id: str
    document_id: str
    span: tuple[int, int]
    quote: str


class Sentence(_Model):
    """A sentence; one that is not `supported` is to be shown with a mark."""

    text: str
    citations: list[Citation]
    supported: bool
    problems: list[str]
    cells: list[tuple[int, int]] = []
    """Of a quoted table, where in `text` the cells stand that were asked for."""


class DocumentLink(_Model):
    document_id: str
    title: str
    url: str | None


class FoundPassage(DocumentLink):
    """A passage that the answer is written from; a key that may not search gets no `text` and no `tags`."""

    id: str
    heading_path: list[str]
    internal: bool
    updated_at: date | None
    tags: list[str]
    text: str | None


class FoundPassages(_Model):
    """What was found, best first, before anything is written."""

    language: str
    passages: list[FoundPassage]


class CitedDocument(DocumentLink):
    """A document that is cited; `internal`: not to be passed on as it is."""

    number: int
    internal: bool
    updated_at: date | None
    heading_path: list[str]


class Source(CitedDocument):
    """A cited document, the answer being whole."""

    newer: bool


class QuotedPassage(_Model):
    """A cited passage, whole; a citation's `span` points into its text."""

    id: str
    document_id: str
    heading_path: list[str]
    text: str


class Option(_Model):
    """A value; asked again with its `tag` the question has an answer."""

    value: str
    label: str
    documents: int
    tag: str


class Choice(_Model):
    """What the answer depends on."""

    key: str
    label: str
    options: list[Option]
    total: int


class _Ended(_Model):
    id: str
    status: Status
    reason: Reason | None
    message: str | None
    language: str
    closest: list[DocumentLink]
    choices: list[Choice]
    contact: str | None


class AnswerStatus(_Ended):
    """How an answer ended, and what there is to say and to do beside its sentences."""


class Answer(_Ended):
    """Sentences with their citations; without sentences `reason` and `message` say why."""

    text: str
    sentences: list[Sentence]
    sources: list[Source]
    quoted: list[QuotedPassage]


class Restart(_Model):
    """A stream that was lost could not be taken up and begins anew: the sentences that came before don't count."""


Event = FoundPassages | Sentence | CitedDocument | AnswerStatus | Answer | Restart
"""Of a stream: what was found; sentences as they are written, each followed by the documents that it is the first to cite; how it
ended; and last the answer that they make."""


class KeptAnswer(_Model):
    """An answer given before, personal data masked."""

    id: str
    answered_at: datetime
    question: str
    status: Status
    reason: Reason | None
    message: str | None
    language: str
    text: str
    sentences: list[Sentence]
    sources: list[Source]
    trace: dict[str, Any] | None


class Scores(_Model):
    """How a passage was found."""

    fused: float
    dense: float | None
    sparse: float | None
    reranked: float | None


class Passage(_Model):
    """A passage and what a reader must know of its document."""

    id: str
    document_id: str
    text: str
    span: tuple[int, int]
    scores: Scores
    title: str
    heading_path: list[str]
    url: str | None
    language: str | None
    tags: list[str]
    valid_from: date | None
    valid_until: date | None
    updated_at: date | None


class FacetValue(_Model):
    value: str
    count: int


class Facet(_Model):
    """A tag's key by which the best documents differ."""

    key: str
    values: list[FacetValue]


class Found(_Model):
    """Passages, best first."""

    language: str
    passages: list[Passage]
    degraded: list[str]
    facets: list[Facet]


class Nothing(_Model):
    """It is done, and there is nothing to say of it."""


class Given(_Model):
    """An opinion that is kept."""

    id: str


class Token(_Model):
    """What a widget asks with, for so many seconds."""

    token: str
    expires_in: int
