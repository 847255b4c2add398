"""Whole runs as the command line starts them: a folder in, an index and a state in the home folder out."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brain.errors import EncoderError, IndexLockedError, IndexMismatchError, SourceError
from brain.index import open_index
from brain.index.edge import EdgeIndex
from brain.settings import IngestSettings, Settings, load_settings
from brain.state import State
from brain.testing import HashEncoder
from ingest.parse import Defaults
from ingest.reindex import reindex
from ingest.run import forget, ingest_folder


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> HashEncoder:
    made = HashEncoder()
    for module in ("ingest.run", "ingest.reindex"):
        monkeypatch.setattr(f"{module}.make_encoder", lambda settings, say: made)
    return made


@pytest.fixture
def kb(quick_path: Path) -> Path:
    folder = quick_path / "kb"
    folder.mkdir()
    for name in "abc":
        text = f"# Page {name}\n\n" + "".join(f"Phrase {n} de la page {name}. " for n in range(60))
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def home(settings: Settings, new_index: Callable[[Path], Path], read_here: None) -> Settings:
    """Settings whose home has an empty index: making one takes longer than the tests."""
    new_index(settings.home)
    return settings


def stored(settings: Settings) -> dict[str, Any]:
    index = open_index(settings)
    points = dict(index.points())
    index.close()
    return points


def test_the_first_run_makes_index_and_state_with_workers_of_its_own(
    kb: Path, settings: Settings, encoder: HashEncoder
) -> None:
    said: list[tuple[str, int]] = []

    class Told:
        def start(self, total_bytes: int, files: int) -> None:
            said.append(("start", files))

        def passages(self, count: int) -> None:
            said.append(("passages", count))

        def file(self, size: int) -> None:
            said.append(("file", size))

    one = settings.model_copy(update={"ingest": IngestSettings(workers=1)})
    summary = ingest_folder(kb, one, progress=Told())

    assert (summary.source, summary.added, summary.failed) == (str(kb.resolve()), 3, {})
    assert said[0] == ("start", 3)
    assert sum(n for what, n in said if what == "passages") == summary.encoded == len(stored(settings)) > 3
    assert sum(n for what, n in said if what == "file") == sum(path.stat().st_size for path in kb.iterdir())
    state = State(settings)
    assert [known.id for known in state.known(str(kb.resolve()))] == ["a.md", "b.md", "c.md"]
    assert state.meta("last_ingest")
    state.close()


def test_a_second_run_makes_no_encoder(kb: Path, home: Settings, encoder: HashEncoder, monkeypatch: Any) -> None:
    ingest_folder(kb, home, source="kb")

    def not_made(*_: object) -> None:
        raise EncoderError("not needed")

    monkeypatch.setattr("ingest.run.make_encoder", not_made)

    assert ingest_folder(kb, home, source="kb").unchanged == 3


def test_defaults_are_given_to_documents(kb: Path, home: Settings, encoder: HashEncoder) -> None:
    ingest_folder(kb, home, defaults=Defaults("kb", "acme", ("public",), "en", ("guide",)))

    payload = next(iter(stored(home).values()))
    assert [payload[name] for name in ("tenant", "audience", "language", "tags")] == [
        "acme",
        ["public"],
        "en",
        ["guide"],
    ]


def test_other_defaults_change_what_is_stored_without_encoding(kb: Path, home: Settings, encoder: HashEncoder) -> None:
    ingest_folder(kb, home, defaults=Defaults("kb"))
    encoder.passages.clear()

    summary = ingest_folder(kb, home, defaults=Defaults("kb", audience=("public",)))

    assert (summary.updated, encoder.passages) == (3, [])
    assert {tuple(payload["audience"]) for payload in stored(home).values()} == {("public",)}


def test_index_and_lock_are_freed_when_a_run_fails(kb: Path, home: Settings, monkeypatch: Any) -> None:
    def broken(*_: object) -> None:
        raise EncoderError("the encoder did not answer")

    monkeypatch.setattr("ingest.run.make_encoder", broken)
    with pytest.raises(EncoderError):
        ingest_folder(kb, home, source="kb")

    assert stored(home) == {}
    monkeypatch.setattr("ingest.run.make_encoder", lambda settings, say: HashEncoder())
    assert ingest_folder(kb, home, source="kb").encoded > 3
    assert len(stored(home)) > 3


def test_a_run_beside_one_that_has_the_index_is_refused(kb: Path, home: Settings, encoder: HashEncoder) -> None:
    index = open_index(home)
    with pytest.raises(IndexLockedError):
        ingest_folder(kb, home)
    index.close()


def test_a_missing_folder_is_an_error_before_anything_is_made(quick_path: Path, settings: Settings) -> None:
    with pytest.raises(SourceError):
        ingest_folder(quick_path / "absent", settings)

    assert not settings.home.exists()


def test_other_splitter_settings_are_refused_until_the_index_is_rebuilt(
    kb: Path, home: Settings, encoder: HashEncoder, fresh: Any
) -> None:
    ingest_folder(kb, home, source="kb")
    finer = load_settings(home=home.home, splitter={"tokens": 60})
    with pytest.raises(IndexMismatchError, match="splitter"):
        ingest_folder(kb, finer, source="kb")
    before = len(stored(home))

    summary = reindex(finer)

    assert (summary.updated, summary.encoded) == (3, len(stored(finer)))
    assert len(stored(finer)) > before
    assert ingest_folder(kb, finer, source="kb").encoded == 0
    with pytest.raises(IndexMismatchError):
        open_index(home)


def test_reindexing_needs_no_source_and_gives_the_same_passages(kb: Path, home: Settings, encoder: HashEncoder) -> None:
    ingest_folder(kb, home, source="kb")
    before = stored(home)
    for path in kb.iterdir():
        path.unlink()

    reindex(home)

    assert stored(home) == before


class Killed(BaseException):
    pass


def test_a_killed_reindex_goes_on_where_it_stopped(
    kb: Path, home: Settings, encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest_folder(kb, home, source="kb")
    before = stored(home)
    monkeypatch.setattr("ingest.build.BATCH", 1)
    batches = iter(range(10))
    real = EdgeIndex.flush

    def flush(self: EdgeIndex) -> None:
        real(self)
        if next(batches) == 1:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(EdgeIndex, "flush", flush)
        with pytest.raises(Killed):
            reindex(home)
    encoder.passages.clear()

    reindex(home)

    assert stored(home) == before
    assert 0 < len(encoder.passages) < len(before), "what was stored is not encoded again"


def test_an_index_folder_that_was_deleted_is_filled_again(kb: Path, home: Settings, encoder: HashEncoder) -> None:
    ingest_folder(kb, home, source="kb")
    before = stored(home)
    shutil.rmtree(home.home / "index")

    summary = ingest_folder(kb, home, source="kb")

    assert (summary.updated, summary.encoded) == (3, len(before))
    assert stored(home) == before


def test_forgetting_a_source(kb: Path, home: Settings, encoder: HashEncoder) -> None:
    ingest_folder(kb, home, source="kb")

    assert forget("kb", home) == 3
    assert stored(home) == {}
    with pytest.raises(SourceError, match="no source kb"):
        forget("kb", home)
