"""Word documents (.docx)."""

import io
import zipfile
from typing import Any

from brain.errors import DocumentError
from ingest.parse import web
from ingest.parse.options import Content, Limits
from ingest.parse.plain import short_first_line
from ingest.parse.titles import sensible

_SAVE_AGAIN = "Open it in a word processor and save it again as .docx."
# Word's own names of the heading styles are English in every language; other programs translate them.
_STYLES = "\n".join(
    ["p[style-name='Title'] => h1:fresh", "p[style-name='Titre'] => h1:fresh"]
    + [f"p[style-name='{name} {n}'] => h{n}:fresh" for name in ("Titre", "Überschrift", "Título") for n in range(1, 7)]
)


def parse_docx(raw: bytes, name: str, limits: Limits) -> list[Content]:
    """One Content. Raises `DocumentError` for a broken container and for one that unpacks to too much."""
    import mammoth  # type: ignore[import-untyped]

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as container:
            _check_size(container.infolist(), limits)
            title = _core_title(container)
        html = mammoth.convert_to_html(io.BytesIO(raw), style_map=_STYLES, convert_image=_no_image).value
    except DocumentError:
        raise
    except Exception as error:  # zipfile, expat and mammoth raise a dozen types for broken files
        raise DocumentError(f"it is not a sound Word document ({type(error).__name__})", _SAVE_AGAIN) from error
    body = web.fragment(html)
    fields = {"title": title} if sensible(title) else {}
    return [Content(body, fields, title=short_first_line(body), raw=html)]


def _check_size(parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    """By the table of contents, before anything is unpacked: zipfile reads no more of a part than that states."""
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    # Markup is up to ten times its text, and its tree in memory another ten times the markup.
    markup = sum(part.file_size for part in parts if part.filename.lower().endswith((".xml", ".rels")))
    too_much = unpacked > limits.max_unpacked_bytes or markup > 10 * limits.max_characters
    if too_much or unpacked > limits.max_ratio * max(packed, 1):
        raise DocumentError(
            f"it unpacks from {packed:,} to {unpacked:,} bytes, which is more than is allowed",
            "Remove the file if you do not know it; else make its images smaller and save it again.",
        )


def _core_title(container: zipfile.ZipFile) -> str:
    from xml.etree import ElementTree

    try:
        core = ElementTree.fromstring(container.read("docProps/core.xml"))
    except KeyError:
        return ""
    return core.findtext("{http://purl.org/dc/elements/1.1/}title") or ""


def _no_image(image: Any) -> list[Any]:
    import mammoth.html  # type: ignore[import-untyped]

    return [mammoth.html.text(image.alt_text)] if image.alt_text else []
