"""Sufficiency: what the probabilities rest on, and that they move the way they should."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brain.closeness import Closeness, closeness_of
from brain.encoder.e5 import FOLDER
from brain.evidence import Features, assess, features_of
from brain.text.analyzer import terms
from brain.text.asking import figure_of_what
from brain.types import Passage, Passages, Scores

QUESTION = "Combien de jours pour renvoyer un article ?"
TEXT = "Vous avez 30 jours pour renvoyer un article. Les frais sont à notre charge."


def passage(id: str, close: float | None = None, text: str = TEXT, **fields: object) -> Passage:
    scores = Scores(1.0, 0.85, 3.0, close=close)
    return Passage(id, id, text, (0, len(text)), scores, **({"title": "Retours", "language": "fr"} | fields))  # type: ignore[arg-type]


def found(*passages: Passage, standing: float | None = 0.4) -> Passages:
    return Passages(passages, "fr", standing=standing)


def test_nothing_found_is_no_evidence() -> None:
    assert assess(QUESTION, "fr", Passages()).probability == 0


def test_features_are_those_of_the_closest_passage() -> None:
    features = features_of(QUESTION, "fr", found(passage("a", 0.2, text="Rien."), passage("b", 0.5)))

    assert (features.close, features.said, features.standing) == (0.5, 0.75, 0.4)
    assert (features.titled, features.crossing, features.french) == (0.0, 0.0, 1.0)
    assert features_of(QUESTION, "fr", found(passage("a", 0.2, title="Renvoyer un article"))).titled == 0.5
    assert features_of(QUESTION, "fr", found(passage("a", 0.2, language="en"))).crossing == 1.0


@settings(deadline=None)
@given(st.floats(-1, 1), st.floats(-1, 1), st.booleans())
def test_the_closer_the_likelier(one: float, other: float, with_vectors: bool) -> None:
    standing = 0.4 if with_vectors else None
    low, high = sorted((one, other))
    nearer, farther = (assess(QUESTION, "fr", found(passage("a", close), standing=standing)) for close in (high, low))

    assert 0 <= farther.probability <= nearer.probability <= 1
    assert 0 <= farther.on_subject <= nearer.on_subject <= 1


def test_of_another_encoder_words_decide() -> None:
    held = assess(QUESTION, "fr", found(passage("a"), standing=None))
    not_held = assess(QUESTION, "fr", found(passage("a", text="La boutique est fermée."), standing=None))

    assert held.probability > not_held.probability
    assert closeness_of("another") is None


def test_taking_out_what_is_common_leaves_lengths_and_likeness_of_one() -> None:
    draw = np.random.default_rng(1)
    common = draw.normal(size=16)
    questions, passages = (np.float32(common + draw.normal(size=(40, 16)) * 0.3) for _ in range(2))
    closeness = Closeness.measured_on(questions, passages)
    vectors = {str(at): row.tolist() for at, row in enumerate(passages)}
    shown = Passages(tuple(passage(id) for id in vectors))

    measured = closeness.measured(shown, questions[0].tolist(), vectors)

    raw = [float(questions[0] @ row / np.linalg.norm(questions[0]) / np.linalg.norm(row)) for row in passages]
    close = [p.scores.close or 0.0 for p in measured]
    assert min(raw) > 0.5, "all are alike before"
    assert abs(np.mean(close)) < 0.2
    assert measured.standing and measured.standing > 0
    likeness = closeness.likeness(questions)
    assert np.diag(likeness) == pytest.approx(1.0, abs=1e-5) and likeness == pytest.approx(likeness.T, abs=1e-6)


def test_a_passage_whose_point_is_gone_has_no_closeness() -> None:
    closeness = closeness_of(FOLDER)
    assert closeness and closeness.questions.shape == closeness.passages.shape == (384,)
    vector = np.eye(384)[5].tolist()

    measured = closeness.measured(Passages((passage("a"), passage("b"))), vector, {"a": vector})

    assert [p.scores.close is None for p in measured] == [False, True]
    assert closeness.measured(Passages((passage("a"),)), vector, {}).items[0] == replace(passage("a"))


def test_the_directions_are_at_right_angles() -> None:
    closeness = closeness_of(FOLDER)
    assert closeness
    assert closeness.directions @ closeness.directions.T == pytest.approx(np.eye(3), abs=1e-4)


def test_a_brief_question_rests_on_whether_one_passage_holds_all_of_its_words() -> None:
    held = passage("a", 0.3, text="New appliances are covered for 2 years.", title="Warranty", language="en")
    elsewhere = passage("b", 0.31, text="Call us on weekdays.", title="Contact", language="en")
    question = "How long is the warranty?"

    alone, with_it = (assess(question, "en", found(*passages)) for passages in ([elsewhere], [elsewhere, held]))

    assert isinstance(alone.features, Features) and isinstance(with_it.features, Features)
    assert alone.features.brief < 0 < with_it.features.brief
    assert alone.probability < with_it.probability


@pytest.mark.parametrize(
    ("question", "language", "text", "brief"),
    [
        ("How do I end my subscription?", "en", "You subscribe to the end.", 2 * 0.6),
        ("Qui répond de la livraison ?", "fr", "La livraison est longue.", 2 * (0.5 - 0.6)),
        ("Quels sont vos horaires ?", "fr", "Nous répondons de 9 h à 19 h.", 4 * 0.4),
        ("Quels sont vos horaires ?", "fr", "Les horaires changent souvent.", 4 * -0.6),
        ("What is the phone number for complaints?", "en", "Call 02 61 91 40 00.", 4 * 0.6),
        ("What is the phone number for complaints?", "en", "Have your phone ready for complaints.", 4 * -0.4),
        ("How long?", "en", "As long as you like.", 4 * -0.4),
        ("Quelle heure est-il ?", "fr", "Nous répondons à toute heure.", 4 * -0.6),
        ("How many days do I have to return an item that I bought in your shop?", "en", "Days, return, item, shop.", 0),
    ],
)
def test_how_brief_a_question_is_and_how_much_of_it_is_held(
    question: str, language: str, text: str, brief: float
) -> None:
    passages = found(passage("a", 0.3, text=text, title="", language=language))

    assert features_of(question, language, passages).brief == pytest.approx(brief)


@pytest.mark.parametrize(
    ("question", "language", "text", "held"),
    [
        ("Quel est le délai de livraison ?", "fr", "La livraison est longue.", 0),
        ("Quel est le délai de livraison ?", "fr", "La livraison prend 3 jours.", 1),
        ("Quel est le délai de livraison ?", "fr", "La livraison est longue. Le colis attend 3 jours.", 0),
        ("Quel est le délai de livraison ?", "fr", "## Livraison\n\nComptez 3 jours.", 1),
        ("Quel est le délai de livraison ?", "fr", "La livraison coûte 3 €.", 0),
        ("Combien coûte la livraison ?", "fr", "La livraison coûte 3 €.", 1),
        ("Combien coûte la livraison ?", "fr", "La livraison est gratuite.", 1),
        ("How much does express delivery cost?", "en", "Delivery costs €3. Express parcels go by air.", 0.5),
        ("What does the club cost?", "en", "| Club | Price |\n|---|---|\n| Club | €12 |", 1),
        ("Combien pèse la bouilloire ?", "fr", "La bouilloire contient 2 litres.", 0),
        ("How many cups does it make?", "en", "It makes two cups.", 1),
    ],
)
def test_of_a_figure_counts_what_stands_with_such_a_figure(
    question: str, language: str, text: str, held: float
) -> None:
    passages = found(passage("a", 0.3, text=text, title="", language=language))
    asked = len(set(terms(figure_of_what(question), language)))

    even = {"fr": 0.7, "en": 0.5}[language]
    assert features_of(question, language, passages).brief == pytest.approx((5 - asked) * (held - even))


@pytest.mark.parametrize(("close", "brief"), [(0.5, 1.2), (0.3, 1.2), (0.2, 0.6), (0.1, 0.0), (-0.2, 0.0), (None, 0.0)])
def test_words_of_a_brief_question_speak_for_a_passage_only_so_far_as_it_is_near(
    close: float | None, brief: float
) -> None:
    passages = found(passage("a", close, text="Le café est un arabica.", title="", language="fr"))

    assert features_of("Quel café ?", "fr", passages).brief == pytest.approx(brief)


def test_words_that_are_missing_speak_against_it_however_near_it_is() -> None:
    for close in (0.5, 0.1):
        passages = found(passage("a", close, text="Le service répond.", title="", language="fr"))
        assert features_of("Quel café ?", "fr", passages).brief == pytest.approx(3 * -0.6)


@pytest.mark.parametrize(
    ("question", "sentences"),
    [("Je commande mardi ?? et ça coûte combien", 2), ("Je commande mardi?? et ça coûte combien", 2), ("Combien ?", 1)],
)
def test_sentences_of_a_question_are_counted_as_french_writes_them(question: str, sentences: int) -> None:
    assert features_of(question, "fr", found(passage("a", 0.3))).sentences == pytest.approx(np.log(sentences))
