"""What many tests need: settings that no machine's own get into, empty indexes that cost nothing, a folder being ingested."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from brain.encoder import Encoder
from brain.index.base import Index
from brain.index.copying import copy_sparse
from brain.index.fingerprint import new_manifest
from brain.settings import IndexSettings, Settings, load_settings
from brain.state import State
from brain.testing import HashEncoder
from ingest.parse import SUFFIXES, Defaults, Limits
from ingest.prepare import Reading, prepare
from ingest.report import Silent, Summary
from ingest.source import Listing, list_folder
from ingest.sync import Source, Sync
from ingest.writer import Writer


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither BRAIN_… nor a brain.toml of the working folder; where the encoder is unpacked stays."""
    for name in list(os.environ):
        if name.startswith("BRAIN_") and not name.startswith("BRAIN_TEST_") and name != "BRAIN_CACHE_DIR":
            monkeypatch.delenv(name)
    empty = tmp_path_factory.getbasetemp() / "empty.toml"
    empty.touch()
    monkeypatch.setenv("BRAIN_CONFIG", str(empty))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of the real corpora, one folder each: BRAIN_DATA_DIR, or beside the repository."""
    named = os.environ.get("BRAIN_DATA_DIR")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: set BRAIN_DATA_DIR to the folder of the corpora")
    return folder


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """An empty folder, in memory where there is room: index and state wait for the disk at every step, tests need not."""
    memory = Path("/dev/shm")
    if not (os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2e9):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="brain-test-") as folder:
        yield Path(folder)


@pytest.fixture
def settings(quick_path: Path) -> Settings:
    return load_settings(home=quick_path / "home")


@pytest.fixture(scope="session")
def empty_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an empty Edge index for HashEncoder: copying it takes 10 ms, making one up to a second."""
    from brain.index.edge import EdgeIndex

    folder = tmp_path_factory.mktemp("template") / "index"
    EdgeIndex.create(folder, new_manifest(Settings(), HashEncoder())).close()
    return folder


@pytest.fixture
def new_index(empty_index: Path) -> Callable[[Path], Path]:
    """Puts an empty Edge index of its own identity into a home folder."""

    def make(home: Path) -> Path:
        folder = home / "index"
        copy_sparse(empty_index, folder)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        (folder / "manifest.json").write_text(json.dumps(manifest | {"id": uuid4().hex}), encoding="utf-8")
        return folder

    return make


POSTGRES = os.environ.get("BRAIN_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/test")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, quick_path: Path) -> Iterator[Settings]:
    """Settings that name an empty database."""
    if request.param == "sqlite":
        yield load_settings(home=quick_path / "home")
        return
    pytest.importorskip("psycopg")
    engine = create_engine(POSTGRES, connect_args={"connect_timeout": 3})
    schema = f"test_{uuid4().hex}"
    try:
        with engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
    except SQLAlchemyError as error:
        engine.dispose()
        pytest.skip(f"no PostgreSQL at {POSTGRES} (BRAIN_TEST_POSTGRES_URL): {str(error).splitlines()[0]}")
    separator = "&" if "?" in POSTGRES else "?"
    yield load_settings(home=quick_path / "home", state_url=f"{POSTGRES}{separator}options=-csearch_path%3D{schema}")
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


class Workspace:
    """A folder with its index and state, kept open from run to run; files are read in this process."""

    def __init__(self, root: Path, settings: Settings, index: Index, source: str = "kb") -> None:
        self.folder, self.settings, self.index, self.source = root / "kb", settings, index, source
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state = State(settings)
        self.encoder = HashEncoder()
        self.flagged: Literal["keep", "skip"] = "keep"

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def move(self, name: str, to: str) -> None:
        (self.folder / to).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).rename(self.folder / to)

    def sync(
        self,
        *,
        source: str = "",
        folder: Path | None = None,
        listing: Listing | None = None,
        tenant: str | None = None,
        encoder: Callable[[], Encoder] | None = None,
    ) -> Sync:
        reading = Reading(
            Defaults(source or self.source, tenant), Limits(max_bytes=1_000_000), self.settings.splitter, self.flagged
        )
        writer = Writer(self.index, self.state, encoder or (lambda: self.encoder), self.settings)
        found = listing or list_folder(folder or self.folder, SUFFIXES)
        return Sync(Source(reading.defaults.source, found), reading, self.state, writer, self.settings, Silent())

    def run(self, *, partial: bool = False, allow_empty: bool = False, **how: Any) -> Summary:
        return self.sync(**how).run(partial=partial, allow_empty=allow_empty)

    def stored(self) -> dict[str, dict[str, Any]]:
        """What the index holds: payloads by passage id. Fails where a passage is there twice."""
        points = list(self.index.points())
        assert len(points) == len({id for id, _ in points})
        return dict(points)

    def documents(self) -> set[str]:
        return {payload["document_id"] for payload in self.stored().values()}

    def texts(self) -> list[str]:
        return sorted(payload["text"] for payload in self.stored().values())

    def close(self) -> None:
        self.state.close()
        self.index.close()


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads files in this process: starting workers takes longer than most tests."""
    monkeypatch.setattr(
        "ingest.sync.prepare_all", lambda files, reading, settings: (prepare(file, reading) for file in files)
    )


@pytest.fixture
def make_workspace(new_index: Callable[[Path], Path], read_here: None) -> Callable[[Path], Workspace]:
    """Makes an empty Workspace in a folder; the caller closes it."""
    from brain.index.edge import EdgeIndex

    def make(root: Path) -> Workspace:
        settings = load_settings(home=root / "home")
        return Workspace(root, settings, EdgeIndex.open(new_index(settings.home)))

    return make


@pytest.fixture
def workspace(quick_path: Path, make_workspace: Callable[[Path], Workspace]) -> Iterator[Workspace]:
    made = make_workspace(quick_path)
    yield made
    made.close()


Fresh = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def fresh(read_here: None) -> Fresh:
    """What a new index of a folder holds, by the other adapter and a new state."""
    from qdrant_client import QdrantClient

    from brain.index.server import ServerIndex

    def build(folder: Path, source: str = "kb") -> dict[str, dict[str, Any]]:
        settings = load_settings(state_url="sqlite://")
        index = ServerIndex.create(
            IndexSettings(provider="server", url=":memory:"),
            new_manifest(settings, HashEncoder()),
            QdrantClient(":memory:"),
        )
        made = Workspace(folder.parent, settings, index, source)
        made.folder = folder
        made.run()
        stored = made.stored()
        made.close()
        return stored

    return build
