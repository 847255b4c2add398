"""What a claim takes from its question, and whether a figure is the passage's figure for what was asked."""

import asyncio

import pytest

from bench.questioned import DOCUMENTS, PAIRS, checked, read, tally
from brain.checking import Checking
from brain.text.asking import asks_whether
from brain.types import Citation, Passage, Passages, Question, Scores, Sentence
from brain.verify import Gate, Verifier
from brain.verify.echo import CONTRARY, UNTOLD
from brain.verify.polarity import negations
from brain.verify.words import words

RETURNS = """# Retours

## Délai

Vous disposez de 30 jours après la réception pour renvoyer un article neuf.

## Étiquette

Déposez le colis sous 7 jours, ensuite l'étiquette n'est plus valable. Le remboursement est versé sous deux semaines.

## Ce qui ne se reprend pas

- Cartes cadeaux.
- Filtres descellés.

## Modifications

Un changement fait jusqu'au 20 du mois compte pour ce mois. Rien n'est débité pendant la pause.
Si l'article est gravé, l'échange est impossible. Si vous acceptez le devis, le diagnostic est déduit de la facture.
"""
PRICES = """# Delivery prices

| Parcel | Pick-up point | Corsica |
|---|---|---|
| Up to 1 kg | €3.90 | €7.90 |
| Up to 5 kg | €4.90 | €10.90 |

Express parcels arrive the next day for €9.90. They can't be sent to a locker. Filters and seals are excluded.
You can pay by card or by transfer. If the parcel is late, we refund the express charge.
"""


def passage(text: str, id: str = "p", language: str = "fr") -> Passage:
    return Passage(id, f"d-{id}", text, (0, len(text)), Scores(1.0), title=text.splitlines()[0][2:], language=language)


def problems(question: str, claim: str, *passages: Passage) -> tuple[str, ...]:
    """The first passage is cited."""
    sentence = Sentence(claim, (Citation(passages[0].id, passages[0].document_id, (0, 1), passages[0].text[:1]),))
    by_id = {passage.id: passage for passage in passages}
    support = Verifier().check(sentence, claim, passages[0].language or "", by_id, question).support
    assert support is not None
    return support.problems


def french(question: str, claim: str) -> tuple[str, ...]:
    return problems(question, claim, passage(RETURNS))


def english(question: str, claim: str) -> tuple[str, ...]:
    return problems(question, claim, passage(PRICES, language="en"))


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("Combien de temps ai-je pour renvoyer un article ?", "Vous avez 30 jours.", "Vous avez 7 jours."),
        ("Sous combien de temps suis-je remboursé ?", "Sous 14 jours.", "Sous 30 jours."),
        ("L'étiquette est valable combien de temps ?", "7 jours.", "Deux semaines."),
    ],
)
def test_a_figure_is_that_of_what_was_asked(question: str, right: str, wrong: str) -> None:
    assert french(question, right) == ()
    assert "of something else" in french(question, wrong)[0]


def test_a_figure_of_a_table_is_that_of_its_row_and_column() -> None:
    question = "How much is a parcel of up to 5 kg to Corsica?"
    assert english(question, "It is €10.90.") == ()
    assert english(question, "It is €4.90.") == ("the passage says “€4.90” of something else",)
    assert english("What is the charge for express?", "It is €10.90.") == (
        "the passage says “€10.90” of something else",
    )


def test_what_else_was_found_is_compared_too() -> None:
    trial = passage("# Essai des robots\n\nL'essai dure 60 jours à partir de la livraison.", "trial")
    broken = passage("# Casse\n\n## Nous prévenir\n\nVous avez 3 jours ouvrés pour signaler la casse.", "broken")
    question, claim = "Le robot est arrivé cassé. Combien de jours ai-je pour vous prévenir ?", "Vous avez 60 jours."
    assert problems(question, claim, trial) == ()
    assert problems(question, claim, trial, broken) == ("the passage says “60 jours” of something else",)
    assert problems("Combien dure l'essai du robot ?", claim, trial, broken) == ()


def test_what_a_claim_says_of_its_own_tells_whose_figure_it_is() -> None:
    question = "Combien de temps ai-je pour renvoyer un article ?"
    assert french(question, "Le remboursement est versé sous 14 jours.") == ()


def test_a_figure_beside_nothing_that_was_asked_or_said_is_none() -> None:
    assert french("Où garer ma voiture ?", "Il y a 7 jours.") == ("the passage says “7 jours” of something else",)


@pytest.mark.parametrize(
    ("question", "claim", "why"),
    [
        ("Acceptez-vous les chèques-vacances ?", "Nous acceptons les chèques-vacances.", "only the question"),
        ("Peut-on rendre une carte cadeau ?", "Oui, on peut rendre une carte cadeau.", CONTRARY),
        (
            "Suis-je débité pendant la pause ?",
            "Oui, vous êtes débité pendant la pause.",
            "the passage says the contrary",
        ),
        ("Si je change le 22, est-ce que ça compte ce mois ?", "Oui, ça compte pour ce mois.", UNTOLD),
        ("Peut-on échanger un article gravé ?", "Oui.", CONTRARY),
    ],
)
def test_an_echo_of_the_question_must_be_borne_out(question: str, claim: str, why: str) -> None:
    assert french(question, claim)[0].startswith(why)


