"""Word documents."""

import io
import zipfile

import docx
import pytest

from brain.errors import DocumentError
from brain.types import Document
from ingest.parse import Defaults, Limits, parse


def saved(document: "docx.document.Document") -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def read(raw: bytes, limits: Limits | None = None) -> Document:
    [document] = parse(raw, "note.docx", Defaults(), limits or Limits())
    return document


@pytest.fixture
def sample() -> bytes:
    document = docx.Document()
    document.core_properties.title = ""
    document.add_heading("Télétravail", 1)
    document.add_heading("Conditions", 2)
    document.add_paragraph("Deux jours ").add_run("par semaine").bold = True
    document.add_paragraph("Accord écrit", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells), ("Poste", "Jours", "A | B", "2"), strict=True
    ):
        cell.text = text
    return saved(document)


def test_headings_lists_and_tables(sample: bytes) -> None:
    document = read(sample)
    assert document.title == "Télétravail"
    assert document.body.startswith("# Télétravail\n\n## Conditions\n\nDeux jours par semaine\n\n- Accord écrit")
    assert "| Poste | Jours |" in document.body
    assert r"| A \| B | 2 |" in document.body


@pytest.mark.parametrize(
    ("stated", "title"), [("Charte 2026", "Charte 2026"), ("Microsoft Word - x", "Objet"), ("x.docx", "Objet")]
)
def test_the_property_title_is_used_if_sensible(stated: str, title: str) -> None:
    document = docx.Document()
    document.core_properties.title = stated
    document.add_paragraph("Objet")
    assert read(saved(document)).title == title


def rezipped(raw: bytes, name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
    return stream.getvalue()


def test_zip_bombs_are_refused_before_unpacking(sample: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = rezipped(sample, "word/document.xml", b" " * 60_000_000)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(DocumentError, match="unpacks") as caught:
        read(bomb)
    assert caught.value.hint


def test_each_unpacking_limit(sample: bytes) -> None:
    for limits in (Limits(max_unpacked_bytes=1000), Limits(max_ratio=1), Limits(max_characters=100)):
        with pytest.raises(DocumentError, match="unpacks"):
            read(sample, limits)


def test_broken_files(sample: bytes) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(9)
    ) + b"]><x>&j;</x>"  # fmt: skip
    for raw in (
        b"pas un zip",
        sample[: len(sample) // 2],
        rezipped(sample, "word/document.xml", b"<w:document"),
        rezipped(sample, "word/document.xml", bomb),
    ):
        with pytest.raises(DocumentError, match="not a sound Word document") as caught:
            read(raw)
        assert caught.value.hint


def test_an_empty_document_is_refused() -> None:
    with pytest.raises(DocumentError, match="no text is left"):
        read(saved(docx.Document()))
