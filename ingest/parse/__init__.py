"""Files to Documents: bytes in, validated Documents with Markdown bodies out.

Parsers load their libraries when they run: a run that finds nothing changed loads none of them.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType

from brain.errors import DocumentError
from brain.types import Document
from ingest.parse.fields import document
from ingest.parse.markdown import parse_markdown
from ingest.parse.options import Content, Defaults, Limits, Parser
from ingest.parse.pdf import parse_pdf
from ingest.parse.plain import parse_text
from ingest.parse.rows import parse_csv, parse_jsonl
from ingest.parse.web import parse_html
from ingest.parse.word import parse_docx

__all__ = ["SUFFIXES", "Content", "Defaults", "Limits", "Parser", "check_text", "parse", "read"]

SUFFIXES: Mapping[str, Parser] = MappingProxyType(
    {
        ".md": parse_markdown,
        ".markdown": parse_markdown,
        ".html": parse_html,
        ".htm": parse_html,
        ".txt": parse_text,
        ".pdf": parse_pdf,
        ".docx": parse_docx,
        ".csv": parse_csv,
        ".jsonl": parse_jsonl,
    }
)


def parse(raw: bytes, name: str, defaults: Defaults, limits: Limits) -> list[Document]:
    """The Documents of one file, never empty; `name` is its POSIX path relative to its source.

    Raises `DocumentError`, its message beginning with `name`, for every file that can't be used.
    """
    return [document for document, _ in read(raw, name, defaults, limits)]


def read(raw: bytes, name: str, defaults: Defaults, limits: Limits) -> list[tuple[Document, str]]:
    """As `parse`, each Document with its text as it stands in the file, "" where that is no text (PDF)."""
    try:
        return _documents(raw, name, defaults, limits)
    except DocumentError as error:
        raise DocumentError(f"{name}: {error}", error.hint) from error.__cause__


def _documents(raw: bytes, name: str, defaults: Defaults, limits: Limits) -> list[tuple[Document, str]]:
    parser = SUFFIXES.get(PurePosixPath(name).suffix.lower())
    if parser is None:
        raise DocumentError("files of this kind can't be read", f"Convert it to one of {', '.join(SUFFIXES)}.")
    if not raw.strip():
        raise DocumentError("it is empty", "Write its text, or remove the file.")
    if len(raw) > limits.max_bytes:
        raise _too_large(len(raw), limits.max_bytes, "bytes")
    read = [(document(content, name, defaults), content.raw) for content in parser(raw, name, limits)]
    documents = [found for found, _ in read]
    check_text(documents, limits)
    _check_distinct(documents)
    return read


def check_text(documents: Sequence[Document], limits: Limits) -> None:
    """Raises `DocumentError` where they hold too much text together, or none."""
    characters = sum(len(found.body) for found in documents)
    if characters > limits.max_characters:
        raise _too_large(characters, limits.max_characters, "characters of text")
    if not any(character.isalnum() for found in documents for character in found.body):
        raise DocumentError("no text is left after parsing it", "Check that it has text outside menus and images.")


def _too_large(size: int, limit: int, unit: str) -> DocumentError:
    return DocumentError(f"it has {size:,} {unit}, over the limit of {limit:,}", "Split it, or raise the limit.")


def _check_distinct(documents: list[Document]) -> None:
    seen: set[str] = set()
    for found in documents:
        if found.id in seen:
            hint = "Give each row its own id; two rows with the same question count as the same row."
            raise DocumentError(f"the id {found.id!r} occurs twice in it", hint)
        seen.add(found.id)
