"""Soft preferences settle near-ties and nothing else; what says the same is shown once."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from brain.facets import Page, title_key
from brain.prefer import distinct, focused, near_duplicates, preferred
from brain.types import Passage, Scores

TEXT = "Le retour du colis est gratuit pendant trente jours à compter de la réception, sauf pour les articles soldés en magasin."


def passage(id: str, score: float = 1.0, **fields: Any) -> Passage:
    return Passage(**{"id": id, "document_id": id, "text": TEXT, "span": (0, 1), "scores": Scores(score)} | fields)


def page(id: str, score: float = 1.0, **fields: Any) -> Page:
    return (passage(id, score, **fields),)


def names(pages: list[Page]) -> list[str]:
    return [found[0].id for found in pages]


def test_of_two_nearly_equal_pages_the_one_in_the_questions_language_is_first() -> None:
    ranked = [page("en", 1.0, language="en"), page("fr", 0.985, language="fr"), page("far", 0.9, language="fr")]

    assert names(preferred(ranked, "fr")) == ["fr", "en", "far"]
    assert names(preferred(ranked, "en")) == ["en", "fr", "far"]


def test_a_page_in_the_other_language_is_never_buried() -> None:
    ranked = [page("answer", 1.0, language="en"), *(page(f"fr{n}", 0.9 - n / 100, language="fr") for n in range(20))]

    assert names(preferred(ranked, "fr"))[0] == "answer"


def test_a_chain_of_near_ties_does_not_reach_past_its_first_page() -> None:
    ranked = [page(f"en{n}", 1 - 0.015 * n, language="en") for n in range(5)] + [page("fr", 0.93, language="fr")]

    assert names(preferred(ranked, "fr"))[0] == "en0"


def test_on_a_tie_the_fresher_page_is_first() -> None:
    old, new = {"updated_at": date(2025, 1, 1)}, {"updated_at": date(2026, 1, 1)}

    assert names(preferred([page("none"), page("old", **old), page("new", **new)], "fr")) == ["new", "old", "none"]
    assert names(preferred([page("old", 1.0, **old), page("new", 0.99, **new)], "fr")) == ["old", "new"]


def test_language_comes_before_freshness() -> None:
    ranked = [page("en", updated_at=date(2026, 1, 1), language="en"), page("fr", language="fr")]

    assert names(preferred(ranked, "fr")) == ["fr", "en"]


def test_scores_below_zero_are_ranked_alike() -> None:
    ranked = [page("en", -1.0, language="en"), page("fr", -1.01, language="fr"), page("far", -2.0, language="fr")]

    assert names(preferred(ranked, "fr")) == ["fr", "en", "far"]


SPECIAL, GENERAL = "Permis de construire d'un bâtiment professionnel", "Permis de construire"


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Quel délai pour un permis de construire ?", "general"),
        ("permis de construire", "general"),
        ("Quel délai pour le permis de construire d'un bâtiment professionnel ?", "special"),
        ("Je veux savoir quel permis de construire demander pour une grange agricole.", "special"),
        ("", "special"),
    ],
)
def test_of_a_brief_question_a_page_on_nothing_else_comes_first(question: str, first: str) -> None:
    ranked = [page("special", 2.3, title=SPECIAL, language="fr"), page("general", 2.1, title=GENERAL, language="fr")]

    assert names(focused(ranked, question, "fr"))[0] == first


def test_a_title_moves_no_page_past_one_that_fits_clearly_better() -> None:
    ranked = [page("special", 2.6, title=SPECIAL), page("general", 1.9, title=GENERAL), page("bare", 1.8, title="")]

    assert names(focused(ranked, "permis de construire", "fr")) == ["special", "general", "bare"]
    assert [p[0].score for p in focused(ranked, "permis", "fr")] == pytest.approx([2.6 + 0.6 / 4, 1.9 + 0.6 / 2, 1.8])


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({}, True),
        ({"text": f"  {TEXT.upper()}!"}, True),
        ({"title": "retours ?"}, True),
        ({"text": TEXT.replace("gratuit", "payant")}, False),
        ({"title": "Colis"}, False),
        ({"text": "Autre chose."}, False),
        ({"tags": ("idcc:0016",)}, False),
        ({"tags": ("vip",)}, True),
    ],
)
def test_what_is_a_near_duplicate(fields: dict[str, Any], same: bool) -> None:
    one = passage("a", title="Retours")

    assert near_duplicates(one, replace(one, **fields)) is same


def test_one_word_in_a_long_text_makes_no_difference_but_one_figure_does() -> None:
    words = [f"mot{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(100)]
    one = passage("a", text=" ".join([*words, "30", "euros"]))

    assert near_duplicates(one, replace(one, text=" ".join(["autre", *words[1:], "30", "euros"])))
    assert not near_duplicates(one, replace(one, text=" ".join([*words, "35", "euros"])))


def test_near_duplicates_are_shown_once_where_the_first_stood() -> None:
    ranked = [
        page("en", 3, language="en", updated_at=date(2026, 1, 1)),
        page("other", 2, title="Autre"),
        page("old", 1, language="fr", updated_at=date(2025, 1, 1)),
        page("new", 1, language="fr", updated_at=date(2026, 1, 1)),
    ]

    assert names(distinct(ranked, "fr")) == ["new", "other"]
    assert names(distinct(ranked, "en")) == ["en", "other"]
    assert names(distinct(ranked[2:], "de")) == ["new"]


def test_a_title_is_known_in_any_case_and_spacing() -> None:
    assert title_key("Préavis : démission ?") == title_key("préavis\u00a0: DÉMISSION")
    assert title_key("Préavis") != title_key("Preavis de licenciement")
    assert title_key("  ?") == ""
