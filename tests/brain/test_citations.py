"""No citation reaches a user whose words are not literally where it says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain.answerers import ExtractiveAnswerer
from brain.answerers.base import Draft
from brain.citations import checked, holds
from brain.types import Citation, Passage, Scores, Sentence

TEXT = "Le retour est gratuit. Sous 30 jours."


def passage(text: str = TEXT, id: str = "p", **fields: Any) -> Passage:
    return Passage(id, "d", text, (0, len(text)), Scores(1.0), **fields)


def citation(start: int, end: int, quote: str | None = None, passage_id: str = "p") -> Citation:
    return Citation(passage_id, "d", (start, end), TEXT[start:end] if quote is None else quote)


def test_a_citation_that_holds_is_kept() -> None:
    draft = Draft((Sentence("Gratuit.", (citation(0, 22),)),))

    assert checked(draft, [passage()]) == draft


@pytest.mark.parametrize(
    "wrong",
    [
        citation(0, 22, "Le retour est payant.."),
        citation(0, 22, "le retour est gratuit."),
        citation(1, 23, "Le retour est gratuit."),
        citation(0, 22, passage_id="absent"),
        citation(5, 5, ""),
        citation(22, 0, ""),
        citation(-6, 37, "jours."),
        citation(0, 99, TEXT),
    ],
)
def test_a_citation_that_does_not_hold_is_dropped_with_its_sentence(wrong: Citation) -> None:
    kept = checked(Draft((Sentence("Faux.", (wrong,)), Sentence("Vrai.", (citation(23, 37),)))), [passage()])

    assert [sentence.text for sentence in kept.sentences] == ["Vrai."]
    assert [dropped["text"] for dropped in kept.dropped] == ["Faux."]


def test_a_sentence_stays_by_the_citations_that_hold() -> None:
    good = citation(0, 22)
    kept = checked(Draft((Sentence("Un.", (citation(0, 5, "faux!"), good)),)), [passage()])

    assert kept.sentences == (Sentence("Un.", (good,)),)
    assert len(kept.dropped) == 1


def test_a_sentence_without_citations_is_dropped() -> None:
    kept = checked(Draft((Sentence("Sans.", ()),), ({"text": "x", "why": "y"},)), [passage()])

    assert kept.sentences == ()
    assert [dropped["text"] for dropped in kept.dropped] == ["x", "Sans."]


def test_without_passages_nothing_holds() -> None:
    assert checked(Draft((Sentence("Un.", (citation(0, 22),)),)), []).sentences == ()


texts = st.text(alphabet="ab .é", max_size=12)
citations = st.builds(
    Citation, st.sampled_from(["p", "q", "r"]), st.just("d"), st.tuples(st.integers(-3, 15), st.integers(-3, 15)), texts
)
drafts = st.lists(st.builds(Sentence, texts, st.lists(citations, max_size=3).map(tuple)), max_size=4).map(
    lambda sentences: Draft(tuple(sentences))
)


@given(draft=drafts, first=texts, second=texts, data=st.data())
def test_nothing_but_literal_citations_is_let_through(draft: Draft, first: str, second: str, data: Any) -> None:
    found = {"p": first, "q": second}
    start, end = sorted(data.draw(st.tuples(st.integers(0, 12), st.integers(0, 12))))
    literal = Sentence("littéral", (Citation("p", "d", (start, end), first[start:end]),))
    draft = Draft((*draft.sentences, literal))

    kept = checked(draft, [passage(text, id) for id, text in found.items()])

    for sentence in kept.sentences:
        assert sentence.citations
        for good in sentence.citations:
            start, end = good.span
            assert 0 <= start < end
            assert found[good.passage_id][start:end] == good.quote != ""
    true = [s for s in draft.sentences if any(holds(c, found.get(c.passage_id)) for c in s.citations)]
    assert [s.text for s in kept.sentences] == [s.text for s in true]


# The extractive answerer

BLOCKS = st.sampled_from(
    [
        "# Titre",
        "Le retour est gratuit sous 30 jours. Le remboursement suit.",
        "Voici :\n- un colis ;\n- une carte.",
        "| Poids | Prix |\n|---|---|\n| 1 kg | 4,90 € |\n| 5 kg | 9,90 € |",
        "|---|---|\n| colis | 3 |",
        "| | |\n|---|---|\n| retour | gratuit |",
        "> Une citation. Deux.",
        "```\ncode colis\n```",
        "1. Colis. 2. Retour ?",
        "Oui.",
        "- ",
        "|",
        "日本語の colis",
        "\tindenté\u00a0: « Oui. » Non.",
    ]
)
PASSAGES = st.lists(
    st.builds(
        lambda n, parts, separator, language: passage(
            separator.join(parts), f"p{n}", title="Retours", language=language
        ),
        st.integers(0, 99),
        st.lists(BLOCKS, max_size=6),
        st.sampled_from(["\n\n", "\n", " ", "\r\n"]),
        st.sampled_from(["fr", "en", None]),
    ),
    max_size=5,
    unique_by=lambda p: p.id,
)
QUESTIONS = st.sampled_from(
    ["Combien coûte un retour ?", "colis", "", "???", "How much is 5 kg?", "le la les"]
) | st.text(max_size=20)


@given(question=QUESTIONS, language=st.sampled_from(["fr", "en", "und"]), passages=PASSAGES, most=st.integers(1, 5))
def test_the_extractive_answerer_quotes_literally(question: str, language: str, passages: Any, most: int) -> None:
    sentences = ExtractiveAnswerer(most).quote(question, language, passages)

    by_id = {p.id: p for p in passages}
    assert len(sentences) <= most
    for sentence in sentences:
        assert sentence.text.strip()
        assert sentence.citations
        for cited in sentence.citations:
            source = by_id[cited.passage_id]
            assert cited.document_id == source.document_id
            assert cited.quote == source.text[slice(*cited.span)] != ""
    draft = Draft(sentences)
    assert checked(draft, passages) == draft
