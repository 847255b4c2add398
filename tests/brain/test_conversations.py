"""Conversations are the same on SQLite and on PostgreSQL: their maker's alone, in order, bounded, gone when deleted."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from brain.conversations.owner import Owner, Place
from brain.conversations.record import documents_of, turns_of
from brain.conversations.store import Conversations, ExchangeRow
from brain.errors import RepeatedError
from brain.settings import ConversationsSettings, Settings
from brain.types import Turn

ME = Owner("acme", "agent", "key::1")
OTHERS = [
    Owner("other", "agent", "key::1"),
    Owner("acme", "public", "key::1"),
    Owner("acme", "agent", "key::2"),
    Owner("acme", "agent", "visitor:site_1:1"),
]


def record(number: int, question: str = "Combien ?", cites: str = "retours") -> dict[str, Any]:
    citation = {"document_id": cites, "quote": "Sous 30 jours."}
    sentence = {"text": "Sous 30 jours.", "citations": [citation], "support": None}
    about = {"id": f"{number:032x}", "status": "answered", "reason": None, "message": None, "language": "fr"}
    shown = {"text": "Sous 30 jours.", "sentences": [sentence], "newer": None}
    return about | shown | {"question": {"text": question}, "answered_at": "2026-11-01T10:00:00.000+00:00"}


@pytest.fixture
def conversations(place: Settings) -> Iterator[Conversations]:
    opened = Conversations(place.model_copy(update={"conversations": ConversationsSettings(exchanges=3)}))
    yield opened
    opened.close()


def rows(store: Conversations) -> int:
    with store._session() as session:
        return session.scalar(select(func.count(ExchangeRow.number))) or 0


def test_what_was_said_comes_back_in_order_and_the_first_goes_beyond_the_bound(conversations: Conversations) -> None:
    made = conversations.create(ME)
    assert (made.title, conversations.exchanges(ME, made.id, 10)) == (None, [])
    for number in range(5):
        assert conversations.add(ME, made.id, record(number))

    assert [one["id"] for one in conversations.exchanges(ME, made.id, 10) or ()] == [f"{n:032x}" for n in (2, 3, 4)]
    assert [one["id"] for one in conversations.exchanges(ME, made.id, 2) or ()] == [f"{n:032x}" for n in (3, 4)]
    found = conversations.get(ME, made.id)
    assert found and found.title == "Combien ?" and found.updated_at >= found.created_at and rows(conversations) == 3


def test_only_its_maker_has_a_conversation(conversations: Conversations) -> None:
    made = conversations.create(ME, "Mine")
    conversations.add(ME, made.id, record(1))
    for other in OTHERS:
        assert conversations.get(other, made.id) is None and conversations.exchanges(other, made.id, 10) is None
        assert not conversations.add(other, made.id, record(2)) and not conversations.delete(other, made.id)
        assert conversations.list(other, 10) == []

    assert [one.id for one in conversations.list(ME, 10)] == [made.id] and rows(conversations) == 1
    assert conversations.delete(ME, made.id) and not conversations.delete(ME, made.id)
    assert (rows(conversations), conversations.add(ME, made.id, record(3)), rows(conversations)) == (0, False, 0)


def test_a_title_holds_no_personal_data_and_stays_as_it_was_given(conversations: Conversations) -> None:
    named, unnamed = conversations.create(ME, "Jean\n jean@exemple.fr"), conversations.create(ME)
    conversations.add(ME, named.id, record(1, "autre chose"))
    conversations.add(ME, unnamed.id, record(2, "x" * 500))

    assert [one.title for one in conversations.list(ME, 10)] == ["x" * 120, "Jean [E-MAIL]"]


def test_with_an_idempotency_key_it_is_begun_once_by_each_owner(conversations: Conversations) -> None:
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: conversations.create(ME, "Retours", "once"), range(8)))
    assert len({one.id for one in made}) == 1 == len(conversations.list(ME, 10))
    conversations.add(ME, made[0].id, record(1))
    again = conversations.create(ME, "Retours", "once")
    assert (again.id, again.title, again.created_at) == (made[0].id, "Retours", made[0].created_at)
    with pytest.raises(RepeatedError):
        conversations.create(ME, None, "once")

    assert len({conversations.create(owner, "Retours", "once").id for owner in (ME, *OTHERS)}) == 5
    assert conversations.create(ME, "Retours", "other").id != made[0].id


@with_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(continued=st.lists(st.integers(0, 6), max_size=12), size=st.integers(1, 4))
def test_pages_hold_each_conversation_once_the_last_continued_first(
    conversations: Conversations, continued: list[int], size: int
) -> None:
    for old in conversations.list(ME, 100):
        conversations.delete(ME, old.id)
    made = [conversations.create(ME).id for _ in range(7)]
    for number, which in enumerate(continued):
        conversations.add(ME, made[which], record(number))
    seen, place = [], None
    while page := conversations.list(ME, size, place):
        seen += page
        place = Place(page[-1].updated_at, page[-1].id)

    assert sorted(one.id for one in seen) == sorted(made)
    assert seen == sorted(seen, key=lambda one: (one.updated_at, one.id), reverse=True)


def test_many_that_continue_and_one_that_deletes_leave_nothing_behind(conversations: Conversations) -> None:
    made = conversations.create(ME)
    with ThreadPoolExecutor(8) as pool:
        added = [pool.submit(conversations.add, ME, made.id, record(number)) for number in range(20)]
        gone = pool.submit(conversations.delete, ME, made.id)
        assert all(one.result() in {True, False} for one in added) and gone.result()

    assert (conversations.get(ME, made.id), rows(conversations)) == (None, 0)


def test_turns_leave_out_what_may_not_be_read_any_more_and_what_was_masked() -> None:
    asked = record(1, "Je suis [E-MAIL] : combien ?")

    assert turns_of(asked, readable=True) == [Turn("user", "Je suis : combien ?"), Turn("assistant", "Sous 30 jours.")]
    assert turns_of(asked, readable=False) == [Turn("user", "Je suis : combien ?")]
    refused = record(2) | {"text": "", "message": "Rien trouvé."}
    assert turns_of(refused, readable=True)[1] == Turn("assistant", "Rien trouvé.")
    assert documents_of(asked) == ["retours"]
