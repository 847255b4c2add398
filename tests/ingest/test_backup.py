"""A backup restored elsewhere answers the same; a damaged one is refused, and nothing is lost."""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from brain.backup import backup, restore
from brain.errors import BackupError, IndexLockedError, IndexMissingError, StoreError
from brain.index import open_index
from brain.index.lock import changing
from brain.index.process import EdgeProcess
from brain.index.snapshots import download, upload
from brain.session import Brain
from brain.settings import IndexSettings, Settings, load_settings
from brain.state import State
from brain.testing import HashEncoder
from brain.types import Question
from ingest.parse import Defaults
from ingest.run import ingest_folder

QUESTION = Question("Combien de temps pour un retour ?", audience="public")


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch, read_here: None) -> HashEncoder:
    made = HashEncoder()
    for module in ("ingest.run", "brain.session"):
        monkeypatch.setattr(f"{module}.make_encoder", lambda settings, say=None: made)
    return made


@pytest.fixture
def kb(quick_path: Path) -> Path:
    folder = quick_path / "kb"
    folder.mkdir()
    for name, text in (("retours", "Un retour prend 14 jours."), ("livraison", "La livraison prend 3 jours.")):
        (folder / f"{name}.md").write_text(f"# {name}\n\n{text}", encoding="utf-8")
    return folder


@pytest.fixture
def home(settings: Settings, new_index: Callable[[Path], Path], kb: Path, encoder: HashEncoder) -> Settings:
    new_index(settings.home)
    ingest_folder(kb, settings, source="kb", defaults=Defaults("kb", audience=("public",)))
    return settings


@pytest.fixture
def elsewhere(quick_path: Path) -> Settings:
    return load_settings(home=quick_path / "elsewhere")


def answers(settings: Settings) -> Any:
    with Brain.open(settings) as brain:
        return [(p.id, p.text, p.scores) for p in asyncio.run(brain.search(QUESTION)).items]


def content(settings: Settings) -> Any:
    index, state = open_index(settings), State(settings)
    found = dict(index.points()), state.summary(), state.known("kb"), state.files("kb").keys()
    index.close()
    state.close()
    return found


def test_a_backup_restored_into_a_new_home_answers_the_same(
    home: Settings, elsewhere: Settings, quick_path: Path, kb: Path, encoder: HashEncoder
) -> None:
    contents = backup(home, quick_path / "backup")
    restored = restore(elsewhere, quick_path / "backup")
    encoder.passages.clear()

    assert contents == restored
    assert contents["passages"] == 2
    assert answers(elsewhere) == answers(home)
    assert content(elsewhere) == content(home)
    assert ingest_folder(kb, elsewhere, source="kb", defaults=Defaults("kb", audience=("public",))).unchanged == 2
    assert encoder.passages == []


def test_a_backup_can_be_taken_and_checked_where_a_service_has_the_index(
    home: Settings, elsewhere: Settings, quick_path: Path
) -> None:
    index = EdgeProcess(home.home / "index")
    before = dict(index.points())

    backup(home, quick_path / "backup")

    assert dict(index.points()) == before
    index.close()
    restore(elsewhere, quick_path / "backup")
    assert answers(elsewhere) == answers(home)


def test_nobody_writes_while_a_backup_is_taken_and_who_does_is_named(home: Settings, quick_path: Path) -> None:
    with changing(home), pytest.raises(IndexLockedError, match=r"process \(number \d+\) is changing"):
        backup(home, quick_path / "backup")
    assert not (quick_path / "backup").exists()


