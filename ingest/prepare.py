"""One file into documents and passages: the part of ingestion that runs in worker processes."""

from dataclasses import dataclass, replace
from typing import Literal

from brain.errors import DocumentError
from brain.settings import SplitterSettings
from brain.text.language import detect
from brain.types import Chunk, Document, Flag
from ingest.parse import Defaults, Limits, read
from ingest.scan import scan
from ingest.source import SourceFile, signature
from ingest.split import split


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files of a run are read; part of each file's signature."""

    defaults: Defaults
    limits: Limits
    splitter: SplitterSettings
    flagged: Literal["keep", "skip"] = "keep"
    """What becomes of documents in which `ingest.scan` notices something."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """A document's key and what was noticed in it."""

    tenant: str
    id: str
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file's documents with their passages, or why it has none."""

    file: SourceFile
    signature: str
    documents: tuple[tuple[Document, tuple[Chunk, ...]], ...] = ()
    problem: str | None = None
    flagged: tuple[Flagged, ...] = ()


def prepare(file: SourceFile, reading: Reading) -> Prepared:
    """Reads, parses and splits. What is wrong with the file becomes `problem`."""
    try:
        if file.size > reading.limits.max_bytes:
            raise DocumentError(
                f"The file is too large: {file.size / 1e6:.0f} MB, at most {reading.limits.max_bytes / 1e6:.0f} MB.",
                "Split it, or raise ingest.max_file_mb.",
            )
        raw = file.path.read_bytes()
        documents, flagged = scanned(read(raw, file.name, reading.defaults, reading.limits), reading)
        passages = [(document, tuple(split(document, reading.splitter))) for document in documents]
    except DocumentError as error:
        # The parser names the file first; here it is known.
        return Prepared(file, "", problem=f"{error} {error.hint}".strip().removeprefix(f"{file.name}: "))
    except OSError as error:
        return Prepared(file, "", problem=f"The file can't be read: {error.strerror or error}")
    return Prepared(file, signature(raw, repr(reading)), tuple(passages), flagged=flagged)


def scanned(found: list[tuple[Document, str]], reading: Reading) -> tuple[list[Document], tuple[Flagged, ...]]:
    """The documents that are to be indexed, and those in which something was noticed."""
    seen = [(document, scan(document, raw)) for document, raw in found]
    flagged = tuple(Flagged(document.tenant, document.id, flags) for document, flags in seen if flags)
    kept = [document for document, flags in seen if not (flags and reading.flagged == "skip")]
    return [_with_language(document) for document in kept], flagged


def _with_language(document: Document) -> Document:
    if document.language:
        return document
    return replace(document, language=detect(f"{document.title}\n{document.body}"))
