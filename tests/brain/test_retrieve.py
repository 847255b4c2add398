"""Retrieval: the reader's scope, how many passages of a document, the day on which an answer must hold."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from brain.answer import answer
from brain.answerers import ExtractiveAnswerer
from brain.answerers.base import Draft
from brain.errors import ModelError, SettingsError
from brain.evidence import Evidence
from brain.index.base import Point, payload_of, point_id
from brain.index.edge import EdgeIndex
from brain.retrieve import Retriever
from brain.settings import AnswerSettings, Settings, SparseSettings
from brain.testing import HashEncoder
from brain.text.bm25 import passage_vector
from brain.types import Around, Chunk, Document, Passages, Question, Reason, Status

ENCODER = HashEncoder()


@pytest.fixture
def index(settings: Settings, new_index: Callable[[Path], Path]) -> Iterator[EdgeIndex]:
    opened = EdgeIndex.open(new_index(settings.home))
    yield opened
    opened.close()


@pytest.fixture
def retriever(index: EdgeIndex, settings: Settings) -> Retriever:
    return Retriever(index, ENCODER, settings)


def find(retriever: Retriever, question: Question, **given: Any) -> Passages:
    return asyncio.run(retriever.search(question, **given))


def add(index: EdgeIndex, document: str, *texts: str, **fields: Any) -> None:
    made = Document(
        **{"id": document, "title": document, "body": "", "audience": ("public",), "language": "fr"} | fields
    )
    index.upsert(
        [
            Point(
                (id := point_id("default", document, text)),
                ENCODER.encode_passages([text])[0].tolist(),
                passage_vector(text, "fr", SparseSettings()),
                payload_of(made, Chunk(id, document, text, (0, len(text)), position=position)),
            )
            for position, text in enumerate(texts)
        ]
    )


def found(retriever: Retriever, **asked: Any) -> list[str]:
    return [p.document_id for p in find(retriever, Question(**{"text": "le retour du colis"} | asked))]


def test_passages_come_best_first_with_language_and_timings(index: EdgeIndex, retriever: Retriever) -> None:
    add(index, "a", "la carte cadeau expire")
    add(index, "b", "le retour du colis est gratuit")

    passages = find(retriever, Question("le retour du colis"))

    assert [p.document_id for p in passages] == ["b", "a"]
    assert passages.language == "fr"
    assert set(passages.timings) == {"encode", "search"}
    assert find(retriever, Question("le retour du colis", language="en")).language == "en"


def test_at_most_so_many_passages_of_a_document(index: EdgeIndex, retriever: Retriever) -> None:
    add(index, "a", *(f"le retour du colis numéro {n}" for n in range(8)))
    add(index, "b", "le retour de la carte")

    few = find(retriever, Question("le retour du colis"), limit=10, per_document=2)

    assert sorted(p.document_id for p in few) == ["a", "a", "b"]
    assert {d: len(ps) for d, ps in few.by_document().items()} == {"a": 2, "b": 1}
    assert len(find(retriever, Question("le retour du colis"), limit=2)) == 2
    assert found(retriever).count("a") == 3


def test_a_reader_sees_the_audiences_that_the_settings_name(index: EdgeIndex, retriever: Retriever) -> None:
    add(index, "public", "le retour du colis")
    add(index, "agent", "le retour du colis", audience=("agent",))

    assert set(found(retriever)) == {"public"}
    assert set(found(retriever, audience="agent")) == {"public", "agent"}
    with pytest.raises(SettingsError, match=r"martian.*public, agent"):
        found(retriever, audience="martian")


def test_a_question_is_asked_within_a_tenant_tags_languages_and_a_day(index: EdgeIndex, retriever: Retriever) -> None:
    add(index, "acme", "le retour du colis", tenant="acme")
    add(index, "tagged", "le retour du colis", tags=("retours",))
    add(index, "english", "le retour du colis", language="en")
    add(index, "expired", "le retour du colis", valid_until=date(2020, 1, 1))

    assert found(retriever, tenant="acme") == ["acme"]
    assert found(retriever, tags=("retours",)) == ["tagged"]
    assert found(retriever, document_languages=("en",)) == ["english"]
    assert "expired" not in found(retriever)
    assert "expired" in found(retriever, as_of=date(2019, 1, 1))
    assert "expired" in [p.document_id for p in find(retriever, Question("le retour du colis"), expired=True)]


def test_what_stands_before_and_after_a_passage_is_read_on_demand(index: EdgeIndex, retriever: Retriever) -> None:
    add(index, "a", "début", "le retour du colis", "suite", "fin")
    add(index, "b", "autre", tenant="acme")

    bare = find(retriever, Question("retour colis"), limit=1)
    wide = find(retriever, Question("retour colis"), limit=1, around="neighbours")

    assert bare.around == () and bare.items == wide.items
    assert [(p.text, p.position) for p in wide.around] == [("début", 0), ("suite", 2)]
    assert find(retriever, Question("rien", tenant="nobody"), around="neighbours").around == ()


CASES = "Le passeport coûte 42 €.", "Le passeport coûte 17 €."


def test_how_the_best_document_opens_is_read_where_it_may_sum_up_cases(index: EdgeIndex, retriever: Retriever) -> None:
    add(index, "a", "Le prix dépend de votre âge.", *CASES)
    add(index, "b", "Un début.", "Le visa coûte 60 €.")

    wide = find(retriever, Question("combien coûte le passeport"), limit=2, around="opening")

    assert {p.text for p in wide} == {*CASES}
    assert [(p.document_id, p.text, p.position) for p in wide.around] == [("a", "Le prix dépend de votre âge.", 0)]
    assert find(retriever, Question("combien coûte le visa"), limit=1, around="opening").around == (), "one figure"
    assert len(find(retriever, Question("combien coûte le passeport"), limit=9, around="opening").around) == 0, (
        "found itself"
    )
    assert find(retriever, Question("rien", tenant="nobody"), around="opening").around == ()


# Answers


@pytest.fixture
def sure(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets how likely the passages are to hold the answer: that judgement has tests of its own."""

    def to(probability: float, on_subject: float = 1.0) -> None:
        monkeypatch.setattr(
            "brain.answer.assess",
            lambda question, language, passages: Evidence(probability if passages else 0.0, on_subject),
        )

    return to


