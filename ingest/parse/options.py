"""What a run sets for the files it parses, and what a parser hands back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Defaults:
    """Fields of a document that states none of its own.

    `tenant` is binding where it is given: a file that states another one raises `DocumentError`.
    """

    source: str = ""
    tenant: str | None = None
    audience: tuple[str, ...] = ("agent",)
    language: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Past any of them it raises `DocumentError`."""

    max_bytes: int = 50 * MEBIBYTE
    max_characters: int = 5_000_000
    max_pages: int = 2000
    max_unpacked_bytes: int = 200 * MEBIBYTE
    """Of a zip container (DOCX), by its own table of contents."""
    max_ratio: int = 200
    """Unpacked over packed bytes of a zip container."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a parser read: Markdown, the fields that the file states, and a title for want of a better one."""

    body: str
    fields: Mapping[str, object] = field(default_factory=dict)
    title: str = ""
    raw: str = ""
    """As it stands in the source, hidden parts and all, where that is text."""


Parser = Callable[[bytes, str, Limits], list[Content]]
