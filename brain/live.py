"""Knowledge that changes while a service runs: what programs send, and what the service needs of whoever writes it.

The writer is in the package `ingest` and comes by the entry points `brain.knowledge`: api may not import ingest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from brain.days import IsoDay
from brain.errors import SettingsError
from brain.text.invisible import visible
from brain.types import INTERNAL, Flag

if TYPE_CHECKING:
    from brain.jobs import Job
    from brain.session import Brain

API_SOURCE = "api"
"""The source of documents that come over HTTP."""
MOST_WORDS = 100


class Draft(BaseModel):
    """A document as a program sends it. Its tenant is the key's."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "Délais de remboursement",
                    "body": "Nous vous remboursons sous **14 jours** après la réception du colis.",
                    "url": "https://aide.example.com/remboursement",
                    "language": "fr",
                    "audience": ["public"],
                    "tags": ["pays:fr"],
                    "updated_at": "2026-03-18",
                }
            ]
        },
    )

    body: str = Field(min_length=1, description="Markdown, or HTML of which the main content is read")
    format: Literal["markdown", "html"] = "markdown"
    title: str = Field("", max_length=2000, description="where it is empty: the first heading, or the page's <title>")
    url: str | None = Field(None, max_length=2000, description="where people read it; it is shown, and never fetched")
    language: str | None = Field(None, max_length=35, description="such as fr or en-GB; detected where it is absent")
    audience: list[str] | None = Field(
        None, min_length=1, max_length=MOST_WORDS, description=f"who may read it; where it is absent: {INTERNAL}"
    )
    tags: list[str] = Field([], max_length=MOST_WORDS, description="plain ones, or key:value")
    valid_from: IsoDay | None = None
    valid_until: IsoDay | None = None
    updated_at: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes documents: of one tenant, and those alone that one of the audiences may read."""

    tenant: str
    audiences: tuple[str, ...]
    shown: str = ""
    """For jobs and logs: the key or webhook, not a person."""


Change = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class Put:
    """What came of a document that was sent: it is in the index under this id, and durable."""

    id: str
    change: Change
    passages: int
    language: str
    flags: tuple[Flag, ...] = ()


class Knowledge(Protocol):
    """Changes documents of the source `api`. Blocks: for threads. Raises StoreError, EncoderError where nothing else is said."""

    def start(self) -> None:
        """Makes good what a killed process left; then jobs go on. Returns when questions see all that was acknowledged."""
        ...

    def put(self, editor: Editor, id: str, draft: Draft) -> Put:
        """The document is found by the next question. Raises DocumentError, ConflictError, BusyError."""
        ...

    def delete(self, editor: Editor, id: str) -> bool:
        """The document is answered from no more; False where there was none. Raises ConflictError."""
        ...

    def import_(self, editor: Editor, rows: Sequence[str], idempotency_key: str = "") -> "Job":
        """A job that puts every row, a JSON object with an `id`. Raises RepeatedError."""
        ...

    def close(self) -> None: ...


def make_knowledge(brain: "Brain") -> Knowledge:
    """The writer that is installed. Raises SettingsError where there is none."""
    maker = next(iter(entry_points(group="brain.knowledge")), None)
    if not maker:
        raise SettingsError("Nothing is installed that could change documents.", "Install Brain again, with ingest.")
    knowledge: Knowledge = maker.load()(brain)
    return knowledge


def clean_id(given: str) -> str:
    """An id as it is stored: composed, one line, nothing invisible. "" where nothing is left."""
    import unicodedata

    return " ".join(unicodedata.normalize("NFC", visible(given)).split())
