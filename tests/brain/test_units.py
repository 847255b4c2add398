"""What can be quoted alone: a sentence, a list with its lead-in, a table."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from brain.text.units import MAX_LIST_CHARS, units


def read(text: str) -> list[str]:
    return [unit.text for unit in units(text)]


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


def test_a_table_is_read_whole() -> None:
    table = "| Poids | Prix |\n|:--|--:|\n| 1 kg. Ou moins | 4,90 € |\n| 5 kg | |"

    assert read(f"Tarifs.\n\n{table}\n\nFin.") == ["Tarifs.", table, "Fin."]


def test_two_tables_are_two_units() -> None:
    assert read("| a |\n| 1 |\n\n| b |\n| 2 |") == ["| a |\n| 1 |", "| b |\n| 2 |"]
    assert read("| a |\n\n## Suite\n\n| b |") == ["| a |", "| b |"]


def test_a_heading_ends_a_list() -> None:
    assert read("Voici :\n\n- un\n\n## Suite\n\n- deux") == ["Voici :\n\n- un", "deux"]
    assert read("Voici :\n\n## Suite\n\n- deux") == ["Voici :", "deux"]


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
def test_units_are_literal_in_order_apart_and_free_of_headings(text: str) -> None:
    at = 0
    for unit in units(text):
        start, end = unit.span
        assert at <= start < end <= len(text)
        assert unit.text == text[start:end] == unit.text.strip()
        assert not any(line.startswith("# T") for line in unit.text.splitlines())
        at = end
