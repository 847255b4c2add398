"""Which questions need what was said before, and what they say with it."""

from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain.follow_up import MOST_CHARACTERS, context, follows, standalone, topic
from brain.types import Turn

PASSPORT = ("Combien coûte un passeport pour un adulte ?", "Un passeport coûte 86 € pour un adulte.")
REFUND = ("How long do I have to return an order?", "You have 30 days from delivery.")


def said(*texts: str) -> list[Turn]:
    return [Turn(role, text) for role, text in zip(cycle(("user", "assistant")), texts)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "question",
    [
        "Et pour un mineur ?",
        "et si je l'ai perdu ?",
        "Combien de temps est-il valable ? Et lui ?",
        "Comment le renouveler ?",
        "Puis-je le payer en ligne ?",
        "Où ?",
        "Pourquoi ?",
        "Est-ce que cela marche aussi à l'étranger ?",
        "Celui-ci est-il gratuit ?",
        "Mais sans timbre ?",
        "Ou alors en ligne ?",
        "un passeport pour un adulte en urgence",
    ],
)
def test_a_french_follow_up(question: str) -> None:
    assert follows(question, said(*PASSPORT), "fr")
    assert standalone(question, said(*PASSPORT), "fr") == f"{PASSPORT[0]} {question}"


@pytest.mark.parametrize(
    "question",
    [
        "And for furniture?",
        "What about gift cards?",
        "Can they be exchanged?",
        "Is it free?",
        "Why?",
        "How do I do that?",
    ],
)
def test_an_english_follow_up(question: str) -> None:
    assert follows(question, said(*REFUND), "en")


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Quels documents faut-il pour inscrire un enfant à l'école ?", "fr"),
        ("Il faut combien de trimestres pour partir à la retraite ?", "fr"),
        ("Un salarié peut-il refuser les heures supplémentaires ? Que risque-t-il ?", "fr"),
        ("Est-ce que la CNIL peut contrôler mon entreprise ?", "fr"),
        ("Comment louer le garage de ma maison ?", "fr"),
        ("C'est quoi le FICP ?", "fr"),
        ("Ou déposer une main courante ?", "fr"),
        ("Pourquoi montrer une pièce d'identité lors d'un paiement par chèque ?", "fr"),
        ("If I cancel my subscription, do I keep access until it ends?", "en"),
        ("What is RAID?", "en"),
        ("Which payment methods does your shop accept in Belgium?", "en"),
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str, language: str) -> None:
    turns = said(*(PASSPORT if language == "fr" else REFUND))
    assert not follows(question, turns, language)
    assert standalone(question, turns, language) == question


def test_the_topic_is_the_last_question_that_stands_alone() -> None:
    turns = said(*PASSPORT, "Et pour un mineur ?", "17 €.", "Merci. Quels papiers pour une carte grise ?", "La carte…")

    assert topic(turns[:4], "fr") == PASSPORT[0]
    assert topic(turns, "fr") == "Merci. Quels papiers pour une carte grise ?"


def test_a_question_of_the_same_words_goes_on() -> None:
    assert follows("delivery of an order after 30 days", said(*REFUND), "en")


def test_in_a_language_without_rules_shared_words_speak() -> None:
    turns = said("Wie lange kann ich die Bestellung zurückgeben?", "30 Tage nach der Lieferung der Bestellung.")

    assert follows("Bestellung zurückgeben im Ausland", turns, "de")
    assert not follows("Welche Zahlungsarten gibt es für Geschäftskunden?", turns, "de")


def test_the_context_holds_the_last_of_each_cut() -> None:
    turns = said("erste", "eins", "q" * 1000, "a" * 1000)

    assert context(turns) == f"{'q' * MOST_CHARACTERS[0]} {'a' * MOST_CHARACTERS[1]}"
    assert context([]) == ""


@given(st.text(max_size=80), st.lists(st.text(max_size=80), max_size=5), st.sampled_from(["fr", "en", "de", "und"]))
def test_a_question_without_turns_stands_alone_and_none_is_lost(question: str, texts: list[str], language: str) -> None:
    assert standalone(question, [], language) == question
    assert standalone(question, said(*texts), language).strip().endswith(question.strip())
