"""The state does the same on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from brain.errors import StoreError
from brain.settings import Settings, load_settings
from brain.state import State
from brain.types import Document


@pytest.fixture
def state(place: Settings) -> Iterator[State]:
    opened = State(place)
    yield opened
    opened.close()


FULL = Document(
    id="retours",
    title="Retours d’été",
    body="# Retours\n\nSous 30 jours.",
    tenant="acme",
    source="kb",
    url="https://example.com",
    language="fr",
    audience=("public", "agent"),
    tags=("retours",),
    valid_from=date(2026, 1, 1),
    valid_until=date(2026, 12, 31),
    updated_at=date(2026, 5, 12),
)
BARE = Document(id="bare", title="Bare", body="text", source="kb")


def save(state: State, document: Document, location: str = "a.md", indexed: bool = True, passages: int = 1) -> None:
    state.mark([(document, location)], indexed=indexed, passages={(document.tenant, document.id): passages})


def test_a_document_comes_back_as_it_was_saved(state: State) -> None:
    save(state, FULL)
    save(state, BARE)

    assert state.document("acme", "retours") == FULL
    assert state.document("default", "bare") == BARE
    assert state.document("default", "retours") is None


def test_marking_again_replaces(state: State) -> None:
    save(state, BARE, "a.md", indexed=False, passages=1)
    changed = Document(id="bare", title="Bare", body="other", source="kb", tags=("x",))
    save(state, changed, "b.md", indexed=True, passages=4)

    (known,) = state.known("kb")

    assert (known.tenant, known.id, known.location, known.indexed, known.passages) == (
        "default",
        "bare",
        "b.md",
        True,
        4,
    )
    assert known.content_hash == changed.content_hash != BARE.content_hash
    assert state.document("default", "bare") == changed


def test_known_lists_one_source(state: State) -> None:
    save(state, BARE)
    save(state, Document(id="x", title="X", body="x", source="other"))

    assert [known.id for known in state.known("kb")] == ["bare"]
    assert [known.id for known in state.known("other")] == ["x"]
    assert state.known("nothing") == []


def test_find_tells_tenants_apart(state: State) -> None:
    here, there = Document("a", "A", "1", source="kb"), Document("a", "A", "2", tenant="acme", source="other")
    save(state, here)
    save(state, there, "b.md")

    found = state.find([("acme", "a"), ("nobody", "a"), ("acme", "b")])

    assert list(found) == [("acme", "a")]
    known, source = found["acme", "a"]
    assert (known.location, known.content_hash, source) == ("b.md", there.content_hash, "other")


def test_find_takes_more_keys_than_a_statement_may_have_variables(state: State) -> None:
    documents = [(Document(f"d{n}", "T", "b", source="kb"), f"{n}.md") for n in range(1200)]
    state.mark(documents, indexed=True, passages={})

    assert len(state.find(("default", f"d{n}") for n in range(40_000))) == 1200


def test_documents_that_are_not_as_the_index_holds_them_are_counted(state: State) -> None:
    save(state, FULL)
    save(state, BARE, "b.md")
    assert state.summary()["unindexed"] == 0

    state.mark_unindexed([("default", "bare"), ("default", "retours")])
    assert state.summary()["unindexed"] == 1

    state.mark_unindexed()
    assert state.summary()["unindexed"] == 2


def test_an_index_that_is_being_built_lacks_what_is_new_or_has_changed(state: State) -> None:
    save(state, FULL)
    save(state, BARE)
    assert state.to_build("new") == [("acme", "retours"), ("default", "bare")]

    state.save_built("new", [(FULL, 3), (BARE, 2)])
    assert (state.to_build("new"), state.built("new")) == ([], 5)
    assert len(state.to_build("other")) == 2

    save(state, Document(id="bare", title="Bare", body="changed", source="kb"))
    assert state.to_build("new") == [("default", "bare")]
    state.delete([("acme", "retours")])
    assert state.built("new") == 2


def test_adopting_an_index_makes_what_was_built_what_is_indexed_and_remembers_the_old_one(state: State) -> None:
    state.set_meta("index_id", "old")
    save(state, FULL, passages=1)
    save(state, BARE, passages=1)
    state.save_built("new", [(FULL, 7)])

    state.adopt("new")

    assert state.meta("index_id") == "new"
    assert [(k.id, k.indexed, k.passages) for k in state.known("kb")] == [("retours", True, 7), ("bare", False, 0)]
    assert (state.built("new"), state.built("old"), state.to_build("old")) == (0, 2, [])

    state.adopt("old")
    assert [(k.indexed, k.passages) for k in state.known("kb")] == [(True, 1), (True, 1)]
    assert state.to_build("new") == [("default", "bare")]


def test_deleting_is_exact(state: State) -> None:
    twin = Document(id="bare", title="Bare", body="text", tenant="acme", source="kb")
    save(state, BARE)
    save(state, twin)

    state.delete([("default", "bare"), ("default", "absent")])

    assert [(known.tenant, known.id) for known in state.known("kb")] == [("acme", "bare")]


def test_files_are_saved_replaced_and_forgotten_by_source(state: State) -> None:
    state.save_files("kb", [("a.md", "1", None)])
    state.save_files("kb", [("b.md", "2", "it is empty")])
    state.save_files("other", [("a.md", "3", None)])
    state.save_files("kb", [("a.md", "4", None)])

    assert {path: (row.signature, row.problem) for path, row in state.files("kb").items()} == {
        "a.md": ("4", None),
        "b.md": ("2", "it is empty"),
    }

    state.forget_files("kb", ["a.md", *(f"absent{n}" for n in range(1200))])

    assert set(state.files("kb")) == {"b.md"}
    assert set(state.files("other")) == {"a.md"}


def test_facts_are_kept(state: State) -> None:
    assert state.meta("index_id") is None

    state.set_meta("index_id", "1")
    state.set_meta("index_id", "2")

    assert state.meta("index_id") == "2"


def test_the_summary_counts(state: State) -> None:
    save(state, FULL, passages=2)
    save(state, BARE, indexed=False, passages=3)
    state.save_files("kb", [("a.md", "1", None)])
    state.save_files("kb", [("b.md", "", "it is empty")])
    state.stamp_ingest()

    summary = state.summary()

    assert summary["sources"] == [{"source": "kb", "documents": 2, "passages": 5}]
    assert summary["languages"] == {"fr": 1, "und": 1}
    assert summary["unindexed"] == 1
    assert summary["problems"] == [{"source": "kb", "path": "b.md", "problem": "it is empty"}]
    assert summary["last_ingest"].endswith("+00:00")


def test_an_empty_state_has_a_summary(state: State) -> None:
    assert state.summary() == {
        "sources": [],
        "languages": {},
        "unindexed": 0,
        "problems": [],
        "flags": {},
        "last_ingest": None,
    }


def test_all_is_there_after_opening_again(place: Settings) -> None:
    first = State(place)
    save(first, FULL)
    first.close()

    second = State(place)
    assert second.document("acme", "retours") == FULL
    second.close()


def test_what_a_failed_statement_leaves_can_be_used_on(state: State) -> None:
    with pytest.raises(StoreError):
        save(state, Document(id="a", title=None, body="b", source="kb"))  # type: ignore[arg-type]
    save(state, BARE)

    assert [known.id for known in state.known("kb")] == ["bare"]


def test_a_batch_is_saved_whole_or_not_at_all(state: State) -> None:
    bad = Document(id="z", title=None, body="b", source="kb")  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        state.mark([(BARE, "a.md"), (bad, "z.md")], indexed=True, passages={})

    assert state.known("kb") == []


def test_a_database_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    settings = load_settings(
        home=tmp_path, state_url="postgresql+psycopg://me:secret@127.0.0.1:9/brain?connect_timeout=2"
    )

    with pytest.raises(StoreError, match=r"me:\*\*\*@127\.0\.0\.1:9") as error:
        State(settings)

    assert "secret" not in str(error.value)


@pytest.mark.parametrize("url", ["nonsense", "oracle+nothing://x", "mysql+absent://me:secret@x/y"])
def test_a_url_of_no_database_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(StoreError, match="can't be used") as error:
        State(load_settings(home=tmp_path, state_url=url))

    assert "secret" not in str(error.value)


def test_a_file_that_is_no_database_is_a_store_error(settings: Settings) -> None:
    settings.home.mkdir()
    (settings.home / "state.db").write_bytes(b"not a database, but long enough to be read as one" * 100)

    with pytest.raises(StoreError, match=r"state\.db"):
        State(settings)