@pytest.mark.parametrize(
    ("question", "claim"),
    [
        ("Suis-je débité pendant la pause ?", "Non, rien n'est débité pendant la pause."),
        ("Si je change le 22, est-ce que ça compte ce mois ?", "Non, un changement compte jusqu'au 20 du mois."),
        ("Peut-on retourner un article neuf ?", "Oui, on peut retourner un article neuf."),
        ("Peut-on rendre sa commande au bout de 7 jours ?", "Oui, on peut rendre sa commande jusqu'à 30 jours après."),
    ],
)
def test_an_echo_that_is_borne_out_is_supported(question: str, claim: str) -> None:
    assert french(question, claim) == ()


@pytest.mark.parametrize(
    ("question", "claim", "supported"),
    [
        ("Can I send it to a locker?", "Yes, they can be sent to a locker.", False),
        ("Can I send it to a locker?", "No, they can't be sent to a locker.", True),
        ("Are filters excluded?", "Yes, filters are excluded.", True),
        ("Are filters covered?", "Yes, filters are covered.", False),
        ("Can I pay by transfer?", "Yes, you can pay by transfer.", True),
        ("Can I pay by cheque?", "Yes, you can pay by cheque.", False),
        ("Can I pay by card?", "Yes.", True),
        ("Can I send it to a locker?", "Yes.", False),
    ],
)
def test_english_echoes(question: str, claim: str, supported: bool) -> None:
    assert (english(question, claim) == ()) is supported


def test_a_plain_if_that_is_left_out_is_noticed() -> None:
    claim = "Le diagnostic est déduit de la facture."
    assert french("Le diagnostic est-il payant ?", claim) == ("a condition is left out: “Si vous acceptez le devis”",)
    assert french("Le devis accepté, que devient le diagnostic ?", claim) == ()
    assert (
        french("Le diagnostic est-il payant ?", "Si vous acceptez le devis, le diagnostic est déduit de la facture.")
        == ()
    )
    assert "a condition is left out" in english("What about the charge?", "We refund the express charge.")[0]
    assert english("My parcel is late, what about the charge?", "We refund the express charge.") == ()


@pytest.mark.parametrize(
    "text",
    [
        "Vérifiez si le colis est complet avant de signer le bon.",
        "Le bon est signé même si le colis est abîmé.",
        "Le bon est signé, si possible, avant midi.",
    ],
)
def test_not_every_if_is_a_condition(text: str) -> None:
    assert problems("Que faire du bon ?", "Le bon est signé.", passage(f"# Bon\n\n{text}")) == ()


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("Rien n'est débité.", 1),
        ("Personne n'est prévenu.", 1),
        ("La personne ne peut pas venir.", 1),
        ("Non, rien n'est débité.", 1),
        ("Non, c'est gratuit.", 0),
        ("Non seulement le port est dû.", 0),
    ],
)
def test_a_negation_is_counted_once(text: str, times: int) -> None:
    assert len(negations(words(text, "fr"), "fr")) == times


def test_an_answer_that_only_echoes_is_refused() -> None:
    question, found = Question("Acceptez-vous les chèques-vacances ?"), Passages((passage(RETURNS),), "fr")
    checking = Checking(Verifier(), Gate(question, found, "remove"), question, found)
    cited = (Citation("p", "d-p", (0, 1), RETURNS[:1]),)

    async def shown() -> list[Sentence]:
        return [
            *await checking.add(Sentence("Oui, nous acceptons les chèques-vacances.", cited)),
            *await checking.end(),
        ]

    assert asyncio.run(shown()) == []
    assert "only the question speaks of" in checking.draft.dropped[0]["why"]


@pytest.mark.parametrize(
    ("question", "whether"),
    [
        ("Puis-je payer par chèque ?", True),
        ("Est-ce que je peux le rendre quand je veux ?", True),
        ("L'article qui est cassé est-il repris ?", True),
        ("Combien de temps ai-je ?", False),
        ("Jusqu'à quand puis-je le rendre ?", False),
        ("Où est mon colis ?", False),
        ("Can I return it when I like?", True),
        ("When can I return it?", False),
        ("Which card do you take?", False),
    ],
)
def test_a_question_of_yes_or_no(question: str, whether: bool) -> None:
    assert asks_whether(question) is whether


def test_most_wrong_answers_to_the_sample_pages_are_told_from_right_ones() -> None:
    """Measured by words alone, French and English alike: see docs/decisions/0015-checking-sentences.md."""
    verifier = Verifier()
    flagged = tally((asked, checked(asked, DOCUMENTS, verifier)) for asked in read(PAIRS))
    for language, missed, alarms in (("fr", 3, 5), ("en", 2, 6)):
        wrong, right = (flagged[language, "all", supported] for supported in (False, True))
        assert len(wrong) - sum(wrong) <= missed and sum(right) <= alarms


TIMES = """# Délais de livraison

## Selon le mode choisi

- Point relais : 3 à 5 jours ouvrés.
- Domicile en France métropolitaine : 2 à 4 jours ouvrés.
- Corse : comptez 2 jours ouvrés de plus que la livraison à domicile.
- Belgique et Luxembourg : 4 à 6 jours ouvrés.
"""


@pytest.mark.parametrize(
    ("claim", "right"),
    [
        (
            "Pour recevoir un paquet au Luxembourg, il faut compter 2 jours ouvrés de plus que la livraison à domicile.",
            False,
        ),
        ("Pour recevoir un paquet au Luxembourg, il faut compter de 4 à 6 jours ouvrés.", True),
        ("En Corse, il faut compter 2 jours ouvrés de plus que la livraison à domicile.", True),
    ],
)
def test_an_item_s_figure_is_not_that_of_another_item(claim: str, right: bool) -> None:
    found = problems("Combien de jours pour recevoir un paquet au Luxembourg ?", claim, passage(TIMES))

    assert (not found) is right
