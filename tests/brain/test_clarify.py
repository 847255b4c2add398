"""Which variant is meant: named by the question, or left open and asked for."""

import pytest

from brain.clarify import choices, with_named
from brain.settings import FacetSettings
from brain.types import Facet, Passage, Passages, Question, Scores, Turn

AGREEMENTS = Facet("idcc", (("1486", 3), ("0016", 2), ("2120", 2), ("0044", 1)))
COUNTRIES = Facet("pays", (("belgique", 1), ("pays-bas", 1)))
NAMED = {
    "idcc": FacetSettings(
        label={"fr": "votre convention collective", "en": "your collective agreement"},
        names={"1486": ("Bureaux d'études techniques", "Syntec")},
    )
}


def passage(title: str, *tags: str) -> Passage:
    return Passage(title + str(tags), title + str(tags), "…", (0, 1), Scores(1.0), title, tags=tags)


def tags(text: str, *facets: Facet, turns: tuple[Turn, ...] = ()) -> tuple[str, ...]:
    return with_named(Question(text, turns=turns), facets or (AGREEMENTS,), NAMED).tags


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Quel préavis dans la convention Syntec (1486) ?", ("idcc:1486",)),
        ("Quel préavis chez SYNTEC ?", ("idcc:1486",)),
        ("Quel préavis dans les bureaux d'études techniques ?", ("idcc:1486",)),
        ("Préavis IDCC 16", ("idcc:0016",)),
        ("Préavis, idcc n° 0044 ?", ("idcc:0044",)),
        ("1486 ou 2120 ?", ("idcc:1486", "idcc:2120")),
        ("Quel préavis ?", ()),
        ("À 16 ans, quel préavis ?", ()),
        ("Quel préavis pour 2120 € par mois ?", ()),
        ("Quel préavis avec 1 486,50 de salaire ?", ()),
        ("Les bureaux sont-ils fermés ?", ()),
    ],
)
def test_a_value_is_told_in_the_question(text: str, named: tuple[str, ...]) -> None:
    assert tags(text) == named


def test_words_of_a_value_stand_together() -> None:
    assert tags("Livrez-vous aux Pays-Bas ?", COUNTRIES) == ("pays:pays-bas",)
    assert tags("Dans quels pays, hauts ou bas ?", COUNTRIES) == ()


def test_the_conversation_names_it_and_the_question_wins() -> None:
    turns = (Turn("user", "Je suis en Belgique"), Turn("assistant", "Et pour les Pays-Bas ?"))

    assert tags("Quels frais ?", COUNTRIES, turns=turns) == ("pays:belgique",)
    assert tags("Et pour les Pays-Bas ?", COUNTRIES, turns=turns) == ("pays:pays-bas",)


def test_nothing_named_leaves_the_question_as_it_is() -> None:
    question = Question("Quel préavis ?", tags=("vip",))

    assert with_named(question, (AGREEMENTS,), NAMED) is question


def test_what_is_left_open_is_shown_with_its_names() -> None:
    found = Passages((passage("Préavis", "idcc:1486"),), "fr", facets=(AGREEMENTS,))

    (choice,) = choices(found, "fr", NAMED)

    assert (choice.key, choice.label, choice.total) == ("idcc", "votre convention collective", 4)
    assert [(o.value, o.label, o.documents) for o in choice.options[:2]] == [
        ("1486", "Bureaux d'études techniques", 3),
        ("0016", "0016", 2),
    ]
    assert choices(found, "de", NAMED)[0].label == "your collective agreement"
    assert choices(found, "fr", {})[0].label == "idcc"


def test_of_many_values_ten_are_listed_and_all_are_counted() -> None:
    facet = Facet("idcc", tuple((str(number), 1) for number in range(126)))

    (choice,) = choices(Passages((passage("Préavis", "idcc:1"),), "fr", facets=(facet,)), "fr", {})

    assert (len(choice.options), choice.total) == (10, 126)


def test_the_generic_page_of_the_variants_leaves_it_open_another_page_does_not() -> None:
    variant, generic, other = passage("Préavis", "idcc:1486"), passage("Préavis"), passage("Congés")

    assert choices(Passages((generic, variant), "fr", facets=(AGREEMENTS,)), "fr", {})
    assert not choices(Passages((other, variant), "fr", facets=(AGREEMENTS,)), "fr", {})
    assert not choices(Passages((other,), "fr"), "fr", {})
