"""Pages that contradict each other on a figure; and all that looks like it and is none."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from brain.closeness import Likeness
from brain.conflicts import Conflict, conflict
from brain.types import Passage, Passages, Scores

ASKED = "Sous combien de jours suis-je remboursé après la réception du retour ?"
FOURTEEN = "Le remboursement est fait dans les 14 jours après la réception du retour."
TEN = "Le remboursement est fait dans les 10 jours après la réception du retour."


def page(text: str, id: str, **fields: object) -> Passage:
    defaults = {"title": "Remboursement", "language": "fr", "updated_at": date(2026, 1, 1)}
    return Passage(id, id, text, (0, len(text)), Scores(1.0), **(defaults | fields))  # type: ignore[arg-type]


def of(*pages: Passage, question: str = ASKED) -> Conflict | None:
    """By words alone, without vectors."""
    return conflict(question, Passages(pages, "fr"), None)


def test_both_are_quoted_the_newer_first_and_marked() -> None:
    found = of(page(f"Voici. {FOURTEEN}", "old"), page(TEN, "new", updated_at=date(2026, 3, 1)))

    assert found and found.newer == "new"
    assert [(s.text, s.citations[0].document_id) for s in found.sentences] == [(TEN, "new"), (FOURTEEN, "old")]
    assert all(s.citations[0].quote == s.text for s in found.sentences)
    assert found.sentences[1].citations[0].span == (7, 7 + len(FOURTEEN))


def test_without_dates_or_of_one_day_none_is_newer() -> None:
    for day in (None, date(2026, 1, 1)):
        found = of(page(FOURTEEN, "a", updated_at=day), page(TEN, "b", updated_at=day))
        assert found and found.newer is None


@pytest.mark.parametrize(
    ("other", "fields"),
    [
        ("Le remboursement est fait dans les quatorze jours après la réception du retour.", {}),
        ("Le remboursement est fait dans les 2 semaines après la réception du retour.", {}),
        ("Le remboursement est fait dans les 10 à 14 jours après la réception du retour.", {}),
        ("Le colis est livré dans les 10 jours après la commande.", {}),
        ("Le remboursement coûte 10 € après la réception du retour.", {}),
        (TEN, {"title": "Remboursement en 2019"}),
        (TEN, {"language": "en"}),
    ],
)
def test_what_says_the_same_or_speaks_of_something_else_is_none(other: str, fields: dict[str, object]) -> None:
    assert of(page(FOURTEEN, "a"), page(other, "b", **fields)) is None


def test_the_same_exception_makes_two_prices_none_of_one_thing() -> None:
    """The encoder sees the same words in both, and so would whoever counts them."""
    wrap = "L'emballage est fait pour 3 € par article, sauf pour les colis de plus de 15 kg."
    post = "Le point relais est offert dès 99 € par commande, sauf pour les colis de plus de 15 kg."
    compared: list[str] = []

    def like(texts: Sequence[str]) -> np.ndarray:
        compared.extend(texts)
        return np.ones((len(texts), len(texts)))

    pages = Passages((page(wrap, "a"), page(wrap.replace("3 €", "4 €"), "b"), page(post, "c")), "fr")
    assert conflict("Combien coûte l'emballage par article ?", pages, like)
    assert compared and not any("sauf" in text for text in compared)
    pages = Passages((page(wrap, "a"), page(post, "b")), "fr")
    assert of(*pages, question="Combien coûte la livraison pour les colis de plus de 15 kg ?") is None
    same = page(wrap.replace("3 €", "4 €"), "c")
    assert of(page(wrap, "a"), same, question="Combien coûte l'emballage par article ?")


def test_a_page_does_not_contradict_itself_nor_its_variants() -> None:
    assert of(page(f"{FOURTEEN} {TEN}", "a")) is None
    assert of(page(FOURTEEN, "a", tags=("pays:fr",)), page(TEN, "b", tags=("pays:be",))) is None
    assert of(page(FOURTEEN, "a", tags=("pays:fr",)), page(TEN, "b", tags=("pays:fr",)))


def test_thirty_days_are_a_month_and_a_year_is_twelve() -> None:
    month = "Le remboursement est fait dans le délai d'un mois après la réception du retour."
    days = "Le remboursement est fait dans le délai de {} jours après la réception du retour."

    assert of(page(month, "a"), page(days.format(30), "b")) is None
    assert of(page(month, "a"), page(days.format(45), "b"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Le remboursement coûte 4,50 € par retour.", "Le remboursement coûte 5 € par retour."),
        ("Le remboursement a lieu le 3 mars 2026.", "Le remboursement a lieu le 4 mars 2026."),
        ("Le remboursement est de 80 % du prix du retour.", "Le remboursement est de 70 % du prix du retour."),
    ],
)
def test_amounts_dates_and_shares_too(one: str, other: str) -> None:
    question = "Quand et de combien est le remboursement d'un retour ?"

    assert of(page(one, "a"), page(other, "b"), question=question)
    assert of(page(one, "a"), page(one, "b"), question=question) is None


def test_a_question_that_asks_for_no_figure_is_not_looked_at() -> None:
    assert of(page(FOURTEEN, "a"), page(TEN, "b"), question="Comment est fait le remboursement du retour ?") is None


def alike(between: float, to_question: float) -> Likeness:
    def like(texts: Sequence[str]) -> np.ndarray:
        assert texts[0] == ASKED and len(texts) == 3
        return np.array(
            [[1, to_question, to_question], [to_question, 1, between], [to_question, between, 1]], np.float32
        )

    return like


def by_meaning(like: Likeness, one: dict[str, object], other: dict[str, object]) -> Conflict | None:
    pages = (
        page("Nous vous remboursons à votre demande sous 14 jours.", "a", **one),
        page("Le remboursement est versé en 10 jours.", "b", **other),
    )
    return conflict(ASKED, Passages(pages, "fr"), like)


@pytest.mark.parametrize(
    ("between", "to_question", "found"), [(0.6, 0.39, True), (0.6, 0.29, False), (0.3, 0.5, False)]
)
def test_with_vectors_likeness_decides(between: float, to_question: float, found: bool) -> None:
    assert bool(by_meaning(alike(between, to_question), {}, {})) is found


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (("Quand serai-je remboursé ?", "Le délai"), ("Remboursement", "En combien de temps"), True),
        (("Quand serai-je remboursé ?", "Le délai"), ("Remboursement", "Versement"), False),
        (("Quand serai-je remboursé ?", "Le délai"), ("Cartes cadeaux", "Délai"), False),
    ],
)
def test_less_likeness_is_enough_under_headings_that_promise_what_is_asked(
    one: tuple[str, str], other: tuple[str, str], found: bool
) -> None:
    fields: list[dict[str, object]] = [{"title": title, "heading_path": (heading,)} for title, heading in (one, other)]

    assert bool(by_meaning(alike(0.6, 0.25), *fields)) is found


COSTS = "Le passeport demandé coûte {} €."
PRICE = "Combien coûte le passeport demandé ?"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"title": "Passeport d'un mineur"}, {"title": "Passeport d'un majeur"}),
        ({"heading_path": ("Coût", "En Guyane")}, {"heading_path": ("Coût", "Cas général")}),
        ({"heading_path": ("En ligne",)}, {"title": "Frais", "heading_path": ("Au guichet",)}),
        ({"heading_path": ("Avec photo",)}, {"heading_path": ("Sans photo",)}),
        ({"heading_path": ("Moins de 15 ans",)}, {"heading_path": ("Plus de 15 ans",)}),
    ],
)
def test_titles_and_headings_that_name_different_cases_make_none(
    one: dict[str, object], other: dict[str, object]
) -> None:
    def told(a: dict[str, object], b: dict[str, object]) -> Conflict | None:
        pages = (
            page(COSTS.format(42), "a", **{"title": "Passeport", **a}),
            page(COSTS.format(21), "b", **{"title": "Passeport", **b}),
        )
        return of(*pages, question=PRICE)

    assert told({}, {}) and told(one, one), "the words alone contradict each other"
    assert told(one, other) is None and told(other, one) is None


def test_headings_within_a_passage_name_cases_too() -> None:
    guiana = f"### Coût\n\n#### En Guyane\n\n{COSTS.format(21)}"
    elsewhere = f"### Coût\n\n#### Cas général\n\n{COSTS.format(42)}"
    under_both = f"### Coût\n\n#### En Guyane\n\nVoir plus bas.\n\n### Délai\n\n{COSTS.format(42)}"

    assert of(page(guiana, "a"), page(elsewhere, "b"), question=PRICE) is None
    assert of(page(guiana, "a"), page(under_both, "b"), question=PRICE), "a heading ends at the next one of its level"


def test_headings_that_only_say_what_kind_of_thing_is_told_name_no_case() -> None:
    one, other = page(FOURTEEN, "a", heading_path=("Le délai",)), page(TEN, "b", heading_path=("En combien de temps",))

    assert of(one, other)


def test_a_page_that_gives_the_others_figure_too_says_for_which_case_each_is() -> None:
    both = f"{COSTS.format(42)} En outre-mer, cela change.\n\nLe passeport demandé y coûte 21 €."

    assert of(page(both, "a"), page(COSTS.format(21), "b"), question=PRICE) is None
    assert of(page(both, "a"), page(COSTS.format(30), "b"), question=PRICE)
