import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brain.answerers.base import Draft
from brain.answerers.llm_citations import marked_sentences
from brain.answerers.llm_reply import ReplyReader
from brain.citations import checked, holds
from brain.types import Passage, Scores


def passage(id: str, text: str, title: str = "", language: str = "fr") -> Passage:
    return Passage(id, f"doc-{id}", text, (0, len(text)), Scores(1.0), title=title, language=language)


RETURNS = passage(
    "returns",
    "# Retours\n\nLe client dispose de 14 jours pour renvoyer un article. Les articles soldés ne sont pas repris. "
    "Le remboursement est versé sous 30 jours, sauf pour les cartes cadeaux.",
    "Retours 2026",
)
FEES = passage(
    "fees",
    "| Envoi | Prix |\n|---|---|\n| Standard | 4,90 € |\n| Express | 1 200,50 € |\n\n"
    "Il faut joindre :\n- la facture\n- le bon de retour\n",
    "Tarifs",
)
PASSAGES = (RETURNS, FEES)


def read_reply(
    reply: str, passages: tuple[Passage, ...] = PASSAGES, language: str = "fr", *, cut: bool = False, size: int = 0
) -> Draft:
    """The draft that the reply makes, given in pieces of `size` characters, or whole."""
    reader = ReplyReader([(passage,) for passage in passages], language)
    draft = Draft()
    for start in range(0, len(reply), size or len(reply) or 1):
        draft += reader.feed(reply[start : start + (size or len(reply))])
    return draft + reader.end(cut=cut)


def told(reply: str, *, cut: bool = False) -> tuple[list[tuple[str, list[str]]], list[tuple[str, str]]]:
    """Sentences with their quotes, and what was dropped with why."""
    draft = read_reply(reply, PASSAGES, "fr", cut=cut)
    sentences = [(s.text, [c.quote for c in s.citations]) for s in draft.sentences]
    return sentences, [(d["text"], d["why"]) for d in draft.dropped]


@pytest.mark.parametrize(
    "reply",
    [
        "Le client dispose de 14 jours [1].",
        "Le client dispose de 14 jours. [1]",
        "Le client dispose de 14 jours.[1]",
        "Le client dispose de 14 jours.\n[1]",
        "[1] Le client dispose de 14 jours.",
        "Le client dispose [1] de 14 jours.",
        "- Le client dispose de 14 jours [passage 1].",
        "Le client dispose de 14 jours [[1]].",
        "Le client dispose de 14 jours (Passage 1).",
        "Le client dispose de 14 jours. (passage n° 1)",
        "Le client dispose de 14 jours (source 1).",
        "Le client dispose de 14 jours【1】.",
        "Le client dispose de 14 jours [^1].",
    ],
)
def test_a_marker_is_understood_wherever_it_stands(reply: str) -> None:
    quote = "Le client dispose de 14 jours pour renvoyer un article."
    assert told(reply) == ([("Le client dispose de 14 jours.", [quote])], [])


@pytest.mark.parametrize(
    "marks",
    ["[1][2]", "[1, 2]", "[1 et 2]", "(passages 1 and 2)", "[Passage 1, Passage 2]", "[1] [2]", "[1;2]", "[2][1][2]"],
)
def test_several_passages_support_a_sentence(marks: str) -> None:
    draft = read_reply(f"Un envoi standard de retour d'un article {marks}.", PASSAGES, "fr")
    assert {citation.passage_id for citation in draft.sentences[0].citations} == {"returns", "fees"}


def test_a_marker_belongs_to_the_sentence_before_it() -> None:
    marked = list(marked_sentences("Un délai court. [1] Sauf les soldes. [2][3] Fin"))
    assert [(m.text, m.numbers) for m in marked] == [
        ("Un délai court.", (1,)),
        ("Sauf les soldes.", (2, 3)),
        ("Fin", ()),
    ]


def test_markers_that_open_lines_belong_to_the_lines() -> None:
    marked = list(marked_sentences("[1] Un délai.\n[2] Un prix.\n1. [3] Un autre"))
    assert [(m.text, m.numbers) for m in marked] == [("Un délai.", (1,)), ("Un prix.", (2,)), ("Un autre", (3,))]


def test_where_a_line_opens_with_a_marker_the_others_open_their_sentences_too() -> None:
    marked = list(marked_sentences("[1] Un délai court. [2] Un prix. Un autre.[3] Fin. [4]\nUn cinq. [5]"))
    assert [(m.text, m.numbers) for m in marked] == [
        ("Un délai court.", (1,)),
        ("Un prix.", (2,)),
        ("Un autre.", ()),
        ("Fin.", (3, 4)),
        ("Un cinq.", (5,)),
    ]


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    assert [m.text for m in marked_sentences("Voir art. 5 env. [1] 3 jours [2].")] == ["Voir art. 5 env. 3 jours."]


