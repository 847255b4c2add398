"""A document that a program sends, read as a file of a folder would be: parsed, scanned, its language told, split."""

from collections.abc import Collection
from dataclasses import dataclass

from brain.errors import DocumentError
from brain.live import API_SOURCE, Draft
from brain.settings import Settings
from brain.types import INTERNAL, Chunk, Document, Flag
from ingest.parse import Content, Defaults, Limits, check_text
from ingest.parse.fields import document
from ingest.parse.markdown import plain_markdown
from ingest.parse.text import clean
from ingest.parse.web import parse_html
from ingest.prepare import Reading, scanned
from ingest.split import split


@dataclass(frozen=True, slots=True)
class Readied:
    """A document with its passages and what was noticed in it."""

    document: Document
    chunks: tuple[Chunk, ...]
    flags: tuple[Flag, ...] = ()


def reading_of(tenant: str, settings: Settings) -> Reading:
    """How what is sent for a tenant is read."""
    limits = Limits(max_bytes=int(settings.ingest.max_file_mb * 1e6))
    return Reading(Defaults(API_SOURCE, tenant, (INTERNAL,)), limits, settings.splitter, settings.ingest.flagged)


def readied(id: str, draft: Draft, reading: Reading) -> Readied:
    """Raises DocumentError that names what is wrong. Nothing is fetched, whatever the document links to."""
    found = document(_content(id, draft, reading.limits), id, reading.defaults)
    check_text([found], reading.limits)
    kept, flagged = scanned([(found, draft.body)], reading)
    flags = flagged[0].flags if flagged else ()
    if not kept:
        kinds = ", ".join(flag.kind for flag in flags)
        raise DocumentError(
            f"something meant for an assistant was noticed in it: {kinds}",
            "Take it out, or have ingest.flagged set to keep.",
        )
    return Readied(kept[0], tuple(split(kept[0], reading.splitter)), flags)


def check_audience(audience: Collection[str] | None, known: Collection[str]) -> None:
    """Raises DocumentError where an audience is not one that some reader may read."""
    if unknown := sorted(set(audience or ()) - set(known)):
        raise DocumentError(
            f"the audience {', '.join(unknown)} is not known", f"Known (access.readers): {', '.join(sorted(known))}"
        )


def _content(id: str, draft: Draft, limits: Limits) -> Content:
    fields: dict[str, object] = draft.model_dump(exclude={"body", "format"}, exclude_none=True) | {"id": id}
    if draft.format == "markdown":
        return Content(plain_markdown(clean(draft.body)), fields)
    page = parse_html(draft.body.encode(), id, limits)[0]
    # Of what the page states itself only its language: who may read it is said by who sends it.
    return Content(page.body, {"language": page.fields.get("language")} | fields, page.title)
