"""Documents that a program keeps in step with where they are written, typed; and imports of many."""

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field

from brain.client.models import _Model


class NewDocument(_Model):
    """A document to put. Who may read it: `audience`, by default those inside alone."""

    model_config = ConfigDict(extra="forbid")

    id: str
    body: str
    format: Literal["markdown", "html"] = "markdown"
    title: str = ""
    url: str | None = None
    language: str | None = None
    audience: list[str] | None = None
    tags: list[str] = Field(default_factory=list)
    valid_from: date | None = None
    valid_until: date | None = None
    updated_at: date | datetime | None = None


class Put(_Model):
    """The next question finds it; `flags`: what was noticed in it that may be meant for an assistant."""

    document_id: str
    change: Literal["created", "updated", "unchanged"]
    passages: int
    language: str
    flags: dict[str, str]


class DocumentItem(_Model):
    """A document without its text; its `source`: `api`, or the folder that it was ingested from."""

    document_id: str
    source: str
    title: str
    url: str | None
    language: str | None
    audience: list[str]
    tags: list[str]
    valid_from: date | None
    valid_until: date | None
    updated_at: date | None
    content_hash: str
    passages: int


class DocumentWhole(DocumentItem):
    """With its text, Markdown."""

    text: str


class DocumentPage(_Model):
    """By id; `next`: `after` of the next page."""

    documents: list[DocumentItem]
    next: str | None


class JobFailure(_Model):
    """A row that can't be used, counted from 1."""

    row: int
    reason: str


class Job(_Model):
    """How far an import got; `done` rows are those put and those failed."""

    id: str
    state: Literal["waiting", "running", "done", "cancelled"]
    created_at: datetime
    ended_at: datetime | None
    total: int
    done: int
    failed: int
    rate: float | None
    seconds_left: float | None
    failures: list[JobFailure]

    @property
    def ended(self) -> bool:
        return self.state in {"done", "cancelled"}


class Jobs(_Model):
    """The newest first."""

    jobs: list[Job]
