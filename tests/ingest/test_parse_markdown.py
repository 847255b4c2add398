"""Markdown and plain text files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain.errors import DocumentError
from brain.types import Document
from ingest.parse import Defaults, Limits, parse


def read(text: str | bytes, name: str = "a.md") -> Document:
    raw = text if isinstance(text, bytes) else text.encode()
    [document] = parse(raw, name, Defaults(), Limits())
    return document


def test_front_matter_is_read_and_leaves_the_body() -> None:
    document = read("---\nid: F1\ntitle: Congés\nunknown: [1, {a: b}]\n---\n\n# Titre\n\nTexte.\n")
    assert (document.id, document.title, document.body) == ("F1", "Congés", "# Titre\n\nTexte.")


def test_front_matter_scalars_stay_as_written() -> None:
    document = read("---\nid: 0123\nlanguage: no\nurl: null\n---\nTekst")
    assert (document.id, document.language, document.url) == ("0123", "no", None)


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert read("---\n\nUn texte.\n\n---\n\nLa suite.").body == "---\n\nUn texte.\n\n---\n\nLa suite."


def test_the_title_is_the_first_heading_outside_code_else_the_file_name() -> None:
    assert read("```\n# pas un titre\n```\n\n# Le titre #\n").title == "Le titre"
    assert read("Texte.", "guides/mot-de_passe.md").title == "Mot de passe"


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("Le **délai** est de *deux* mois, l'**employeur** répond.", "Le délai est de deux mois, l'employeur répond."),
        ("***Très*** __important__ et _net_", "Très important et net"),
        ("**Prime **: 10 €", "Prime: 10 €"),
        ("5 * 3 * 2, 2*3*4, snake_case_name, a ** b ** c", "5 * 3 * 2, 2*3*4, snake_case_name, a ** b ** c"),
        ("`**code**` et `_x_`", "`**code**` et `_x_`"),
        (r"5 \* 3 et l\_a et C:\dossier", r"5 * 3 et l_a et C:\dossier"),
        ("[fiche](F1989) et [site](https://a.fr/_b_/c)", "fiche et [site](https://a.fr/_b_/c)"),
        ("[écrire](mailto:a@b.fr) [tel](tel:+33) [js](javascript:x)", "[écrire](mailto:a@b.fr) [tel](tel:+33) js"),
        ('[l](https://a.fr/x_(y) "titre") <https://b.fr>', "[l](https://a.fr/x_(y)) https://b.fr"),
        ("[texte][r]\n\n[r]: https://a.fr 'x'", "[texte](https://a.fr)"),
        ("tableau[1][2]", "tableau[1][2]"),
        ("![un schéma](a.png) [![logo](b.png)](index.md)", "un schéma logo"),
        ("a<br>b <span class='x'>c</span> <!-- d --> <votre-nom> x < y", "a\nb c  <votre-nom> x < y"),
        ("<a href='https://a.fr'>A</a> <a href='/b'>B</a>", "[A](https://a.fr) B"),
        ("Prix&nbsp;: 12&#8239;€ &amp; plus", "Prix : 12 € & plus"),
        ("Prix ~~20 €~~ 15 €", "Prix  15 €"),
        ("| a | b |\n|---|---|\n| **x**<br>y | z |", "| a | b |\n|---|---|\n| x y | z |"),
        ("Titre\n=====\n\nSous **titre**\n---\n\ntexte", "# Titre\n\n## Sous titre\n\ntexte"),
        ("## Titre { #ancre }", "## Titre"),
    ],
)
def test_marks_a_reader_does_not_see_go(markdown: str, plain: str) -> None:
    assert read(markdown).body == plain


@pytest.mark.parametrize("fence", ["```", "~~~~"])
def test_code_blocks_stay_untouched(fence: str) -> None:
    code = f"- point\n\n  {fence}python\n  x = **a**  # <br> [x](y)\n\n\n  y = '&amp;'\n  {fence}"
    assert read(code).body == code.replace("  #", "  #")


def test_raw_html_becomes_markdown_even_across_blank_lines() -> None:
    html = "Avant\n\n<table><tr><th>Pays</th><th>Taux</th></tr>\n\n<tr><td>France</td><td><b>20 %</b></td></tr></table>"
    body = read(html + "\n\n<div>\n\n**Après**\n\n</div>").body
    assert body.split()[:4] == ["Avant", "|", "Pays", "|"]
    assert "| France | 20 % |" in body
    assert body.endswith("Après")


def test_invisible_characters_go_and_spaces_are_plain() -> None:
    assert read("\ufeff1\u202f200\u00a0€\u200b e\u0301te\u0301 co\u00adupé\r\n\r\n\r\n\r\n\r\nfin").body == (
        "1 200 € été coupé\n\nfin"
    )


FRENCH = "L'été à Noël, ça coûte 15 € : « l'œuvre » du préfet, où ?"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_french_encodings(encoding: str) -> None:
    assert read(FRENCH.encode(encoding), "a.txt").body == FRENCH


def test_iso_8859_15_and_cyrillic() -> None:
    assert read("Le cœur à 15 € déjà".encode("iso8859-15"), "a.txt").body == "Le cœur à 15 € déjà"
    russian = "Привет, это достаточно длинный русский текст для проверки кодировки файла. " * 3
    assert read(russian.encode("cp1251"), "a.txt").body.strip() == russian.strip()


def test_plain_text_is_left_as_it_is() -> None:
    document = read("Règlement intérieur\n\n*  étoile  <b> [x](y) # non", "a.txt")
    assert document.title == "Règlement intérieur"
    assert document.body.endswith("*  étoile  <b> [x](y) # non")
    assert read("mot " * 60, "longue-ligne.txt").title == "Longue ligne"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\nid: a\ntitle: b: c\n---\nx", "line 3"),
        ("---\nid: a\ntags: [a\n---\nx", "line 4"),
        ("---\nid: a\n\nTexte", "never closed"),
        ("---\na: " + "[" * 5000 + "\n---\nx", "YAML"),
        ("---\na: " + "x" * 70_000 + "\n---\nx", "64 KiB"),
        ("<!-- rien -->", "no text is left"),
        ("\x01\x02\x03\x04abc", "control characters"),
        ("abc\0def", "NUL"),
    ],
)
def test_refusals_say_why(text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said) as caught:
        read(text)
    assert caught.value.hint
    assert str(caught.value).startswith("a.md: ")


@given(st.lists(st.from_regex(r"[a-zàéèçœ]{1,12}", fullmatch=True), min_size=1, max_size=60), st.data())
def test_plain_words_are_never_lost(words: list[str], data: st.DataObject) -> None:
    spaces = data.draw(st.lists(st.sampled_from([" ", "\n", "\n\n", ", "]), min_size=len(words), max_size=len(words)))
    text = "".join(word + space for word, space in zip(words, spaces, strict=True))
    assert read(text).body.replace(",", " ").split() == words
