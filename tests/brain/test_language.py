"""Short questions are told apart as people write them, French first."""

import pytest

from brain.text.language import detect


@pytest.mark.parametrize(
    "text",
    [
        "Comment obtenir un remboursement ?",
        "remboursement",
        "carte grise",
        "délai retour",
        "bjr jai pas recu mon colis",
        "Puis-je retourner un article ?",
        "J'habite à Ajaccio : combien de frais de port pour un paquet de 8 kg ?",
        "Où est mon colis",
        "Quel est le numéro du service client ?",
        "MOT DE PASSE OUBLIE",
    ],
)
def test_french_is_recognised(text: str) -> None:
    assert detect(text) == "fr"


@pytest.mark.parametrize(
    "text",
    [
        "How do I get a refund?",
        "Where is my parcel?",
        "can i pay in instalments",
        "What are your opening hours on Saturday?",
        "forgot password",
        "Do you deliver to Belgium and how much is it?",
    ],
)
def test_english_is_recognised(text: str) -> None:
    assert detect(text) == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wie lange dauert die Lieferung nach Deutschland und was kostet sie?", "de"),
        ("¿Cuánto tiempo tarda en llegar el paquete a mi casa?", "es"),
        ("Quanto tempo ci vuole per ricevere il rimborso del mio ordine?", "it"),
    ],
)
def test_a_whole_sentence_of_another_language_is_recognised(text: str, language: str) -> None:
    assert detect(text) == language


def test_few_words_are_read_in_a_preferred_language() -> None:
    assert detect("carta regalo", ("fr", "en")) in ("fr", "en")
    assert detect("Wie lange dauert die Lieferung nach Deutschland und was kostet sie?", ("fr",)) == "de"


@pytest.mark.parametrize("text", ["", "   ", "42", "?!", "1 200 €"])
def test_without_letters_there_is_no_language(text: str) -> None:
    assert detect(text) == "und"