async def ask(retriever: Retriever, answerer: Any = None, **asked: Any) -> Any:
    question = Question(**{"text": "Le retour du colis est-il gratuit ?"} | asked)
    return await answer(question, retriever, answerer or ExtractiveAnswerer(), AnswerSettings())


async def test_an_answer_quotes_and_remembers_how_it_was_made(
    index: EdgeIndex, retriever: Retriever, sure: Any
) -> None:
    sure(0.9)
    add(index, "a", "Le retour du colis est gratuit pendant trente jours.")

    found = await ask(retriever)

    assert (found.status, found.reason, found.message) == (Status.ANSWERED, None, None)
    assert found.text == "Le retour du colis est gratuit pendant trente jours."
    assert [p.id for p in found.trace.passages] == [p.id for p in found.passages]
    assert (found.trace.answerer, found.trace.sufficiency) == ("extractive", 0.9)
    assert found.to_dict()["sentences"][0]["citations"][0]["quote"] == found.text


async def test_without_passages_there_is_no_answer(retriever: Retriever, sure: Any) -> None:
    sure(0.9)

    found = await ask(retriever)

    assert (found.status, found.reason, found.sentences) == (Status.REFUSED, Reason.NO_EVIDENCE, ())
    assert found.message == "Je n'ai rien trouvé à ce sujet dans la base de connaissances."
    assert (await ask(retriever, text="Is the return free of charge?")).message.startswith("I found nothing")


@pytest.mark.parametrize(("on_subject", "reason"), [(0.9, "insufficient_evidence"), (0.01, "out_of_scope")])
async def test_weak_passages_give_a_refusal_and_are_shown(
    index: EdgeIndex, retriever: Retriever, sure: Any, on_subject: float, reason: str
) -> None:
    sure(0.2, on_subject)
    add(index, "a", "Le retour du colis est gratuit.")

    found = await ask(retriever)

    assert (found.status, found.reason, found.sentences) == (Status.REFUSED, reason, ())
    assert [p.document_id for p in found.passages] == ["a"]


async def test_a_page_that_is_no_longer_valid_is_said_to_be(index: EdgeIndex, retriever: Retriever, sure: Any) -> None:
    sure(0.9)
    add(index, "a", "Le retour du colis est gratuit.", valid_until=date(2020, 1, 1))

    found = await ask(retriever)

    assert (found.status, found.reason, found.passages) == (Status.REFUSED, Reason.EXPIRED, ())


