"""Documents into passages: literal, in order, complete, within the budget, and under ids that last."""

import re
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from brain.settings import SplitterSettings
from brain.tokens import count_tokens
from brain.types import Chunk, Document
from ingest.split import encoded_text, split

BUDGET = 50
SETTINGS = SplitterSettings(tokens=BUDGET)

sentence = st.sampled_from(
    [
        "Le colis arrive demain.",
        "Combien coûte un retour ?",
        "The parcel is late!",
        "M. Dupont l’a reçu le 1er mars (art. L. 122-1), contre 1 200,50 €.",
        "mot",
        "Une très longue phrase, sans la moindre fin, " * 12,
        "x" * 400,
        "https://example.com/" + "abc/" * 60,
        "日本語の文章です。",
        "🙂 emoji 🙃",
    ]
)
paragraph = st.lists(sentence, min_size=1, max_size=5).map(" ".join)
heading = st.builds(
    lambda indent, marks, gap, title, tail: indent + marks + gap + title + tail,
    st.sampled_from(["", "", " ", "  "]),
    st.sampled_from(["#", "##", "###", "######", "#######"]),
    st.sampled_from([" ", " ", "  ", "\t", "", " \t "]),
    st.sampled_from(["Retours", "Délai", "Retours", "", "A # B", "C ##", "\x1f", "1. Un"]),
    st.sampled_from(["", "", " ", " ##"]),
)
block = st.one_of(
    paragraph,
    paragraph,
    heading,
    heading,
    st.sampled_from(
        [
            "```\n# pas un titre\n\n\tcode\n```",
            "```python\nx = 1\n",
            "~~~\n# ni cela\n~~~",
            "- un\n- deux\n\t- trois",
            "| a | b |\n|---|---|\n| 1 | 2 |",
            "Titre\n=====",
            "\tindenté",
            "   ",
            "",
            "***",
        ]
    ),
)
separator = st.sampled_from(["\n\n", "\n\n", "\n", "\r\n", "\r\n\r\n", "\n\n\n\n", " \n\t\n"])
body = st.lists(st.tuples(block, separator), max_size=12).map(lambda parts: "".join(a + b for a, b in parts))


def passages(text: str, tokens: int = BUDGET, **fields: str) -> list[Chunk]:
    document = Document(**{"id": "d", "title": "Titre", "body": text} | fields)  # type: ignore[arg-type]
    return split(document, SplitterSettings(tokens=tokens))


@settings(max_examples=200, deadline=None)
@given(text=body)
@example("")
@example("# A\n")
@example("# A\n# A\n# A\n")
@example("#\t\n\n#\tTitre\ttab\n\tcode\n")
@example("même\n\nmême\n\nmême\n\n" * 30)
@example("## H\n\nUn.\n\n" * 100)
@example(
    "```\n# pas un titre\n\n\tcode\n```\n\n# Délai\n\nCombien coûte un retour ?\r\n  ###### Retours\n| a | b |\n|---|---|\n"
    "| 1 | 2 |\nmot Le colis arrive demain.\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
)
def test_passages_are_literal_ordered_complete_within_the_budget_and_distinct(text: str) -> None:
    found = passages(text)

    covered = ""
    end = 0
    for chunk in found:
        assert chunk.text == text[chunk.span[0] : chunk.span[1]]
        assert chunk.span[0] >= end, "passages overlap or are out of order"
        assert chunk.text.strip()
        assert chunk.tokens == count_tokens(chunk.text) <= BUDGET
        covered += text[end : chunk.span[0]].strip() + chunk.text
        end = chunk.span[1]
    assert "".join((covered + text[end:]).split()) == "".join(text.split())
    assert sum(len("".join(chunk.text.split())) for chunk in found) == len("".join(text.split()))
    assert len({chunk.id for chunk in found}) == len(found)
    assert found == passages(text)


ODD = st.one_of(
    st.sampled_from("## \t\n\r\x0b\x0c\x1f\x85\u00a0\u2028ab.`~|-"), st.characters(exclude_categories=["Cs"])
)


@settings(max_examples=150, deadline=None)
@given(text=st.text(ODD, max_size=200))
def test_any_text_at_all_can_be_split(text: str) -> None:
    for chunk in passages(text):
        assert chunk.text == text[slice(*chunk.span)]


