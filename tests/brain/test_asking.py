"""What kind of answer a question wants, and that a quotation gives it."""

import pytest

from brain.answerers.extractive import ExtractiveAnswerer
from brain.text.asking import figure_wanted, without_kind
from brain.types import Passage, Scores


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Combien coûte une carte grise ?", "money"),
        ("Quel est le montant du Smic ?", "money"),
        ("How much is delivery?", "money"),
        ("Combien de temps dure le congé maternité ?", "time"),
        ("Quel délai pour déclarer une naissance ?", "time"),
        ("How long is the warranty?", "time"),
        ("Combien de points perd-on ?", None),
        ("Quand serai-je remboursé ?", None),
        ("Quels sont les frais et les délais ?", None),
    ],
)
def test_which_figure_is_wanted(question: str, kind: str | None) -> None:
    assert figure_wanted(question) == kind


@pytest.mark.parametrize(
    ("question", "rest"),
    [("Quelle heure est-il ?", "est-il"), ("Quel âge avez-vous ?", "avez-vous"), ("What time is it?", "is it")],
)
def test_what_only_says_the_kind_of_answer_is_left_out(question: str, rest: str) -> None:
    assert without_kind(question).strip(" ?") == rest


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            "Combien de temps gardez-vous les données du compte ?",
            "Le compte est effacé 3 ans après la dernière commande.",
        ),
        ("Combien coûtent les données du compte ?", "Une copie du compte est facturée 12 €."),
    ],
)
def test_the_sentence_that_gives_the_figure_is_quoted(question: str, said: str) -> None:
    text = (
        "Les données du compte servent aux commandes du compte. Les données du compte sont lues par 4 personnes. "
        "Le compte est effacé 3 ans après la dernière commande. Une copie du compte est facturée 12 €."
    )
    page = Passage("p", "d", text, (0, len(text)), Scores(1.0), title="Données du compte", language="fr")

    assert said in [sentence.text for sentence in ExtractiveAnswerer(2).quote(question, "fr", [page])]
