"""Sparse vectors hold BM25's term-frequency part, to the formula."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain.settings import SparseSettings
from brain.text import bm25
from brain.text.analyzer import terms
from brain.text.bm25 import passage_vector, question_vector, term_number, title_vector


def weights(text: str, **settings: float) -> dict[int, float]:
    return dict(zip(*passage_vector(text, "fr", SparseSettings(**settings)), strict=True))


def number(word: str) -> int:
    (term,) = terms(word, "fr")
    return term_number(term)


@pytest.mark.parametrize(
    ("settings", "k1", "b", "average"),
    [({}, 1.2, 0.75, 90), ({"k1": 2, "b": 0.5, "average_length": 4}, 2, 0.5, 4), ({"b": 0}, 1.2, 0, 90)],
)
def test_weights_are_those_of_the_formula(settings: dict[str, float], k1: float, b: float, average: float) -> None:
    found = weights("colis colis colis carte remboursement", **settings)

    def expected(frequency: int) -> float:
        return frequency * (k1 + 1) / (frequency + k1 * (1 - b + b * 5 / average))

    assert found == pytest.approx(
        {number("colis"): expected(3), number("carte"): expected(1), number("remboursement"): expected(1)}
    )


def test_a_term_of_the_title_or_a_heading_counts_as_often_as_the_settings_say() -> None:
    settings = SparseSettings(title_weight=3, heading_weight=2, b=0)
    headed = passage_vector("colis carte", "fr", settings, title="Colis", heading_path=("Colis", "Remboursement"))
    spelt_out = passage_vector("colis carte colis colis colis remboursement remboursement", "fr", settings)

    assert dict(zip(*headed, strict=True)) == pytest.approx(dict(zip(*spelt_out, strict=True)))
    assert passage_vector("colis", "fr", SparseSettings(title_weight=0), title="Carte").indices == [number("colis")]


def test_a_titles_own_vector_is_of_its_terms_against_an_average_title() -> None:
    found = dict(zip(*title_vector("Le retour d'un colis", "fr", SparseSettings()), strict=True))

    weight = 2.2 / (1 + 1.2 * (0.25 + 0.75 * 2 / 5))
    assert found == pytest.approx({number("retour"): weight, number("colis"): weight})


def test_stop_words_do_not_lengthen_a_passage() -> None:
    assert weights("le colis de la carte") == weights("colis carte")


def test_a_question_counts_its_terms() -> None:
    assert dict(zip(*question_vector("colis, colis et carte", "fr"), strict=True)) == {
        number("colis"): 2.0,
        number("carte"): 1.0,
    }


def test_nothing_gives_an_empty_vector() -> None:
    assert passage_vector("", "fr", SparseSettings()) == question_vector("le la", "fr") == ([], [])


def test_term_numbers_last_and_fit_32_bits() -> None:
    """Were they to change, every stored passage would be found no more: then raise the analyzer's version, and this."""
    assert term_number("colis") == 191549227
    assert all(0 <= term_number(str(n)) < 2**32 for n in range(1000))


def test_two_terms_of_one_number_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bm25, "term_number", lambda term: 7)

    assert question_vector("colis carte", "fr") == ([7], [2.0])


@given(text=st.text(max_size=60))
def test_numbers_are_unique_and_weights_positive(text: str) -> None:
    vector = passage_vector(text, "fr", SparseSettings())

    assert len(set(vector.indices)) == len(vector.indices) == len(vector.values)
    assert all(value > 0 for value in vector.values)
