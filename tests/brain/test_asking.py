"""What kind of answer a question wants, and that a quotation gives it."""

import pytest

from brain.answerers.extractive import ExtractiveAnswerer
from brain.text.asking import figure_of_what, figure_wanted, without_kind
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
        ("Quelle est l'amende pour un stationnement gênant ?", "money"),
        ("Combien de temps pour contester une amende ?", "time"),
        ("Quel est le plafond du livret A ?", "money"),
        ("Combien de points perd-on ?", "number"),
        ("How many seats does the table have?", "number"),
        ("Combien de fois par an ?", None),
        ("Combien d'années gardez-vous les factures ?", "time"),
        ("À quel âge peut-on voter ?", "time"),
        ("Combien pèse le colis ?", "weight"),
        ("Quel est votre numéro de téléphone ?", "phone"),
        ("What is your phone number?", "phone"),
        ("Quel est le numéro de commande ?", None),
        ("How heavy is the parcel?", "weight"),
        ("Quand serai-je remboursé ?", None),
        ("Quels sont les frais et les délais ?", None),
        ("Quels sont les horaires du service client ?", "clock"),
        ("À quelle heure fermez-vous ?", "clock"),
        ("What are your opening hours?", "clock"),
        ("Combien coûte un appel, et à quelle heure ?", None),
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
    ("question", "rest"),
    [
        ("Combien coûte l'extension de garantie ?", "l'extension de garantie"),
        ("Quelle est la durée de validité d'un devis ?", "est la de d'un devis"),
        ("What is the return deadline?", "is the return"),
        ("Combien de points par euro dépensé ?", "de points par euro dépensé"),
        ("Quels sont vos horaires ?", "sont vos"),
    ],
)
def test_what_a_figure_is_of(question: str, rest: str) -> None:
    assert figure_of_what(question).strip(" ?").split() == rest.split()


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            "Combien de temps gardez-vous les données du compte ?",
            "Le compte est effacé 3 ans après la dernière commande.",
        ),
        ("Combien coûtent les données du compte ?", "Une copie du compte est facturée 12 €."),
        ("Quels sont les horaires pour les données du compte ?", "Le service du compte répond de 9 h à 17 h 30."),
        ("Quel numéro de téléphone pour les données du compte ?", "Pour le compte, appelez le 02 61 91 40 00."),
    ],
)
def test_the_sentence_that_gives_the_figure_is_quoted(question: str, said: str) -> None:
    text = (
        "Les données du compte servent aux commandes du compte. Les données du compte sont lues par 4 personnes. "
        "Le compte est effacé 3 ans après la dernière commande. Une copie du compte est facturée 12 €. "
        "Le service du compte répond de 9 h à 17 h 30. Pour le compte, appelez le 02 61 91 40 00."
    )
    page = Passage("p", "d", text, (0, len(text)), Scores(1.0), title="Données du compte", language="fr")

    assert said in [sentence.text for sentence in ExtractiveAnswerer(2).quote(question, "fr", [page])]


def _page(id: str, text: str, title: str, language: str = "fr", close: float | None = None) -> Passage:
    return Passage(id, id, text, (0, len(text)), Scores(1.0, close=close), title=title, language=language)


def test_a_heading_that_names_what_is_asked_leads_to_its_figure() -> None:
    text = (
        "Le devis reste valable 21 jours après sa date.\n\n## Délai\n\n"
        "L'atelier rend l'appareil en 12 jours en moyenne.\n\n## Après\n\nUne pièce refusée est gardée 3 mois au plus."
    )

    quoted = ExtractiveAnswerer(1).quote("Quel délai pour une réparation ?", "fr", [_page("a", text, "Réparations")])

    assert [sentence.text for sentence in quoted] == ["L'atelier rend l'appareil en 12 jours en moyenne."]


def test_forms_of_a_word_are_one() -> None:
    text = "Nous écrivons dès la réception. Nous remboursons par virement. Nous classons votre dossier."

    quoted = ExtractiveAnswerer(1).quote(
        "Comment se fait le remboursement ?", "fr", [_page("a", text, "Après l'envoi")]
    )

    assert [sentence.text for sentence in quoted] == ["Nous remboursons par virement."]


def test_the_question_s_language_is_quoted_where_a_passage_in_it_says_as_much() -> None:
    french = _page("fr", "Les points Club expirent au bout de 18 mois.", "Club", "fr", close=0.6)
    english = _page("en", "Club points expire after 18 months.", "Club", "en", close=0.45)
    answerer, question = ExtractiveAnswerer(1), "When do Club points expire?"

    assert answerer.quote(question, "en", [french, english])[0].citations[0].document_id == "en"
    assert answerer.quote(question, "en", [french])[0].citations[0].document_id == "fr"


def test_where_a_cell_of_a_table_answers_nothing_else_is_quoted() -> None:
    table = "| Poids | Corse | Belgique |\n|---|---|---|\n| 1 à 5 kg | 10,90 € | 11,90 € |\n| 5 à 15 kg | 16,90 € | 18,90 € |"
    text = f"{table}\n\nL'envoi d'un colis coûte 2 € de moins en Corse dès 69 € d'achat."

    quoted = ExtractiveAnswerer(3).quote(
        "Combien coûte l'envoi en Corse d'un colis de 8 kg ?", "fr", [_page("a", text, "Tarifs de livraison")]
    )

    assert [sentence.text for sentence in quoted] == [table]
    assert [table[slice(*cell)] for cell in quoted[0].cells] == ["16,90 €"]
