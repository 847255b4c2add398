"""Documents as programs list and delete them, on both databases."""

from datetime import date
from threading import Event, Thread
from typing import Any

import pytest

from brain.documents import Documents, lift
from brain.state import State
from brain.types import Document, Flag


@pytest.fixture
def documents(place: Any) -> Any:
    made = Documents(place)
    yield made
    made.close()


def put(
    documents: Documents, id: str, *, tenant: str = "t", audience: tuple[str, ...] = ("public",), day: int = 1
) -> None:
    document = Document(
        id, f"Titre {id}", f"Texte {id}", tenant, "api", audience=audience, updated_at=date(2026, 1, day)
    )
    documents.mark([(document, f"{tenant}/{id}")], indexed=False, passages={(tenant, id): 2})


def test_a_page_holds_what_its_reader_may_see(documents: Documents) -> None:
    for number in range(10):
        put(documents, f"d{number}", audience=("public",) if number % 2 else ("agent",), day=number + 1)
    put(documents, "d1", tenant="other")

    public = [record.document.id for record in documents.listed("t", ("public",), limit=3)]
    rest = [record.document.id for record in documents.listed("t", ("public",), limit=3, after=public[-1])]
    late = documents.listed("t", ("agent", "public"), updated_since=date(2026, 1, 9), source="api")
    none = documents.listed("t", ("agent", "public"), source="elsewhere")

    assert (public, rest) == (["d1", "d3", "d5"], ["d7", "d9"])
    assert [record.document.id for record in late] == ["d8", "d9"]
    assert none == []
    record = documents.record("t", "d1")
    assert record and (record.document.body, record.passages, record.indexed) == ("Texte d1", 2, False)
    assert record.content_hash == record.document.content_hash


def test_a_buried_document_leaves_a_tombstone_until_the_index_has_let_go_of_it(documents: Documents) -> None:
    put(documents, "a")
    put(documents, "b")
    put(documents, "a", tenant="other")
    documents.save_flags(
        "api", {"t/a": [("t", "a", Flag("hidden_text", "x"))], "other/a": [("other", "a", Flag("k", "y"))]}
    )

    documents.bury("t", "a")
    documents.bury("t", "a")  # twice is as good as once

    assert documents.record("t", "a") is None
    assert documents.record("other", "a") is not None
    assert documents.tombstones() == [("t", "a")]
    assert [flag["tenant"] for flag in documents.flags()] == ["other"]
    known = documents.record("t", "b")
    assert known
    documents.settle([("t", "b", known.content_hash), ("t", "b", "of an earlier version")], [("t", "a")])
    assert documents.tombstones() == []
    assert documents.open_keys("api") == [("other", "a")]


def test_a_document_that_is_there_again_keeps_its_tombstone_until_it_is_written(
    documents: Documents, place: Any
) -> None:
    put(documents, "a")
    documents.bury("t", "a")
    put(documents, "a")

    documents.settle([("t", "a", "another hash")], [("t", "a")])
    assert documents.tombstones() == [("t", "a")]
    assert documents.open_keys("api") == [("t", "a")]

    state = State(place)
    lift(state, [("t", "a"), ("t", "never there")])
    state.close()
    assert documents.tombstones() == []


def test_writers_of_several_machines_take_turns(documents: Documents, place: Any) -> None:
    if not place.state_url:
        pytest.skip("SQLite is of one machine, where a file's lock does it")
    other, order, begun = Documents(place), list[str](), Event()

    def wait() -> None:
        begun.set()
        with other.turn():
            order.append("second")

    thread = Thread(target=wait)
    with documents.turn():
        thread.start()
        begun.wait(10)
        put(documents, "a")  # other transactions go on
        thread.join(0.3)
        order.append("first")
    thread.join(10)
    other.close()

    assert order == ["first", "second"]
