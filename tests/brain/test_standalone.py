"""Follow-ups become questions of their own, by a model that is not trusted further than the conversation goes."""

import pytest

from brain.standalone import MOST_TOKENS, in_its_language, made_standalone
from brain.tokens import count_tokens
from brain.types import Question, Turn

TURNS = (
    Turn("user", "Combien coûte un passeport pour un adulte ?"),
    Turn("assistant", "Un passeport coûte 86 € pour un adulte."),
)
FOLLOW_UP = Question("Et pour un mineur de 15 ans ?", language="fr", turns=TURNS)
BY_RULES = "Combien coûte un passeport pour un adulte ? Et pour un mineur de 15 ans ?"


class Says:
    """A model that gives one reply, and keeps what it was asked."""

    def __init__(self, reply: str | None) -> None:
        self.reply, self.asked = reply, list[dict[str, str | int]]()

    async def said(self, prompt: str, language: str, **inputs: str | int) -> str | None:
        self.asked.append({"prompt": prompt, "language": language, **inputs})
        return self.reply


async def test_the_model_rewrites_a_follow_up_and_it_is_searched_for() -> None:
    model = Says(" « Combien coûte un passeport pour un mineur de 15 ans ? »\nVoilà.")

    alone = await made_standalone(FOLLOW_UP, model)

    assert alone.asked.text == alone.searched.text == "Combien coûte un passeport pour un mineur de 15 ans ?"
    assert alone.asked.turns == TURNS
    assert alone.rewritten == {"text": alone.asked.text, "by": "model"}
    (asked,) = model.asked
    assert asked["question"] == FOLLOW_UP.text
    assert asked["history"] == f"user: {TURNS[0].text}\nassistant: {TURNS[1].text}"


@pytest.mark.parametrize(
    "reply",
    [
        None,
        "",
        "Combien coûte un passeport pour un mineur ?",
        "Quelle assurance habitation choisir en 15 minutes ?",
        "passeport mineur 15 " * 40,
    ],
    ids=["failed", "empty", "lost the number", "another subject", "too long"],
)
async def test_a_reply_that_cannot_be_trusted_is_left_to_the_rules(reply: str | None) -> None:
    alone = await made_standalone(FOLLOW_UP, Says(reply))

    assert alone.asked.text == BY_RULES
    assert alone.searched == FOLLOW_UP
    assert alone.rewritten == {"text": BY_RULES, "by": "rules"}


@pytest.mark.parametrize(
    ("first", "then", "asked"),
    [
        ("C'est combien ?", "la livraison en Corse", "C'est combien la livraison en Corse"),
        ("How long does it take?", "delivery to Belgium", "How long does it take delivery to Belgium"),
        ("J'ai un problème", "mon colis est arrivé cassé", "mon colis est arrivé cassé"),
        ("Combien coûte un passeport ?", "la livraison en Corse", "la livraison en Corse"),
    ],
)
async def test_what_a_question_back_was_for_is_asked_with_its_subject(first: str, then: str, asked: str) -> None:
    turns = (Turn("user", first), Turn("assistant", "De quoi s'agit-il ?"))

    alone = await made_standalone(Question(then, language="fr", turns=turns), None)

    assert (alone.asked.text, alone.searched.text) == (asked, asked)
    assert bool(alone.asked.turns) is first.startswith("Combien")


async def test_what_is_vague_within_a_conversation_stays_there() -> None:
    turns = (*TURNS, Turn("user", "Pourquoi ?"), Turn("assistant", "C'est la loi."))

    alone = await made_standalone(
        Question("Quelle est la durée de validité du passeport ?", language="fr", turns=turns), None
    )

    assert not alone.asked.text.startswith("Pourquoi")


async def test_a_question_that_stands_alone_is_no_ones_business() -> None:
    model = Says("Quoi ?")
    question = Question("Quels papiers faut-il pour une carte grise ?", language="fr", turns=TURNS)

    assert await made_standalone(question, model) == (question, question, None)
    assert await made_standalone(Question("et ?", language="fr"), model) == (Question("et ?", language="fr"),) * 2 + (
        None,
    )
    assert model.asked == []


async def test_the_model_is_shown_the_end_of_a_long_conversation() -> None:
    turns = tuple(Turn("user", f"passeport {number} " + "mot " * 100) for number in range(20))
    model = Says(None)

    await made_standalone(Question("Et pour lui ?", language="fr", turns=turns), model)

    history = str(model.asked[0]["history"])
    assert history.splitlines()[-1].startswith("user: passeport 19")
    assert count_tokens(history) <= MOST_TOKENS


def test_a_short_follow_up_is_in_the_language_of_the_conversation() -> None:
    english = (Turn("user", "How long do I have to return an order?"), Turn("assistant", "30 days."))

    assert in_its_language(Question("Et en ligne ?", turns=TURNS)).language == "fr"
    assert in_its_language(Question("gift cards ?", turns=english)).language == "en"
    assert in_its_language(Question("und dann ?", language="de", turns=english)).language == "de"
    assert in_its_language(Question("Combien de jours ai-je pour rendre un article ?", turns=english)).language == "fr"
