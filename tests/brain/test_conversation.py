"""What a conversation is about: terms of its turns, tags that it names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain.conversation import context_vector, named_tags
from brain.text.analyzer import terms
from brain.text.bm25 import term_number
from brain.types import Turn

COUNTS = {"hotel:Acorn Guest House": 10, "hotel:Hamilton Lodge": 10, "hotel:Bridge Guest House": 10, "cuisine": 200}


def said(*texts: str) -> list[Turn]:
    """User and assistant by turns, the user first."""
    return [Turn("assistant" if number % 2 else "user", text) for number, text in enumerate(texts)]


def test_the_context_holds_the_terms_of_all_turns_the_recent_and_the_assistants_more() -> None:
    found = context_vector(said("a hotel", "the Acorn lodge", "parking and hotel"), "en")

    weights = dict(zip(*found, strict=True))
    (hotel,), (acorn,), (parking,) = (map(term_number, terms(word, "en")) for word in ("hotel", "Acorn", "parking"))
    assert weights[acorn] == pytest.approx(0.9)
    assert weights[parking] == pytest.approx(0.5)
    assert weights[hotel] == pytest.approx(0.5), "the latest turn that says it"


def test_without_turns_there_is_no_context() -> None:
    assert context_vector([], "fr") == ([], [])


def test_turns_of_long_ago_are_forgotten() -> None:
    turns = said("Acorn", *["parking"] * 20)

    assert term_number(terms("Acorn", "en")[0]) not in context_vector(turns, "en").indices


def test_a_tag_is_named_in_an_earlier_turn() -> None:
    turns = said("I need a hotel", "I found the Hamilton Lodge for you", "How much is it?", "It is cheap.")

    named = named_tags("Do they have parking?", turns, COUNTS, "en")

    assert named == {"hotel:Hamilton Lodge": 1.0}


def test_the_tag_that_was_named_in_full_and_last_counts_most() -> None:
    turns = said("What about Hamilton Lodge?", "It is full. Acorn Guest House has rooms.")

    named = named_tags("Is breakfast included?", turns, COUNTS, "en")

    assert list(named) == ["hotel:Acorn Guest House", "hotel:Hamilton Lodge", "hotel:Bridge Guest House"]
    assert named["hotel:Acorn Guest House"] == 1.0
    assert named["hotel:Bridge Guest House"] < named["hotel:Hamilton Lodge"] < 1.0


def test_a_theme_names_nothing_a_rare_plain_tag_does() -> None:
    assert set(named_tags("cuisine at Hamilton Lodge", [], COUNTS, "en")) == {"hotel:Hamilton Lodge"}
    assert set(named_tags("cuisine at Acorn", [], {"cuisine": 200, "Acorn": 2}, "en")) == {"Acorn"}


def test_the_words_of_a_name_stand_together() -> None:
    counts = {"restaurant:Restaurant One Seven": 10, "restaurant:Souvla": 10, "hotel:Hamilton Lodge": 10}
    turns = said(
        "One is called Souvla.", "the restaurant's number?", "four one five zero two seven", "a lodge in Hamilton, then"
    )

    named = named_tags("Is it good for groups?", turns, counts, "en")

    assert set(named) == {"restaurant:Souvla", "hotel:Hamilton Lodge"}
    assert set(named_tags("Restaurant One Seven please", turns[2:3], counts, "en")) == {
        "restaurant:Restaurant One Seven"
    }


def test_without_tags_or_words_nothing_is_named() -> None:
    assert named_tags("parking", said("hello"), {}, "en") == {}
    assert named_tags("", [], COUNTS, "en") == {}
    assert named_tags("zebra", [], {"::": 3, "key:": 1}, "en") == {}


@given(
    text=st.text(max_size=40),
    turns=st.lists(st.text(max_size=40), max_size=4),
    counts=st.dictionaries(st.text(min_size=1, max_size=12), st.integers(1, 50), max_size=12),
)
def test_at_most_ten_tags_are_named_the_most_named_with_one(
    text: str, turns: list[str], counts: dict[str, int]
) -> None:
    named = named_tags(text, said(*turns), counts, "fr")

    assert set(named) <= set(counts)
    assert len(named) <= 10
    assert all(0 < value <= 1 for value in named.values())
    assert not named or max(named.values()) == 1.0