def test_the_text_between_markers_keeps_its_spaces() -> None:
    assert [m.text for m in marked_sentences("Le « délai [1] » est court [2] ; c'est tout[1]ici.")] == [
        "Le « délai » est court ; c'est tout ici."
    ]


def test_a_table_is_quoted_whole() -> None:
    table = "| Envoi | Prix |\n|---|---|\n| Standard | 4,90 € |\n| Express | 1 200,50 € |"
    assert told("L'envoi express coûte 1200,50 euros [2].") == ([("L'envoi express coûte 1200,50 euros.", [table])], [])


@pytest.mark.parametrize(
    ("reply", "text", "why"),
    [
        ("La piscine ferme mardi.", "La piscine ferme mardi.", ["no citation"]),
        ("Un remboursement rapide et gratuit.", "Un remboursement rapide et gratuit.", ["no citation"]),
        ("14 jours.", "14 jours.", ["no citation"]),
        ("Le client a 14 jours [3].", "Le client a 14 jours.", ["there is no passage 3", "no citation"]),
        ("Le client a 14 jours [0].", "Le client a 14 jours.", ["there is no passage 0", "no citation"]),
        ("La piscine ferme mardi [1].", "La piscine ferme mardi.", ["not supported by passage 1"]),
        ("[3]", "", ["there is no passage 3", "no citation"]),
    ],
)
def test_what_does_not_hold_is_dropped_and_recorded(reply: str, text: str, why: list[str]) -> None:
    assert told(reply) == ([], [(text, reason) for reason in why])


def test_a_sentence_without_marker_is_held_against_the_passage_that_says_it() -> None:
    reply = "Le client dispose de 14 jours pour renvoyer. Il faut joindre la facture et le bon de retour. Bonne journée à vous !"
    draft = read_reply(reply)
    assert [c.passage_id for s in draft.sentences for c in s.citations] == ["returns", "fees"]
    assert [d["text"] for d in draft.dropped] == ["Bonne journée à vous !"]


def test_a_wrong_marker_beside_a_good_one_is_recorded() -> None:
    sentences, dropped = told("Le client dispose de 14 jours [1][2][7].")
    assert len(sentences) == 1
    assert [why for _, why in dropped] == ["there is no passage 7", "not supported by passage 2"]


def parts(reply: str) -> list[tuple[str, tuple[int, ...]]]:
    return list(next(iter(marked_sentences(reply))).parts)


def test_markers_inside_a_sentence_divide_it_into_claims() -> None:
    reply = "Un article est repris sous 14 jours [1] et l'envoi standard coûte 4,90 € [2]."
    assert parts(reply) == [
        ("Un article est repris sous 14 jours", (1,)),
        ("et l'envoi standard coûte 4,90 €", (2,)),
    ]
    claims = read_reply(reply, PASSAGES, "fr").sentences[0].claims
    assert [claim.passage_ids for claim in claims] == [("returns",), ("fees",)]


@pytest.mark.parametrize(
    "reply",
    [
        "Le client a 14 jours [1].",
        "Le client [1] a 14 jours [1].",
        "Selon [1], le client a 14 jours [2].",
        "[1] Un délai.",
    ],
)
def test_a_sentence_with_one_claim_is_not_divided(reply: str) -> None:
    assert parts(reply) == []


def test_what_follows_the_last_marker_is_its_claim() -> None:
    assert parts("Un article est repris [1], un envoi coûte [2] 4,90 €.") == [
        ("Un article est repris", (1,)),
        (", un envoi coûte 4,90 €.", (2,)),
    ]


def test_a_claim_of_a_passage_that_does_not_exist_has_none() -> None:
    draft = read_reply("Un article est repris sous 14 jours [1] et la livraison est gratuite [9].", PASSAGES, "fr")
    assert [claim.passage_ids for claim in draft.sentences[0].claims] == [("returns",), ()]
    assert draft.dropped[0]["why"] == "there is no passage 9"


def test_a_passage_in_another_language_need_share_no_word() -> None:
    english = passage("en", "Orders are shipped within two days.", language="en")
    assert len(read_reply("Expédition rapide [1].", (english,), "fr").sentences) == 1


@pytest.mark.parametrize("reply", ["[[NO_ANSWER]]", "NO_ANSWER", " [NO_ANSWER]. "])
def test_no_answer_is_an_empty_draft(reply: str) -> None:
    assert told(reply)[0] == []


