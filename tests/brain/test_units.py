"""What can be quoted alone: a sentence, a list with its lead-in, a table's row with its header."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from brain.text.units import MAX_LIST_CHARS, units


def read(text: str) -> list[str]:
    return [unit.text for unit in units(text)]


def quoted(text: str) -> list[list[str]]:
    return [[text[slice(*span)] for span in unit.spans] for unit in units(text)]


def test_prose_is_read_sentence_by_sentence_without_headings() -> None:
    assert read("# Titre\n\nUn. Deux.\n\n## Suite\n\nTrois.") == ["Un.", "Deux.", "Trois."]


def test_a_list_is_read_with_the_line_that_introduces_it() -> None:
    text = "Avant.\n\nIl vous faut :\n\n- un colis ;\n- une étiquette.\n\nAprès."

    assert read(text) == ["Avant.", "Il vous faut :\n\n- un colis ;\n- une étiquette.", "Après."]


def test_items_without_a_lead_in_are_read_alone_and_without_their_marker() -> None:
    assert read("Un.\n\n- deux\n1. trois") == ["Un.", "deux", "trois"]


def test_a_long_list_is_read_item_by_item() -> None:
    items = [f"élément {n} " + "x" * 60 for n in range(MAX_LIST_CHARS // 60)]

    assert read("Voici :\n" + "\n".join(f"- {item}" for item in items)) == ["Voici :", *items]


def test_a_table_is_read_row_by_row_with_the_names_of_its_columns() -> None:
    text = "| Poids | Prix |\n|:--|--:|\n| 1 kg | 4,90 € |\n| 5 kg | |\n"

    assert read(text) == ["Poids : 1 kg ; Prix : 4,90 €", "Poids : 5 kg"]
    assert quoted(text) == [["| Poids | Prix |", "| 1 kg | 4,90 € |"], ["| Poids | Prix |", "| 5 kg | |"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| 1 kg | 4,90 € |\n| 5 kg | 9,90 € |", ["1 kg ; 4,90 €", "5 kg ; 9,90 €"]),
        ("|---|---|\n| 1 kg | 4,90 € |\n| 5 kg | 9,90 € |", ["1 kg ; 4,90 €", "5 kg ; 9,90 €"]),
        ("| | |\n|---|---|\n| 1 kg | 4,90 € |\n| 5 kg | 9,90 € |", ["1 kg ; 4,90 €", "5 kg ; 9,90 €"]),
        ("| a | b |\n|---|---|\n| 1 | 2 | 3 |", ["1 ; 2 ; 3"]),
        ("| a | b |\n|---|---|", []),
        ("|---|\n|---|", []),
        ("| |\n| |", []),
    ],
)
def test_a_table_without_a_header_that_fits_is_read_cell_by_cell(text: str, expected: list[str]) -> None:
    assert read(text) == expected


def test_text_around_a_table_is_kept() -> None:
    assert read("Tarifs :\n\n| a |\n|---|\n| 1 |\n\nFin.") == ["Tarifs :", "a : 1", "Fin."]


def test_fences_are_left_out() -> None:
    assert "```" not in "".join(read("Avant.\n\n```\nbrain ingest kb\n```\n\nAprès."))


LINES = st.sampled_from(
    [
        "# T",
        "Un mot. Deux.",
        "Voici :",
        "- un",
        "- ",
        "1. deux",
        "| a | b |",
        "|---|---|",
        "| | |",
        "|",
        "||x",
        "> c",
        "```",
        "",
    ]
)


@settings(max_examples=300, deadline=None)
@given(text=st.lists(LINES, max_size=14).map("\n".join) | st.text(max_size=60))
@example("|---|\n|---|")
def test_units_are_made_of_words_of_the_passage(text: str) -> None:
    for unit in units(text):
        assert unit.text.strip()
        assert unit.spans
        for start, end in unit.spans:
            assert 0 <= start < end <= len(text)
        quoted_words = " ".join(text[slice(*span)] for span in unit.spans)
        assert all(word in quoted_words for word in unit.text.split() if word not in (";", ":"))
