"""A sentence is supported by its passage, or it is known why not."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from brain.answerers.base import Draft
from brain.checking import Checking
from brain.session import Brain
from brain.settings import AnswerSettings
from brain.testing import HashEncoder
from brain.types import Answer, Around, Citation, Claim, Passage, Passages, Question, Reason, Scores, Sentence, Status
from brain.verify import Gate, Verifier
from brain.verify.reading import Evidence, Text
from brain.verify.support import check

RETURNS = (
    "Le client dispose de 14 jours pour renvoyer un article. Les articles soldés ne sont pas repris. "
    "Le remboursement est versé sous 30 jours, sauf pour les cartes cadeaux. "
    "Le salarié peut demander un congé au service de Lyon avant le 3 mars 2026. "
    "Un colis coûte 1 200,50 €. Le retrait est possible uniquement en magasin."
)
ENGLISH = (
    "Customers may return an item within 14 days. Items on sale are not taken back. Refunds are paid within 30 days "
    "unless the item was a gift card. Express delivery costs $9.90 and is available only in Paris."
)


def passage(text: str, id: str = "p", language: str = "fr", title: str = "Retours") -> Passage:
    return Passage(id, f"d-{id}", text, (0, len(text)), Scores(1.0), title=title, language=language)


def problems(claim: str, text: str = RETURNS, language: str = "fr", said: str = "") -> tuple[str, ...]:
    evidence = Evidence.of_passages([passage(text, language=language)], language)
    return check(Text(claim, language), evidence, Text(said, language).content).problems


@pytest.mark.parametrize(
    "claim",
    [
        "Le client dispose de quatorze jours pour renvoyer un article.",
        "Vous avez deux semaines, soit 14 jours, pour renvoyer un article.",
        "Les articles soldés ne sont jamais repris.",
        "Aucun article soldé n'est repris.",
        "Hors cartes cadeaux, le remboursement est versé sous 30 jours.",
        "Sauf pour les cartes cadeaux, le remboursement est versé sous trente jours.",
        "Un colis coûte 1200.50 EUR.",
        "Le salarié peut demander un congé au service de LYON avant le 03/03/2026.",
        "Le retrait n'est possible qu'en magasin.",
        "Le retrait est possible seulement en magasin.",
    ],
)
def test_other_words_for_the_same_are_supported(claim: str) -> None:
    assert problems(claim) == ()


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ("Le client dispose de 15 jours pour renvoyer un article.", "“15 jours” is not in the passage"),
        ("Le client dispose de 30 jours pour renvoyer un article.", "“30 jours” is not in the passage"),
        ("Le client dispose de 14 mois pour renvoyer un article.", "“14 mois” is not in the passage"),
        ("Un colis coûte 1 200,51 €.", "“1 200,51 €” is not in the passage"),
        ("Les articles soldés sont repris.", "the passage says the contrary about “repris”"),
        (
            "Le client ne dispose pas de 14 jours pour renvoyer un article.",
            "the passage says the contrary about “dispose”",
        ),
        ("Le remboursement est versé sous 30 jours.", "a condition is left out: “sauf pour les cartes cadeaux”"),
        ("Le retrait est possible en magasin.", "a condition is left out: “uniquement en magasin”"),
        ("Le retrait est impossible, uniquement en magasin.", "the passage says the contrary about “impossible”"),
        ("Le salarié peut demander un congé au service de Lille.", "the passage does not mention “Lille”"),
        ("L'employeur peut demander un congé au service de Lyon.", "the passage does not speak of “employeur”"),
        ("Il faut demander un congé avant le 4 mars 2026.", "“4 mars 2026” is not in the passage"),
        (
            "La piscine municipale ouvre tous ses bassins chauffés aux nageurs débutants.",
            "the passage does not say this",
        ),
    ],
)
def test_what_the_passage_does_not_say_is_named(claim: str, why: str) -> None:
    assert why in problems(claim)


@pytest.mark.parametrize(
    ("claim", "supported"),
    [
        ("An item can be returned within two weeks, which is 14 days.", True),
        ("Items on sale aren't taken back.", True),
        ("Refunds are paid within thirty days except for gift cards.", True),
        ("Items on sale are taken back.", False),
        ("Refunds are paid within 30 days.", False),
        ("Express delivery costs $8.90, only in Paris.", False),
        ("Express delivery costs $9.90, only in London.", False),
        ("Express delivery costs $9.90 and is available in Paris.", False),
        ("Express delivery costs 9.90 USD and is only available in Paris.", True),
    ],
)
def test_english(claim: str, supported: bool) -> None:
    assert (problems(claim, ENGLISH, "en") == ()) is supported


def test_a_condition_may_stand_in_the_question_or_in_another_sentence() -> None:
    assert problems("Le remboursement est versé sous 30 jours.", said="Et les cartes cadeaux ?") == ()


@pytest.mark.parametrize(
    ("claim", "text", "language", "why"),
    [
        (
            "Le chat ne répond pas aux questions sur les colis.",
            "Le chat répond du lundi au samedi. Les colis ont un numéro.",
            "fr",
            "the passage does not say “ne répond pas”",
        ),
        (
            "The API does not handle long prompts.",
            "The API takes messages of any role. Prompts may be long.",
            "en",
            "the passage does not say “not handle long”",
        ),
        (
            "Les colis ne partent pas le dimanche.",
            "Les colis partent du lundi au samedi, jamais le dimanche.",
            "fr",
            None,
        ),
        ("On ne peut pas payer les colis par chèque.", "Payer les colis par chèque est exclu.", "fr", None),
        (
            "The parcel can't be sent abroad.",
            "The parcel is only sent in France, abroad it is unavailable.",
            "en",
            None,
        ),
    ],
)
def test_what_no_sentence_denies_is_not_denied(claim: str, text: str, language: str, why: str | None) -> None:
    found = problems(claim, text, language)
    assert (why in found) if why else not any("does not say “" in problem for problem in found)


def test_a_sentence_half_of_which_stands_nowhere_is_not_borne_out() -> None:
    text = "Montrez le QR code au point relais : il imprime l'étiquette de retour."
    assert problems("Le point relais imprime l'étiquette de retour.", text) == ()
    assert problems("Utilisez le modèle d'étiquette de retour standard.", text) == ("the passage does not say this",)


def test_a_number_of_a_table_is_found_without_its_unit() -> None:
    table = "| Envoi | Prix en euros |\n|---|---|\n| Standard | 4,90 |\n| Express | 9,90 |"
    assert problems("L'envoi express coûte 9,90 €.", table) == ()
    assert problems("L'envoi express coûte 4,90 €.", table) != ()


def test_figures_of_the_title_count() -> None:
    evidence = Evidence.of_passages([passage("Un article soldé n'est pas repris.", title="Retours 2026")], "fr")
    assert check(Text("En 2026, un article soldé n'est pas repris.", "fr"), evidence).supported


# Properties

FIGURES = st.sampled_from(
    [
        "14 jours",
        "1 200,50 €",
        "3 mars 2026",
        "10h30",
        "25 %",
        "2 ans",
        "01 23 45 67 89",
        "12/04/2025",
        "350 kg",
        "3 000 euros",
    ]
)
FRAMES = st.sampled_from(
    [
        "La commande est confirmée par le service : {}.",
        "Le client dispose de {} pour renvoyer un article abîmé.",
        "Il faut compter {} et joindre un justificatif.",
        "Entre {} et {}, un abonné peut changer de formule.",
    ]
)


@examples(deadline=None)
@given(frame=FRAMES, first=FIGURES, second=FIGURES, data=st.data())
def test_a_changed_digit_is_always_noticed(frame: str, first: str, second: str, data: st.DataObject) -> None:
    sentence = frame.replace("{}", first, 1).replace("{}", second, 1)
    place = data.draw(st.sampled_from([i for i, c in enumerate(sentence) if c.isdigit()]))
    digit = data.draw(st.sampled_from([d for d in "123456789" if d != sentence[place]]))
    altered = sentence[:place] + digit + sentence[place + 1 :]

    assert problems(sentence, sentence) == ()
    assert problems(altered, sentence) != ()


@examples(deadline=None)
@given(
    days=st.integers(2, 400),
    amount=st.integers(1, 999_999),
    day=st.integers(1, 28),
    month=st.integers(1, 12),
    form=st.integers(0, 2),
)
def test_another_notation_is_never_a_problem(days: int, amount: int, day: int, month: int, form: int) -> None:
    months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
    grouped = f"{amount:,}".replace(",", " ")
    written = f"Le client verse {grouped} € sous {days} jours avant le {day} {months[month - 1]} 2026."
    amounts = [f"{amount} EUR", f"{grouped.replace(' ', chr(0x202F))} euros", f"{amount},00 €"]
    dates = [f"{day:02d}/{month:02d}/2026", f"2026-{month:02d}-{day:02d}", f"{day} {months[month - 1]} 2026"]
    said = f"Le client verse {amounts[form]} sous {days}\u00a0jours avant le {dates[form]}."

    assert problems(said, written) == ()


# Drafts

QUESTION = Question("Combien de jours pour renvoyer un article ?", language="fr")


def sentence(text: str, *ids: str, claims: tuple[Claim, ...] = ()) -> Sentence:
    return Sentence(text, tuple(Citation(id, f"d-{id}", (0, 10), RETURNS[:10]) for id in ids or ("p",)), claims)


def verified(*sentences: Sentence, how: str = "remove", passages: tuple[Passage, ...] = (passage(RETURNS),)) -> Draft:
    return drafted(Verifier(), sentences, passages, how)


def drafted(
    verifier: Verifier, sentences: Sequence[Sentence], passages: tuple[Passage, ...], how: str = "remove"
) -> Draft:
    gate = Gate(QUESTION, Passages(passages, "fr"), "mark" if how == "mark" else "remove")
    checking = Checking(verifier, gate, QUESTION, Passages(passages, "fr"))

    async def run() -> Draft:
        shown = [s for sentence in sentences for s in await checking.add(sentence)]
        assert tuple(shown + await checking.end()) == checking.draft.sentences
        return checking.draft

    return asyncio.run(run())


GOOD = sentence("Un client dispose de 14 jours pour renvoyer un article.")
BAD = sentence("Un article se renvoie en 15 jours.")


def test_an_unsupported_sentence_is_removed_and_recorded() -> None:
    draft = verified(GOOD, BAD)
    assert [s.text for s in draft.sentences] == [GOOD.text]
    assert draft.dropped == ({"text": BAD.text, "why": "“15 jours” is not in the passage"},)
    assert [(s.text, s.support and s.support.supported) for s in draft.checked] == [
        (GOOD.text, True),
        (BAD.text, False),
    ]


def test_or_it_is_shown_with_a_mark() -> None:
    draft = verified(GOOD, BAD, how="mark")
    assert [s.support and s.support.supported for s in draft.sentences] == [True, False]
    assert draft.dropped == ()


@pytest.mark.parametrize("how", ["remove", "mark"])
def test_nothing_supported_is_no_answer(how: str) -> None:
    draft = verified(BAD, how=how)
    assert draft.sentences == () and len(draft.dropped) == 1


def test_what_is_left_must_answer() -> None:
    draft = verified(sentence("Les articles soldés ne sont pas repris."), BAD)
    assert draft.sentences == ()
    assert [d["why"] for d in draft.dropped] == [
        "without the rest it does not answer",
        "“15 jours” is not in the passage",
    ]


def test_a_quotation_needs_no_check() -> None:
    quoted = Sentence("Anything", (Citation("p", "d", (0, 8), "Anything"),))
    assert verified(quoted).sentences[0].support is not None


def test_each_claim_is_held_against_its_own_passages() -> None:
    fees = passage("L'envoi standard coûte 4,90 €.", "fees", title="Tarifs")
    right = (Claim("Un article est renvoyé sous 14 jours", ("p",)), Claim("et l'envoi coûte 4,90 €", ("fees",)))
    wrong = (Claim("Un article est renvoyé sous 14 jours", ("fees",)), Claim("et l'envoi coûte 4,90 €", ("p",)))
    text = "Un article est renvoyé sous 14 jours et l'envoi coûte 4,90 €."
    both = (passage(RETURNS), fees)
    assert verified(sentence(text, "p", "fees", claims=right), passages=both).sentences
    assert not verified(sentence(text, "p", "fees", claims=wrong), passages=both).sentences
    nothing = (right[0], Claim("et l'envoi coûte 4,90 €", ()))
    assert not verified(sentence(text, "p", claims=nothing), passages=both).sentences


def test_the_sentences_that_a_claim_rests_on_are_cited() -> None:
    draft = verified(
        sentence("Un client dispose de 14 jours pour un article, et les articles soldés ne sont pas repris.")
    )
    quotes = [citation.quote for citation in draft.sentences[0].citations]
    assert "Les articles soldés ne sont pas repris." in quotes
    assert all(c.quote == RETURNS[slice(*c.span)] for c in draft.sentences[0].citations)


def test_a_passage_in_another_language_is_compared_by_figures_and_vectors() -> None:
    english = (passage(ENGLISH, language="en"),)

    def encode(texts: Sequence[str]) -> Any:
        return np.ones((len(texts), 1), np.float32)

    good, bad = sentence("Un article se renvoie sous quatorze jours."), sentence("Un article se renvoie sous 15 jours.")
    draft = drafted(Verifier(encode), (good, bad), english)
    assert [s.text for s in draft.sentences] == [good.text]

    def far(texts: Sequence[str]) -> Any:
        return np.eye(len(texts), dtype=np.float32)

    assert drafted(Verifier(far), (good,), english).sentences == ()


@given(st.text(max_size=80), st.text(max_size=120), st.sampled_from(["fr", "en", "de", "ja", "und"]))
def test_any_texts_can_be_compared(claim: str, text: str, language: str) -> None:
    evidence = Evidence.of_passages([passage(text, language=language)], language)
    assert 0 <= check(Text(claim, language), evidence).probability <= 1


class Writing:
    """An answerer that writes what a test wants, citing the first words of each passage that it is given."""

    name = "writing"

    def reads(self, question: Question) -> Around:
        return "nothing"

    def __init__(self, *texts: str) -> None:
        self._texts = texts

    async def write(self, question: Question, language: str, passages: Passages) -> AsyncGenerator[Draft, None]:
        cited = tuple(Citation(p.id, p.document_id, (0, 12), p.text[:12]) for p in passages)
        yield Draft(tuple(Sentence(text, cited) for text in self._texts))


async def test_a_brain_says_only_what_its_pages_bear_out(
    make_workspace: Callable[[Path], Any], quick_path: Path
) -> None:
    workspace = make_workspace(quick_path)
    workspace.write("retours.md", f"# Retours\n\n{RETURNS}")
    workspace.run()
    settings = workspace.settings.model_copy(update={"answer": AnswerSettings(sufficiency=0)})
    asked = Question("Combien de jours pour renvoyer un article ?", language="fr", audience="agent")

    async def ask(*texts: str) -> Answer:
        brain = Brain(workspace.index, HashEncoder(), Writing(*texts), settings)
        try:
            return await brain.ask(asked)
        finally:
            brain._serving.questions.close()
            brain._reranking.close()

    said = await ask(GOOD.text, "Les articles soldés sont repris.")
    assert (said.status, said.text) == (Status.ANSWERED, GOOD.text)
    assert "Les articles soldés sont repris." in [dropped["text"] for dropped in said.trace.dropped]
    assert [s.support is not None for s in said.trace.checked] == [True, True]
    quoted = await ask("Un article se renvoie en 15 jours.")
    assert (quoted.status, quoted.reason) == (Status.DEGRADED, Reason.MODEL_UNSUPPORTED)
    assert all(sentence.text == sentence.citations[0].quote for sentence in quoted.sentences)
    workspace.close()
