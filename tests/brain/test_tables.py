"""Which cells of a quoted table are pointed at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain.answerers.extractive import ExtractiveAnswerer
from brain.text.tables import answering, rows_of
from brain.types import Passage, Scores

DELIVERY = """\
| Poids du colis | Point relais (France) | Domicile (France métropolitaine) | Corse | Belgique et Luxembourg |
|:--|--:|--:|--:|--:|
| Jusqu'à 1 kg | 3,90 € | 5,90 € | 7,90 € | 8,90 € |
| De 1 à 5 kg | 4,90 € | 7,90 € | 10,90 € | 11,90 € |
| De 5 à 15 kg | 6,90 € | 11,90 € | 16,90 € | 18,90 € |
| De 15 à 30 kg | non disponible | 19,90 € | 28,90 € | 32,90 € |"""
PASSPORT = """\
| Tranche d'âge | Tarif | Tarif en Guyane |
|---|---|---|
| Moins de 15 ans | 17 € | 8,50 € |
| De 15 à 17 ans | 42 € | 21 € |
| 18 ans et plus | 86 € | 43 € |"""
FINES = "| Speed over the limit | Fine |\n|---|---|\n| less than 20 mph | $50 |\n| more than 40 mph | $500 |"
BY_UNIT = "| Poids (kg) | Prix |\n|--|--|\n| 0 à 2 | 5 € |\n| 2 à 10 | 9 € |\n| 10 à 30 | 19 € |"
HOURS = "| Jour | Ouverture |\n|--|--|\n| Lundi | fermé |\n| Samedi | 10 h - 19 h |"


def pointed(table: str, question: str, language: str = "fr") -> list[str]:
    return [table[slice(*span)] for span in answering(table, question, language)]


@pytest.mark.parametrize(
    ("table", "question", "cells"),
    [
        (DELIVERY, "Combien coûte la livraison en Corse pour un colis de 8 kg ?", ["16,90 €"]),
        (DELIVERY, "frais de port corse 800 kilos", ["7,90 €", "10,90 €", "16,90 €", "28,90 €"]),
        (DELIVERY, "Mon carton pèse 3,5 kg et part à Bruxelles", ["4,90 €", "7,90 €", "10,90 €", "11,90 €"]),
        (DELIVERY, "5 kg en point relais", ["4,90 €", "6,90 €"]),
        (DELIVERY, "20 kg en point relais", ["non disponible"]),
        (DELIVERY, "Quels sont vos tarifs de livraison ?", []),
        (PASSPORT, "Combien coûte un passeport pour mon fils de 12 ans ?", ["17 €", "8,50 €"]),
        (PASSPORT, "passeport en guyane à 16 ans", ["21 €"]),
        (PASSPORT, "J'ai 40 ans, quel prix ?", ["86 €", "43 €"]),
        (PASSPORT, "Combien coûte un passeport ?", []),
        (BY_UNIT, "envoyer 7 kg", ["9 €"]),
        (HOURS, "Êtes-vous ouverts le samedi ?", ["10 h - 19 h"]),
    ],
)
def test_the_cells_that_are_asked_for(table: str, question: str, cells: list[str]) -> None:
    assert pointed(table, question) == cells


def test_in_english_too() -> None:
    assert pointed(FINES, "What is the fine for 50 mph over?", "en") == ["$500"]
    assert pointed(FINES, "What is the fine for 30 mph over?", "en") == []


def test_what_is_no_table_with_a_header_is_not_pointed_into() -> None:
    assert pointed("| 8 kg | 5 € |\n| 9 kg | 6 € |\n| 10 kg | 7 € |", "8 kg ?") == []
    assert pointed("| Poids | Prix |\n|--|--|", "8 kg ?") == []


def test_a_quotation_carries_its_cells_and_stays_whole() -> None:
    passage = Passage("p", "tarifs", DELIVERY, (0, len(DELIVERY)), Scores(1.0), language="fr")
    question = "Combien coûte la livraison en Corse pour un colis de 8 kg ?"
    (sentence,) = ExtractiveAnswerer(1).quote(question, "fr", [passage])
    assert sentence.text == DELIVERY == sentence.citations[0].quote
    assert [sentence.text[slice(*span)] for span in sentence.cells] == ["16,90 €"]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="|\\\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")), max_size=4),
        max_size=4,
    )
)
def test_cells_are_what_stands_at_their_place(rows: list[list[str]]) -> None:
    table = "\n".join(f"|{'|'.join(row)}|" for row in rows)
    read = rows_of(table)
    assert [[cell.text for cell in row] for row in read] == [[cell.strip() for cell in row] or [""] for row in rows]
    assert all(table[slice(*cell.span)] == cell.text for row in read for cell in row)


def test_a_line_may_lack_its_last_bar() -> None:
    assert [[cell.text for cell in row] for row in rows_of("| a | b\n| c | d |")] == [["a", "b"], ["c", "d"]]
