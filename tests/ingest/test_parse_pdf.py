"""PDF files, made by reportlab."""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table

from brain.errors import DocumentError
from brain.types import Document
from ingest.parse import Defaults, Limits, parse


def pdf(*pages: Callable[[Canvas], None], title: str = "", password: str = "") -> bytes:
    stream = io.BytesIO()
    encryption = StandardEncryption(password, canPrint=0) if password else None
    canvas = Canvas(stream, pagesize=A4, encrypt=encryption)
    canvas.setTitle(title)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def lines(*texts: str, size: float = 10, top: float = 750, left: float = 60) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", size)
        for n, text in enumerate(texts):
            canvas.drawString(left, top - n * size * 1.2, text)

    return draw


def both(*draws: Callable[[Canvas], None]) -> Callable[[Canvas], None]:
    return lambda canvas: [draw(canvas) for draw in draws] and None


def read(raw: bytes, limits: Limits | None = None) -> Document:
    [document] = parse(raw, "guide.pdf", Defaults(), limits or Limits())
    return document


PARAGRAPH = (
    "Le salarié demande son congé par écrit au moins un mois avant la",
    "date prévue, sauf accord de l'employeur.",
)


def test_sizes_make_headings_and_lines_make_paragraphs() -> None:
    page = both(
        lines("Congés payés", size=20, top=780),
        lines("Demander un congé", "auprès du service", size=14, top=740),
        lines(*PARAGRAPH, top=690),
        lines("Un autre paragraphe.", top=640),
        lines("• première puce", "• seconde puce", top=600),
    )
    document = read(pdf(page))
    assert document.title == "Congés payés"
    assert document.body.split("\n\n") == [
        "# Congés payés",
        "## Demander un congé auprès du service",
        " ".join(PARAGRAPH),
        "Un autre paragraphe.",
        "- première puce",
        "- seconde puce",
    ]


def test_words_cut_at_line_ends_are_joined() -> None:
    body = read(
        pdf(lines("La résilia-", "tion demande un rendez-", "vous en sous-", "traitance. Le sous-traitance", "suit."))
    ).body
    assert body == "La résiliation demande un rendez-vous en sous-traitance. Le sous-traitance suit."


def test_tables_are_not_doubled() -> None:
    def page(canvas: Canvas) -> None:
        lines("Avant le tableau.", top=780)(canvas)
        table = Table([["Pays", "Taux"], ["France", "20 %"], ["Suisse", "8,1 %"]])
        table.setStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
        table.wrapOn(canvas, 400, 400)
        table.drawOn(canvas, 60, 650)
        lines("Après le tableau.", top=600)(canvas)

    body = read(pdf(page)).body
    assert body.startswith("Avant le tableau.\n\n| Pays | Taux |\n| --- | --- |\n| France | 20 % |\n| Suisse | 8,1 % |")
    assert body.endswith("Après le tableau.")
    assert body.count("France") == 1


def test_running_heads_and_page_numbers_go_but_headings_stay() -> None:
    def page(number: int) -> Callable[[Canvas], None]:
        return both(
            lines("Guide interne", size=10, top=810),
            lines(f"Annexe {number}", size=16, top=770),
            lines(f"Contenu de la page {'abc'[number - 1]}.", f"Suite {'abc'[number - 1]}.", "Fin du texte.", top=700),
            lines(f"Page {number} / 3", top=30),
        )

    body = read(pdf(*map(page, (1, 2, 3)))).body
    assert "Guide interne" not in body
    assert "Page" not in body
    assert [line for line in body.split("\n") if line.startswith("#")] == ["# Annexe 1", "# Annexe 2", "# Annexe 3"]
    assert all(f"Contenu de la page {letter}." in body for letter in "abc")


def test_a_sentence_goes_on_across_pages() -> None:
    assert read(pdf(lines("Le contrat prend fin"), lines("au bout de deux mois."))).body == (
        "Le contrat prend fin au bout de deux mois."
    )


def test_two_columns_are_read_one_after_the_other() -> None:
    left = [f"colonne gauche, ligne numéro {n} du texte" for n in range(8)]
    right = [f"colonne droite, ligne numéro {n} du texte" for n in range(8)]
    body = read(pdf(both(lines(*left, left=50), lines(*right, left=320)))).body
    assert body == " ".join(left + right)


def test_short_cells_without_rules_are_read_row_by_row() -> None:
    names, prices = [f"Offre {n}" for n in "ABCDEF"], [f"{n} euros" for n in range(6)]
    body = read(pdf(both(lines(*names, left=60), lines(*prices, left=380)))).body
    assert "Offre A 0 euros" in body


@pytest.mark.parametrize(
    ("stated", "title"), [("Guide des aides", "Guide des aides"), ("untitled", "Bonjour"), ("a.docx", "Bonjour")]
)
def test_the_property_title_is_used_if_sensible(stated: str, title: str) -> None:
    assert read(pdf(lines("Bonjour"), title=stated)).title == title


def scanned(canvas: Canvas) -> None:
    canvas.drawImage(ImageReader(Image.new("RGB", (50, 50), "grey")), 0, 0, 500, 500)


WHOLE = pdf(lines(*PARAGRAPH))


@pytest.mark.parametrize(
    ("raw", "said", "hint"),
    [
        (pdf(lines("x"), password="secret"), "encrypted", "password"),
        (pdf(scanned), "no text layer", "OCR"),
        (WHOLE[: len(WHOLE) // 2], "truncated", "again"),
        (b"%PDF-1.4\nrien\n%%EOF", "broken", "again"),
        (b"junk", "truncated, or not a PDF", "again"),
    ],
)
def test_refusals(raw: bytes, said: str, hint: str) -> None:
    with pytest.raises(DocumentError, match=said) as caught:
        read(raw)
    assert hint in caught.value.hint


def test_limits() -> None:
    two = pdf(lines("un"), lines("deux"))
    with pytest.raises(DocumentError, match="2 pages"):
        read(two, Limits(max_pages=1))
    with pytest.raises(DocumentError, match="characters"):
        read(two, Limits(max_characters=3))
