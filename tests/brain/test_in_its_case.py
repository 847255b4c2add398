"""Figures that a page gives for several cases are quoted with their case."""

from brain.answerers.extractive import ExtractiveAnswerer
from brain.types import Passage, Scores

ASKED = "Combien coûte le passeport d'un mineur ?"


def quoted(text: str, question: str = ASKED) -> list[str]:
    page = Passage("p", "d", text, (0, len(text)), Scores(1.0), title="Passeport", language="fr")
    sentences = ExtractiveAnswerer().quote(question, "fr", [page])
    for sentence in sentences:
        cited = sentence.citations[0]
        assert text[slice(*cited.span)] == cited.quote == sentence.text, "word for word"
    return [sentence.text for sentence in sentences]


def test_the_heading_right_above_says_which_case() -> None:
    text = "#### En Martinique\n\nLe passeport d'un mineur coûte 42 €.\n\n#### En Guyane\n\nLe passeport d'un mineur coûte 21 €.\n"

    assert quoted(text) == [
        "En Martinique\n\nLe passeport d'un mineur coûte 42 €.",
        "En Guyane\n\nLe passeport d'un mineur coûte 21 €.",
    ]


def test_a_list_of_cases_is_quoted_whole_and_once() -> None:
    cases = "- Entre 0 et 14 ans, le passeport d'un mineur coûte 17 €.\n- Entre 15 et 17 ans, le passeport d'un mineur coûte 42 €."

    assert quoted(f"#### Cas général\n\n{cases}\n\nVoir aussi les photos.") == [f"Cas général\n\n{cases}"]


def test_a_long_list_is_not() -> None:
    items = [f"- Dans le cas numéro {n}, le passeport d'un mineur coûte {n} €." for n in range(10, 40)]

    assert all(len(said) < 100 for said in quoted("\n".join(items)))


def test_one_figure_needs_no_case() -> None:
    assert quoted("#### En Guyane\n\nLe passeport d'un mineur coûte 21 €.") == ["Le passeport d'un mineur coûte 21 €."]


def test_where_no_figure_is_asked_for_nothing_is_widened() -> None:
    text = "#### En Martinique\n\nLe passeport d'un mineur coûte 42 €.\n\n#### En Guyane\n\nLe passeport d'un mineur coûte 21 €.\n"

    assert quoted(text, "Où demander le passeport d'un mineur ?")[0] == "Le passeport d'un mineur coûte 42 €."


CASES = (
    "## Entre 15 et 17 ans\n\nLe passeport d'un mineur coûte 42 €.\n\n## Avant 15 ans\n\nLe passeport d'un mineur coûte 17 €."
    "\n\n## En Guyane\n\nLe passeport d'un mineur coûte 21 €.\n"
)
SUMMARY = "En métropole, il coûte 42 € pour un mineur de 15 à 17 ans et 17 € avant 15 ans."


def test_a_sentence_that_gives_several_of_them_is_quoted_instead() -> None:
    assert quoted(f"Le prix dépend de l'âge. {SUMMARY}\n\n{CASES}") == [SUMMARY]


def test_how_the_page_opens_may_sum_them_up_without_having_been_found() -> None:
    opening = Passage("o", "d", SUMMARY, (0, len(SUMMARY)), Scores(0.0), title="Passeport", language="fr")
    span = (len(SUMMARY) + 2, len(SUMMARY) + 2 + len(CASES))
    page = Passage("p", "d", CASES, span, Scores(1.0), title="Passeport", language="fr", position=1)

    (sentence,) = ExtractiveAnswerer().quote(ASKED, "fr", [page], [opening])

    assert (sentence.text, sentence.citations[0].passage_id) == (SUMMARY, "o")
    assert len(ExtractiveAnswerer().quote(ASKED, "fr", [page])) == 3, "each with its heading, where none sums them up"


def test_what_gives_figures_of_something_else_sums_nothing_up() -> None:
    text = f"Les photos coûtent 42 €, 21 € ou 17 €.\n\n{CASES}"

    assert "photos" not in " ".join(quoted(text))
