"""Indexes side by side: which is asked, which was before, which is being built; in folders and as collections."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from qdrant_client import QdrantClient

from brain.errors import IndexMismatchError, IndexMissingError
from brain.index import create_index, open_index
from brain.index.aliases import ServerGenerations
from brain.index.edge import EdgeIndex
from brain.index.fingerprint import new_manifest, settings_of
from brain.index.folders import EdgeGenerations
from brain.index.generations import CURRENT, NEXT, PREVIOUS, Generations, current_name, switched
from brain.index.server import ServerIndex, connect
from brain.settings import IndexSettings, Settings, load_settings
from brain.status import manifest_of, status_of
from brain.testing import HashEncoder

ENCODER = HashEncoder()


@pytest.fixture
def new_folder(monkeypatch: pytest.MonkeyPatch, empty_index: Path) -> None:
    """Copies an empty index instead of making one, which takes a second."""
    from brain.index.copying import copy_sparse

    def create(folder: Path, manifest: dict[str, object]) -> EdgeIndex:
        copy_sparse(empty_index, folder)
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return EdgeIndex.open(folder)

    monkeypatch.setattr(EdgeIndex, "create", create)


@pytest.fixture(params=["edge", "memory", "server"])
def generations(request: pytest.FixtureRequest, quick_path: Path, new_folder: None) -> Iterator[Generations]:
    if request.param == "edge":
        (quick_path / "index").mkdir()
        yield EdgeGenerations(quick_path / "index")
        return
    url = ":memory:" if request.param == "memory" else os.environ.get("BRAIN_TEST_QDRANT_URL", "")
    if not url:
        pytest.skip("BRAIN_TEST_QDRANT_URL is not set: no Qdrant server to test with")
    on_server = IndexSettings(provider="server", url=url, prefer_grpc=False, collection=f"test-{uuid4().hex}")
    client = connect(on_server)
    yield ServerGenerations(on_server, client)
    for collection in client.get_collections().collections:
        if collection.name.startswith(on_server.collection):
            client.delete_collection(collection.name)
    client.close()


def made(generations: Generations) -> str:
    name, index = generations.create(new_manifest(Settings(), ENCODER))
    if isinstance(index, EdgeIndex):
        index.close()
    return name


def there(generations: Generations, name: str) -> bool:
    try:
        return bool(generations.manifest(name))
    except IndexMissingError:
        return False


def test_roles_change_all_at_once_and_what_has_none_is_deleted(generations: Generations) -> None:
    assert generations.roles() == {}
    first, second, third = (made(generations) for _ in range(3))

    generations.assign({CURRENT: first, NEXT: second})
    assert generations.roles() == {CURRENT: first, NEXT: second}
    assert current_name(generations) == first

    generations.assign({CURRENT: second, PREVIOUS: first})
    assert generations.roles() == {CURRENT: second, PREVIOUS: first}

    generations.assign({CURRENT: second, NEXT: third} if there(generations, third) else {CURRENT: second})
    assert not there(generations, first)
    assert there(generations, second)


def test_switching_keeps_the_one_before_and_switching_back_swaps_them() -> None:
    assert switched({}, "a") == {CURRENT: "a"}
    assert switched({CURRENT: "a", NEXT: "b"}, "b") == {CURRENT: "b", PREVIOUS: "a"}
    assert switched({CURRENT: "b", PREVIOUS: "a"}, "a") == {CURRENT: "a", PREVIOUS: "b"}
    assert switched({CURRENT: "b", PREVIOUS: "a", NEXT: "c"}, "a") == {CURRENT: "a", PREVIOUS: "b", NEXT: "c"}


def test_an_index_of_the_earlier_layout_is_the_current_one_until_another_is(
    settings: Settings, new_index: Callable[[Path], Path], new_folder: None
) -> None:
    new_index(settings.home)
    open_index(settings).close()
    generations = EdgeGenerations(settings.home / "index")
    assert generations.roles() == {CURRENT: "."}
    name = made(generations)

    generations.assign(switched(generations.roles(), name))
    assert (settings.home / "index" / "shard").exists(), "it is kept to go back to"
    generations.assign(switched(generations.roles(), "."))
    open_index(settings).close()
    generations.assign({CURRENT: name})

    assert not (settings.home / "index" / "shard").exists()
    open_index(settings).close()


def test_a_collection_without_aliases_is_the_current_one_until_another_is() -> None:
    client, settings = QdrantClient(":memory:"), IndexSettings(provider="server", url=":memory:")
    ServerIndex.create(settings, new_manifest(Settings(), ENCODER), client)
    generations = ServerGenerations(settings, client)
    assert generations.roles() == {CURRENT: "brain"}
    name = made(generations)

    generations.assign(switched(generations.roles(), name))

    assert generations.roles() == {CURRENT: name, PREVIOUS: "brain"}
    assert client.collection_exists("brain")
    client.close()


def test_what_another_process_has_open_is_deleted_later(settings: Settings, new_folder: None) -> None:
    old = create_index(settings, ENCODER)
    generations = EdgeGenerations(settings.home / "index")
    held, new = generations.roles()[CURRENT], made(generations)

    generations.assign({CURRENT: new})
    assert there(generations, held)
    old.close()
    generations.assign({CURRENT: new})

    assert not there(generations, held)


def test_status_tells_what_is_built(settings: Settings, new_folder: None) -> None:
    assert manifest_of(settings) is None
    create_index(settings, ENCODER).close()

    status = status_of(settings)["index"]

    assert (status["built"], status["encoder"], list(status["indexes"])) == (True, "hash-64", [CURRENT])


def test_an_index_whose_folder_vanished_is_missing(settings: Settings, new_folder: None) -> None:
    create_index(settings, ENCODER).close()
    shutil.rmtree(settings.home / "index" / EdgeGenerations(settings.home / "index").roles()[CURRENT])

    with pytest.raises(IndexMissingError):
        open_index(settings)


def test_settings_are_taken_from_the_index(settings: Settings) -> None:
    built_with = load_settings(
        home=settings.home,
        encoder={"provider": "sentence-transformers", "model": "other", "question_prefix": "q: "},
        splitter={"tokens": 99},
        sparse={"k1": 2},
    )
    manifest = new_manifest(built_with, ENCODER)

    found = settings_of(manifest, settings)

    assert (found.encoder, found.splitter, found.sparse) == (built_with.encoder, built_with.splitter, built_with.sparse)
    assert found.home == settings.home


@pytest.mark.parametrize("unknown", [{"schema": 1}, {"encoder_provider": "endpoint"}, {"splitter": {"words": 3}}])
def test_an_index_that_these_settings_cannot_ask_is_a_mismatch(settings: Settings, unknown: dict[str, object]) -> None:
    manifest = new_manifest(settings, ENCODER)
    manifest["fingerprint"] |= unknown

    with pytest.raises(IndexMismatchError):
        settings_of(manifest, settings)