def test_a_process_that_opens_the_index_meanwhile_spoils_the_copy(
    home: Settings, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from brain.index import folders

    real = folders.copy_sparse

    def copy(source: Path, target: Path) -> None:
        real(source, target)
        (home.home / "index" / ".owner").write_text("another", encoding="utf-8")

    monkeypatch.setattr(folders, "copy_sparse", copy)

    with pytest.raises(BackupError, match="while it was copied"):
        backup(home, quick_path / "backup")
    assert not (quick_path / "backup" / "backup.json").exists()


def test_a_copy_that_lacks_passages_is_no_backup(home: Settings, quick_path: Path) -> None:
    index = open_index(home)
    index.delete_document("default", "retours.md")
    index.close()

    with pytest.raises(BackupError, match="1 passages, not 2"):
        backup(home, quick_path / "backup")


def test_a_folder_that_holds_something_is_not_written_to(home: Settings, quick_path: Path) -> None:
    (quick_path / "backup").mkdir()
    (quick_path / "backup" / "mine").touch()

    with pytest.raises(BackupError, match="not empty"):
        backup(home, quick_path / "backup")


def test_without_an_index_there_is_nothing_to_back_up(settings: Settings, quick_path: Path) -> None:
    with pytest.raises(IndexMissingError):
        backup(settings, quick_path / "backup")
    assert not (quick_path / "backup").exists()


def _flip(folder: Path) -> None:
    file = next(folder.rglob("*.dat"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a bit": _flip,
    "a file gone": lambda folder: next(folder.rglob("segment.json")).unlink(),
    "a file more": lambda folder: (folder / "index" / "more").touch(),
    "the state cut": lambda folder: (folder / "state.db").write_bytes((folder / "state.db").read_bytes()[:-100]),
    "no contents": lambda folder: (folder / "backup.json").unlink(),
    "half the contents": lambda folder: (folder / "backup.json").write_text('{"format": 1, "fi', encoding="utf-8"),
    "another format": lambda folder: (folder / "backup.json").write_text('{"format": 9}', encoding="utf-8"),
    "no list": lambda folder: (folder / "backup.json").write_text('{"format": 1}', encoding="utf-8"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused_and_nothing_is_lost(home: Settings, quick_path: Path, damage: str) -> None:
    backup(home, quick_path / "backup")
    before = content(home)
    DAMAGES[damage](quick_path / "backup")

    with pytest.raises(BackupError):
        restore(home, quick_path / "backup", force=True)

    assert content(home) == before


def test_a_home_that_holds_something_is_replaced_only_by_force(
    home: Settings, quick_path: Path, kb: Path, encoder: HashEncoder
) -> None:
    backup(home, quick_path / "backup")
    before = content(home)
    (kb / "retours.md").unlink()
    ingest_folder(kb, home, source="kb", defaults=Defaults("kb", audience=("public",)))
    after = content(home)

    with pytest.raises(BackupError, match="not empty"):
        restore(home, quick_path / "backup")
    assert content(home) == after

    restore(home, quick_path / "backup", force=True)
    restore(home, quick_path / "backup", force=True)
    assert content(home) == before
    assert len([path for path in (home.home / "index").iterdir() if path.is_dir()]) == 1


def test_a_home_whose_index_is_open_is_not_replaced(home: Settings, quick_path: Path) -> None:
    backup(home, quick_path / "backup")
    index = open_index(home)

    with pytest.raises(IndexLockedError, match="number"):
        restore(home, quick_path / "backup", force=True)

    index.close()


def test_a_backup_of_another_kind_of_index_is_refused(home: Settings, quick_path: Path) -> None:
    backup(home, quick_path / "backup")
    other = load_settings(home=quick_path / "new", index={"provider": "server", "url": ":memory:"})

    with pytest.raises(BackupError, match="provider 'edge'"):
        restore(other, quick_path / "backup")


def test_other_settings_are_told(home: Settings, quick_path: Path) -> None:
    backup(home, quick_path / "backup")
    said: list[str] = []

    restore(load_settings(home=quick_path / "new", splitter={"tokens": 60}), quick_path / "backup", say=said.append)

    assert "splitter" in said[0]


def test_a_state_in_a_file_elsewhere_is_backed_up_too(home: Settings, quick_path: Path) -> None:
    shutil.copy(home.home / "state.db", quick_path / "other.db")
    at_url = load_settings(home=home.home, state_url=f"sqlite:///{quick_path / 'other.db'}")

    backup(at_url, quick_path / "backup")

    restored = load_settings(home=quick_path / "new", state_url=f"sqlite:///{quick_path / 'new.db'}")
    restore(restored, quick_path / "backup")
    assert content(restored) == content(at_url)


def test_a_state_on_a_server_is_left_to_its_own_tools(
    home: Settings, elsewhere: Settings, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brain.backup._database", lambda settings: None)
    said: list[str] = []

    assert backup(home, quick_path / "backup", said.append)["state"] is False
    restore(elsewhere, quick_path / "backup", say=said.append)

    assert ["pg_dump" in said[0], "pg_restore" in said[1]] == [True, True]


class Qdrant(BaseHTTPRequestHandler):
    """As much of the server's snapshots as is used."""

    snapshots: dict[str, bytes] = {}  # noqa: RUF012
    asked: list[tuple[str, str, str]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append(("POST", self.path, self.headers.get("api-key", "")))
        if "/upload" in self.path:
            self.snapshots["uploaded"] = body
        else:
            self.snapshots["one"] = b"points" * 100_000
        self._reply(json.dumps({"result": {"name": "one"}}).encode())

    def do_GET(self) -> None:
        self._reply(self.snapshots[self.path.rpartition("/")[2]])

    def do_DELETE(self) -> None:
        del self.snapshots[self.path.rpartition("/")[2]]
        self._reply(b"{}")

    def _reply(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def a_server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Qdrant)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_collection_travels_as_the_servers_own_snapshot(quick_path: Path) -> None:
    with a_server() as url:
        settings = IndexSettings(provider="server", url=url, api_key="secret")  # type: ignore[arg-type]

        download(settings, "brain.abc", quick_path / "snapshot")
        assert (quick_path / "snapshot").read_bytes() == b"points" * 100_000
        assert Qdrant.snapshots == {}, "it is deleted on the server"

        upload(settings, "brain.def", quick_path / "snapshot")
        assert b"points" * 100_000 in Qdrant.snapshots["uploaded"]
        assert ("POST", "/collections/brain.abc/snapshots", "secret") in Qdrant.asked

    with pytest.raises(StoreError, match="failed"):
        download(settings, "brain.abc", quick_path / "snapshot")
