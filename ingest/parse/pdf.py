"""PDF files with a text layer."""

import io
from typing import Any

from brain.errors import DocumentError
from ingest.parse.options import Content, Limits
from ingest.parse.pdf_page import Line, page_lines
from ingest.parse.pdf_text import to_markdown
from ingest.parse.plain import short_first_line
from ingest.parse.titles import sensible

_EXPORT_AGAIN = "Export it again from the program that made it."


def parse_pdf(raw: bytes, name: str, limits: Limits) -> list[Content]:
    """One Content. Raises `DocumentError` for encrypted, broken, truncated and scanned files and for too many pages."""
    if b"%%EOF" not in raw[-4096:]:  # pdfminer would read what is there and not say that pages are missing
        raise DocumentError("it is truncated, or not a PDF", "Copy or download it again.")
    try:
        pages, title = _read(raw, limits)
    except DocumentError:
        raise
    except Exception as error:  # pdfminer raises anything on a broken file, RecursionError included
        raise _refusal(error) from error
    if not any(pages):
        raise DocumentError("it has no text layer: its pages are images", "It is scanned; run OCR on it first.")
    body = to_markdown(pages)
    fields = {"title": title} if sensible(title) else {}
    return [Content(body, fields, title=short_first_line(body))]


def _read(raw: bytes, limits: Limits) -> tuple[list[list[Line]], str]:
    """The lines of each page, and the title that the properties give."""
    import pdfplumber

    with pdfplumber.open(io.BytesIO(raw)) as pdf:
        if len(pdf.pages) > limits.max_pages:
            raise DocumentError(f"it has {len(pdf.pages)} pages, over the limit of {limits.max_pages}", "Split it.")
        if not pdf.pages:
            raise DocumentError("it is broken: no page can be read", _EXPORT_AGAIN)
        pages, characters = [], 0
        for page in pdf.pages:
            characters += len(page.chars)
            if characters > limits.max_characters:
                raise DocumentError(f"it has over {limits.max_characters:,} characters", "Split it.")
            pages.append(page_lines(page))
            page.close()  # frees its objects: a long file would else be held whole
        return pages, _title(pdf.metadata)


def _title(metadata: dict[str, Any]) -> str:
    title = metadata.get("Title")
    return title if isinstance(title, str) else ""


def _refusal(error: Exception) -> DocumentError:
    # pdfplumber wraps pdfminer's errors in one of its own.
    names = {type(link).__name__ for link in (error, error.__context__, *error.args)}
    if names & {"PDFPasswordIncorrect", "PDFEncryptionError"}:
        return DocumentError("it is encrypted", "Save it without a password.")
    return DocumentError(f"it is a broken PDF ({type(error).__name__})", _EXPORT_AGAIN)