@pytest.mark.parametrize(
    ("valid", "expired", "reason"),
    [
        (0.3, 0.9, Reason.EXPIRED),
        (0.05, 0.9, Reason.EXPIRED),
        (0.3, 0.4, Reason.INSUFFICIENT_EVIDENCE),
        (0.05, 0.05, Reason.OUT_OF_SCOPE),
    ],
)
async def test_weak_valid_pages_do_not_hide_that_an_expired_one_would_have_answered(
    index: EdgeIndex,
    retriever: Retriever,
    monkeypatch: pytest.MonkeyPatch,
    valid: float,
    expired: float,
    reason: Reason,
) -> None:
    monkeypatch.setattr(
        "brain.answer.assess",
        lambda question, language, passages: Evidence(
            0.0 if not passages else expired if passages[0].document_id == "old" else valid, 4 * valid
        ),
    )
    add(index, "old", "Le retour du colis.", valid_until=date(2020, 1, 1))
    for number in range(10):
        add(index, f"weak{number}", f"Le retour du colis est-il gratuit ? Question {number}.")
    add(index, "soon", "Le retour du colis sera gratuit.", valid_from=date(2999, 1, 1))

    found = await ask(retriever)

    assert (found.status, found.reason, found.sentences) == (Status.REFUSED, reason, ())
    assert {p.document_id for p in found.passages}.isdisjoint({"old", "soon"})


async def test_a_valid_page_that_answers_is_not_refused_for_an_expired_one(
    index: EdgeIndex, retriever: Retriever, sure: Any
) -> None:
    sure(0.9)
    add(index, "old", "Le retour du colis est gratuit.", valid_until=date(2020, 1, 1))
    add(index, "new", "Le retour du colis est gratuit pendant trente jours.")

    found = await ask(retriever)

    assert (found.status, [p.document_id for p in found.passages]) == (Status.ANSWERED, ["new"])
    assert (await ask(retriever, as_of=date(2019, 6, 1))).status == Status.ANSWERED


async def test_a_page_that_is_not_valid_yet_is_no_expired_one(
    index: EdgeIndex, retriever: Retriever, sure: Any
) -> None:
    sure(0.9)
    add(index, "soon", "Le retour du colis est gratuit.", valid_from=date(2999, 1, 1))

    assert (await ask(retriever)).reason == Reason.NO_EVIDENCE


async def test_a_citation_that_does_not_hold_never_reaches_the_answer(
    index: EdgeIndex, retriever: Retriever, sure: Any
) -> None:
    sure(0.9)
    add(index, "a", "Le retour du colis est gratuit.")

    class Inventing(ExtractiveAnswerer):
        name = "inventing"

        async def write(self, *arguments: Any) -> AsyncGenerator[Draft, None]:
            (draft,) = [draft async for draft in super().write(*arguments)]
            (sentence,) = draft.sentences
            (citation,) = sentence.citations
            wrong = type(citation)(citation.passage_id, citation.document_id, citation.span, citation.quote.upper())
            yield Draft((type(sentence)("Le retour est payant.", (wrong,)),))

    found = await ask(retriever, Inventing())

    assert (found.reason, found.text) == (Reason.MODEL_UNSUPPORTED, "Le retour du colis est gratuit.")
    assert [dropped["text"] for dropped in found.trace.dropped] == ["Le retour est payant."]


async def test_where_the_model_fails_the_passages_own_sentences_are_given(
    index: EdgeIndex, retriever: Retriever, sure: Any
) -> None:
    sure(0.9)
    add(index, "a", "Le retour du colis est gratuit pendant trente jours.")

    class Failing:
        name = "failing"

        def reads(self, question: Question) -> Around:
            return "nothing"

        async def write(self, *_: object) -> AsyncGenerator[Draft, None]:
            raise ModelError("no answer in 20 s")
            yield Draft()

    found = await ask(retriever, Failing())

    assert (found.status, found.reason) == (Status.DEGRADED, Reason.MODEL_FAILED)
    assert found.text == "Le retour du colis est gratuit pendant trente jours."
    assert "no answer in 20 s" in found.trace.dropped[0]["why"]
