"""Where sentences begin and end: in prose, lists and tables, French and English."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brain.text.sentences import is_heading, sentence_spans, without_marker


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Selon l'art. L. 122-1 du code, le délai court.",
        "M. Dupont et Mme. Martin ont reçu le colis.",
        "Un geste, p. ex. Un bon d'achat, est possible.",
        "Le prix est de 3.50 euros ou de 1.200,00 euros.",
        "La version 2.1 est sortie.",
        "J. Dupont signe.",
        "Appelez le tél. 01 23 45 67 89.",
        "Dr. Smith vs. Mr. Brown, i.e. The case.",
        "Voir www.example.com/Aide pour la suite.",
        "Rendez-vous av. Victor Hugo.",
        "Le 1er janv. 2026 tout change.",
    ],
)
def test_a_point_that_ends_no_sentence_does_not_cut(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Un. Deux.", ["Un.", "Deux."]),
        ("Vraiment ? Oui ! Bien…  Élise vient.", ["Vraiment ?", "Oui !", "Bien…", "Élise vient."]),
        ("Il dit : « Non. » Elle part.", ["Il dit : « Non. »", "Elle part."]),
        ("Il dit « Oui ! » Puis part.", ["Il dit « Oui ! »", "Puis part."]),
        ("Fini. « Oui », dit-il.", ["Fini.", "« Oui », dit-il."]),
        ('He said "Yes." She left.', ['He said "Yes."', "She left."]),
        ("C'est ce qu'il a. Demain aussi.", ["C'est ce qu'il a.", "Demain aussi."]),
        ("« Non. » dit-il. Puis rien.", ["« Non. » dit-il.", "Puis rien."]),
        ("| Un. Deux. | 2 |\n| a | b |", ["| Un. Deux. | 2 |", "| a | b |"]),
        ("Comptez 14 jours. 30 jours en ligne.", ["Comptez 14 jours.", "30 jours en ligne."]),
        ("Une ligne\nqui continue. Une autre.", ["Une ligne\nqui continue.", "Une autre."]),
        ("Un paragraphe\n\nun autre", ["Un paragraphe", "un autre"]),
        ("# Titre\nTexte.", ["# Titre", "Texte."]),
        (
            "- un\n- deux\n  suite\n* trois\n1. quatre\n2) cinq",
            ["- un", "- deux\n  suite", "* trois", "1. quatre", "2) cinq"],
        ),
        ("| a | b |\n|---|---|\n| 1. Un | 2 |", ["| a | b |", "|---|---|", "| 1. Un | 2 |"]),
        ("> Citation. Suite.\n> Autre", ["> Citation.", "Suite.", "> Autre"]),
        ("  espaces  ", ["espaces"]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_stops(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


PIECES = st.sampled_from(
    [
        *"Un mot. |art. L. 2 |M. X |? |! |… |« Oui. » |- |1. |# |> |```|\n|\n\n|\t| |\r\n|\u2028|\x0c|é|3.5|A|.".split(
            "|"
        ),
        "| a | ",
        "|---|",
    ]
)


@settings(max_examples=300, deadline=None)
@given(text=st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=80))
def test_sentences_are_in_order_apart_complete_and_bare(text: str) -> None:
    at = 0
    for start, end in sentence_spans(text):
        assert at <= start < end <= len(text)
        assert not text[at:start].strip(), "words between two sentences"
        assert text[start:end] == text[start:end].strip()
        bare = without_marker(text, (start, end))
        assert start <= bare[0] < bare[1] == end
        at = end
    assert not text[at:].strip()


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("- un", "un"),
        ("12. un", "un"),
        ("> - un", "un"),
        ("## Titre", "Titre"),
        ("-un", "-un"),
        ("un - deux", "un - deux"),
    ],
)
def test_markers_are_not_read(text: str, bare: str) -> None:
    start, end = without_marker(text, (0, len(text)))

    assert text[start:end] == bare


def test_headings_are_told_from_text() -> None:
    assert is_heading("# Titre", (0, 7))
    assert not is_heading("Titre #1", (0, 8))
