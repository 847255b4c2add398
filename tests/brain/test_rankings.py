"""What is asked of the index for one question, and what a conversation adds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from brain.closeness import Closeness
from brain.index.base import Point, Scope, payload_of, point_id
from brain.index.edge import EdgeIndex
from brain.rankings import Meaning, Ranker, Remembered
from brain.settings import Settings, SparseSettings
from brain.testing import HashEncoder
from brain.text.bm25 import passage_vector, title_vector
from brain.types import Chunk, Document, Question, Turn

ENCODER = HashEncoder()
EVERYONE = Scope("default", ("public",))


@pytest.fixture
def index(settings: Settings, new_index: Callable[[Path], Path]) -> Iterator[EdgeIndex]:
    opened = EdgeIndex.open(new_index(settings.home))
    yield opened
    opened.close()


def add(index: EdgeIndex, id: str, title: str, text: str, *tags: str) -> None:
    made = Document(id, title, text, audience=("public",), language="en", tags=tags)
    point = point_id("default", id, text)
    sparse = passage_vector(text, "en", SparseSettings(), title=title)
    dense = ENCODER.encode_passages([f"{title}\n{text}"])[0].tolist()
    chunk = Chunk(point, id, text, (0, len(text)))
    index.upsert([Point(point, dense, sparse, payload_of(made, chunk), title_vector(title, "en", SparseSettings()))])


def ranked(index: EdgeIndex, question: Question, candidates: int = 50) -> list[str]:
    ranker = Ranker(index, Remembered(index.tags), candidates)
    dense = ENCODER.encode_questions([question.text])[0].tolist()
    found = ranker.of(question, Meaning(dense), "en", 1)(EVERYONE)
    payloads = index.payloads([passage.id for passage in found])
    return [payloads[passage.id]["document_id"] for passage in found]


def test_a_page_whose_title_is_asked_for_goes_first(index: EdgeIndex) -> None:
    for number in range(5):
        add(
            index,
            f"mention {number}",
            "Delivery",
            f"Parcel number {number} that is lost leads to a refund of its price and the postage.",
        )
    add(index, "page", "Refund", "The money comes back within a week, however you paid, and the postage with it.")

    assert ranked(index, Question("refund"))[0] == "page"


def test_a_question_within_a_conversation_finds_what_was_named_before(index: EdgeIndex) -> None:
    for hotel in ("Acorn", "Hamilton", "Bridge", "Alexander"):
        add(index, f"{hotel} parking", f"{hotel}: is there parking?", "Parking is free of charge.", f"hotel:{hotel}")
        add(index, f"{hotel} pets", f"{hotel}: are pets allowed?", "Dogs are welcome.", f"hotel:{hotel}")
    turns = (Turn("user", "a hotel please"), Turn("assistant", "The Hamilton has rooms."), Turn("user", "fine"))

    assert ranked(index, Question("Is there parking for my car?", turns=turns))[0] == "Hamilton parking"


def test_a_new_matter_is_ranked_as_if_nothing_had_been_said_before(index: EdgeIndex) -> None:
    for topic in ("refund of a parcel", "gift cards", "opening hours", "delivery abroad"):
        add(index, topic, topic, f"All about {topic}, and what to do about it.", "help")
    turns = (Turn("user", "how do I get a refund of a parcel?"), Turn("assistant", "Send the parcel back."))
    asked = Question("When are your shops open? What are the opening hours?")

    assert ranked(index, replace(asked, turns=turns)) == ranked(index, asked)
    assert ranked(index, asked)[0] == "opening hours"


def test_the_passages_of_a_named_tag_are_found_though_others_fill_the_candidates(index: EdgeIndex) -> None:
    add(index, "rare", "Hamilton", "Nothing in common with what was said.", "hotel:Hamilton")
    for number in range(30):
        add(index, f"crowd{number}", "Parking", f"Is there parking? Yes, number {number}.")
    turns = (Turn("assistant", "The Hamilton has rooms."),)

    assert ranked(index, Question("Is there parking?", turns=turns), candidates=10)[0] == "rare"


@pytest.mark.parametrize(
    ("languages", "asked_in", "crosses"),
    [((), "fr", True), ((), "en", False), (("en",), "fr", True), (("en", "fr"), "fr", False), ((), "und", False)],
)
def test_a_question_in_another_language_than_all_pages_is_drawn_to_what_sets_it_apart(
    index: EdgeIndex, languages: tuple[str, ...], asked_in: str, crosses: bool
) -> None:
    add(index, "page", "Refund", "The money comes back within a week.")

    class Noting(Closeness):
        def across(self, question: Sequence[float]) -> list[float]:
            drawn.append(True)
            return super().across(question)

    drawn: list[bool] = []
    vectors = ENCODER.encode_passages([f"text {number}" for number in range(10)])
    known = Closeness.measured_on(vectors[:5], vectors[5:])
    ranker = Ranker(index, Remembered(index.tags), 50, Noting(known.questions, known.passages, known.directions))
    meaning = Meaning(ENCODER.encode_questions(["remboursement"])[0].tolist())

    found = ranker.of(Question("remboursement"), meaning, asked_in, 1)(replace(EVERYONE, languages=languages))

    assert len(found) == 1
    assert bool(drawn) is crosses


def test_tags_are_counted_once_a_minute_for_each_scope_whatever_its_families() -> None:
    asked: list[Scope] = []

    class Counting:
        def tags(self, scope: Scope) -> dict[str, int]:
            asked.append(scope)
            return {"a": len(asked)}

    now = [0.0]
    tags = Remembered(Counting().tags, lambda: now[0])
    yesterday = Scope("default", ("public",), valid_on=date(2026, 1, 1))

    assert (
        tags.of(EVERYONE) == tags.of(EVERYONE) == tags.of(Scope("default", ("public",), variants_of=("x",))) == {"a": 1}
    )
    assert tags.of(yesterday) == {"a": 2}
    now[0] = 61
    assert tags.of(EVERYONE) == {"a": 3}


def test_no_more_than_a_hundred_scopes_are_remembered() -> None:
    class Empty:
        def tags(self, scope: Scope) -> dict[str, int]:
            return {}

    tags = Remembered(Empty().tags)
    for number in range(250):
        tags.of(Scope(f"tenant {number}", ("public",)))

    assert len(tags._kept) <= 100