def test_words_beside_no_answer_are_recorded() -> None:
    said = "Le client dispose de 14 jours [1]."
    assert told(f"{said} [[NO_ANSWER]]") == ([], [("Le client dispose de 14 jours.", "written beside NO_ANSWER")])


def test_a_sentence_cut_off_is_dropped() -> None:
    reply = "Les articles soldés ne sont pas repris [1]. Le remboursement est versé sous 30 jours [1], sauf"
    sentences, dropped = told(reply, cut=True)
    assert [text for text, _ in sentences] == ["Les articles soldés ne sont pas repris."]
    assert dropped == [("Le remboursement est versé sous 30 jours, sauf", "cut off at max_tokens")]
    assert len(told(reply, cut=False)[0]) == 2


PIECES = [
    " (Passage 1)",
    "(passages 2 et 1).",
    "【1】",
    "(",
    *[
        "[1]",
        "[2]",
        "[9]",
        "[1, 2]",
        "[",
        "]",
        ". ",
        "\n",
        "\n- ",
        "| ",
        "# ",
        "1. ",
        "« ",
        " »",
        "14 jours",
        "15",
        "sauf ",
    ],
    *["Le remboursement", "articles soldés ", "Express", "facture", "Standard : 4,90", "<think>", "NO_ANSWE"],
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5)).map("".join), st.booleans())
def test_whatever_the_reply_each_quote_is_literally_in_its_passage(reply: str, cut: bool) -> None:
    draft = read_reply(reply, PASSAGES, "fr", cut=cut)
    texts = {p.id: p.text for p in PASSAGES}
    for sentence in draft.sentences:
        assert sentence.citations
        assert all(holds(citation, texts[citation.passage_id]) for citation in sentence.citations)
    assert checked(draft, PASSAGES) == draft


@example("[\n- [1][1]", 1, False)
@given(
    st.lists(st.sampled_from(PIECES) | st.text(max_size=5)).map("".join).filter(lambda text: "NO_ANSWE" not in text),
    st.integers(1, 7),
    st.booleans(),
)
def test_however_the_reply_is_split_the_draft_is_the_same(reply: str, size: int, cut: bool) -> None:
    assert read_reply(reply, cut=cut, size=size) == read_reply(reply, cut=cut)


def test_a_sentence_comes_once_the_next_has_begun_and_not_before() -> None:
    reader = ReplyReader([(RETURNS,), (FEES,)], "fr")
    assert not reader.feed("Le client dispose de 14 jours [1].").sentences
    assert not reader.feed(" [").sentences
    assert not reader.feed("2] ").sentences
    (sentence,) = reader.feed("Les articles soldés").sentences
    assert sentence.text == "Le client dispose de 14 jours."
    assert not reader.feed(" ne sont pas").sentences
    assert [s.text for s in (reader.feed(" repris [1].") + reader.end()).sentences] == [
        "Les articles soldés ne sont pas repris."
    ]


def test_no_answer_is_seen_before_anything_is_given() -> None:
    for size in range(1, 20):
        assert not read_reply("Le client dispose de 14 jours [1]. [[NO_ANSWER]]", size=size).sentences


def test_what_was_given_before_no_answer_stays() -> None:
    reader = ReplyReader([(RETURNS,)], "fr")
    assert reader.feed("Le client dispose de 14 jours [1]. Les articles soldés").sentences
    draft = reader.feed(" sont NO_ANSWER")
    assert (draft.sentences, [d["why"] for d in draft.dropped]) == ((), ["written beside NO_ANSWER"])
    assert reader.no_answer and reader.end() == Draft()


@pytest.mark.parametrize("reply", ["<think>Le client a 14 jours [1]. Oui</think>", "Le client a 14 jours [1]</think>"])
@pytest.mark.parametrize("size", range(1, 9))
def test_thinking_is_left_out(reply: str, size: int) -> None:
    draft = read_reply(f"{reply} Les articles soldés ne sont pas repris [1].", size=size)
    assert [s.text for s in draft.sentences] == ["Les articles soldés ne sont pas repris."]


def test_a_number_stands_for_all_passages_of_its_block() -> None:
    reader = ReplyReader([(RETURNS, FEES)], "fr")
    (sentence,) = (reader.feed("Il faut joindre la facture [1].") + reader.end()).sentences
    assert [c.passage_id for c in sentence.citations] == ["fees"]
    assert [claim.passage_ids for claim in sentence.claims] == [("returns", "fees")]