@pytest.mark.parametrize("tokens", [50, 100, 250, 450])
def test_the_budget_is_used_and_kept(tokens: int) -> None:
    text = "# Guide\n\n" + "\n\n".join(f"## Partie {n}\n\n" + f"Phrase sur {n}. " * (5 * n) for n in range(12))

    found = passages(text, tokens)

    assert all(chunk.tokens <= tokens for chunk in found)
    assert sum(chunk.tokens for chunk in found) / len(found) > tokens / 2


def test_a_passage_ends_with_a_sentence_where_it_can() -> None:
    text = " ".join(f"Voici la phrase numéro {n}, de l'art. L. 122-{n}." for n in range(40))

    assert all(re.search(r"122-\d+\.$", chunk.text) for chunk in passages(text))


def test_headings_are_the_path_of_what_is_below_them() -> None:
    filler = "Une phrase de plus pour remplir ce passage. " * 4
    text = f"# Guide\n\n{filler}\n\n## Retours\n\n{filler}\n\n### Délai\n\n{filler}\n\n## Frais\n\n{filler}"

    assert [chunk.heading_path for chunk in passages(text)] == [
        ("Guide",),
        ("Guide", "Retours"),
        ("Guide", "Retours", "Délai"),
        ("Guide", "Frais"),
    ]


def test_sections_joined_into_one_passage_have_the_headings_that_they_share() -> None:
    (chunk,) = passages("# Guide\n\n## Retours\n\nUn.\n\n## Frais\n\nDeux.", 250)

    assert chunk.heading_path == ("Guide",)


def test_a_comment_in_code_is_no_heading() -> None:
    filler = "Une phrase de plus pour remplir ce passage. " * 4
    found = passages(f"# Guide\n\n{filler}\n\n```sh\n# installer\nbrain ingest kb\n```\n\n{filler}")

    assert {chunk.heading_path for chunk in found} == {("Guide",)}


def test_white_space_alone_is_no_passage() -> None:
    assert passages("") == passages(" \n\n\t\n ") == []


# Ids


def test_ids_are_uuids_that_last() -> None:
    """Were they to change, every index would be encoded anew: then raise the splitter's version, and this."""
    (chunk,) = passages("Le colis arrive demain.", language="fr")

    assert str(UUID(chunk.id)) == chunk.id == "9c350ced-ecf0-d3ae-093f-2f77877ba5ff"


def test_ids_follow_from_all_that_decides_the_vectors_and_nothing_else() -> None:
    def id_of(**fields: str) -> str:
        return split(Document(**{"id": "d", "title": "T", "body": "Un.", "language": "fr"} | fields), SETTINGS)[0].id  # type: ignore[arg-type]

    same = id_of()

    assert (
        len({same, id_of(id="e"), id_of(tenant="acme"), id_of(title="U"), id_of(body="Deux."), id_of(language="en")})
        == 6
    )
    assert id_of(source="other", url="https://example.com") == same
    assert id_of(tags=("a",), audience=("public",)) == same  # type: ignore[arg-type]


def test_a_passage_keeps_its_id_when_others_change() -> None:
    filler = "Une phrase de plus pour remplir ce passage. " * 4
    parts = [f"## {name}\n\n{name} : {filler}" for name in ("Retours", "Frais", "Délai")]
    before = {chunk.text: chunk.id for chunk in passages("\n\n".join(parts))}

    parts[0] = f"## Retours\n\nAutre chose : {filler}"
    after = {chunk.text: chunk.id for chunk in passages("\n\n".join(parts))}

    shared = before.keys() & after.keys()
    assert len(shared) == 2
    assert all(before[text] == after[text] for text in shared)


def test_ids_depend_on_no_other_document() -> None:
    alone = [chunk.id for chunk in passages("Le colis arrive.")]
    passages("Le colis arrive.", id="other")

    assert [chunk.id for chunk in passages("Le colis arrive.")] == alone


def test_repeated_passages_have_ids_of_their_own() -> None:
    repeated = "## H\n\n" + "Toujours la même phrase, encore et toujours. " * 4
    found = passages("\n\n".join([repeated] * 4))

    assert len(found) == 4
    assert len({chunk.id for chunk in found}) == 4


# What encoders read


def test_encoders_read_title_and_headings_above_the_passage_once() -> None:
    assert encoded_text("Guide", ("Guide", "Retours"), "Un.") == "Guide\nRetours\nUn."
    assert encoded_text("Guide", (), "# Guide\n\nUn.") == "# Guide\n\nUn."
    assert encoded_text("", (), "Un.") == "Un."
