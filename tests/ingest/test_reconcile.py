"""`brain sync`: whatever is made different is found and counted, and mended; and nothing is found where nothing is."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from brain.documents import Documents
from brain.errors import IndexLockedError, IndexMissingError
from brain.index.edge import EdgeIndex
from brain.index.lock import changing
from brain.settings import Settings, load_settings
from brain.state import State
from brain.testing import HashEncoder
from ingest.reconcile.compare import compare
from ingest.reconcile.report import Report
from ingest.reconcile.run import check, mend
from ingest.run import forget, ingest_folder

PAGES = {
    "a.md": "---\nid: a\naudience: public\n---\n# Retours\n\nUn retour prend 14 jours.",
    "b.md": "---\nid: b\n---\n# Geste\n\nUn geste de 30 euros.",
    "list.csv": "id,question,answer\nq1,Où ?,Ici.\nq2,Quand ?,Demain.",
}


class Kb:
    """A folder and its home, between two commands."""

    def __init__(self, root: Path) -> None:
        self.folder, self.settings = root / "kb", load_settings(home=root / "home")
        self.folder.mkdir()
        for name, text in PAGES.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        self.ingest()

    def ingest(self) -> None:
        ingest_folder(self.folder, self.settings, source="kb")

    def index(self) -> EdgeIndex:
        return EdgeIndex.open(next(p.parent for p in (self.settings.home / "index").glob("*/manifest.json")))

    def state(self) -> Documents:
        return Documents(self.settings)


@pytest.fixture
def kb(quick_path: Path, read_here: None, monkeypatch: pytest.MonkeyPatch) -> Kb:
    monkeypatch.setattr("ingest.run.make_encoder", lambda settings, say: HashEncoder())
    return Kb(quick_path)


def lose_passages(kb: Kb) -> None:
    index = kb.index()
    index.delete_document("default", "a")
    index.close()


def change_payload(kb: Kb) -> None:
    """As a bug would that leaves an internal document public."""
    index = kb.index()
    id, payload = next((id, p) for id, p in index.points() if p["document_id"] == "b")
    index.overwrite_payloads([(id, payload | {"audience": ["public"]})])
    index.close()


def keep_old_passages(kb: Kb) -> None:
    index = kb.index()
    (point,) = index.export([next(id for id, p in index.points() if p["document_id"] == "a")])
    old = type(point)(_other_id(point.id), point.dense, point.sparse, point.payload)
    index.upsert([old])
    index.close()


def _other_id(id: str) -> str:
    return id[:18] + id[18:].translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))


def add_strangers(kb: Kb) -> None:
    index = kb.index()
    (point,) = index.export([next(id for id, p in index.points() if p["document_id"] == "a")])
    stranger = type(point)(_stranger_id(point.id), point.dense, point.sparse, point.payload | {"document_id": "x"})
    index.upsert([stranger])
    index.close()


def _stranger_id(id: str) -> str:
    return id[:18].translate(str.maketrans("0123456789abcdef", "123456789abcdef0")) + id[18:]


def lose_state_row(kb: Kb) -> None:
    state = kb.state()
    state.delete([("default", "b")])
    state.close()


def restore_older_index(kb: Kb) -> None:
    manifest = next((kb.settings.home / "index").glob("*/manifest.json"))
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"id": "another"}))


Seen = Callable[[Report], bool]
DIFFERENCES: dict[str, tuple[Callable[[Kb], Any], Seen]] = {
    "a passage is missing": (lose_passages, lambda r: r.sources[0].missing == 1 and r.sources[0].named == ["a"]),
    "a payload is stale": (change_payload, lambda r: r.sources[0].stale == 1 and r.sources[0].named == ["b"]),
    "an old passage is there": (keep_old_passages, lambda r: r.sources[0].surplus == 1 and r.sources[0].named == ["a"]),
    "a stranger is there": (add_strangers, lambda r: r.orphans == 1),
    "a row of the state is lost": (lose_state_row, lambda r: r.orphans == 1 and files(r).lost == 1),
    "another index": (restore_older_index, lambda r: not r.index_known),
    "a new file": (lambda kb: (kb.folder / "c.md").write_text("# C\n\nUn texte."), lambda r: files(r).new == 1),
    "a changed file": (
        lambda kb: (kb.folder / "a.md").write_text("# A\n\nUn autre texte."),
        lambda r: files(r).changed == 1 and files(r).named == ["a.md (changed)"],
    ),
    "a file is gone": (lambda kb: (kb.folder / "b.md").unlink(), lambda r: files(r).gone == 1),
}


def files(report: Report) -> Any:
    return report.sources[0].files


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_is_found_and_mended(kb: Kb, name: str) -> None:
    before = check(kb.settings)
    assert before.equal, before
    assert (before.sources[0].documents, before.sources[0].passages, files(before).same) == (4, 4, 3)
    make, seen = DIFFERENCES[name]

    make(kb)

    report = check(kb.settings)
    assert not report.equal
    assert seen(report), report
    assert mend(kb.settings).equal, check(kb.settings)
    assert check(kb.settings).equal
    if "file" not in name:
        index = kb.index()
        assert {payload["document_id"] for _, payload in index.points()} == {"a", "b", "q1", "q2"}
        index.close()


def test_a_deleted_document_that_is_still_stored_is_found_and_removed(kb: Kb) -> None:
    state = kb.state()
    state.bury("default", "q1")
    state.close()
    assert check(kb.settings).tombstones == 1

    assert mend(kb.settings).equal

    index = kb.index()
    assert {payload["document_id"] for _, payload in index.points()} == {"a", "b", "q2"}
    index.close()


def test_a_broken_file_is_a_difference_that_only_people_mend(kb: Kb) -> None:
    (kb.folder / "b.md").write_bytes(b"\0")
    kb.ingest()

    report = mend(kb.settings)

    assert not report.equal and files(report).broken == 1
    assert report.sources[0].documents == 4, "its last good version stays"


def test_a_folder_that_is_not_there_is_a_problem_and_nothing_is_deleted(kb: Kb) -> None:
    kb.folder.rename(kb.folder.with_name("away"))

    report = mend(kb.settings)

    assert "is not a folder" in report.sources[0].problem
    assert (report.equal, report.sources[0].documents) == (False, 4)


def test_a_source_that_was_forgotten_is_not_missed(kb: Kb) -> None:
    forget("kb", kb.settings)

    assert check(kb.settings).equal


def test_what_another_process_has_open_is_checked_by_a_copy_and_not_mended(kb: Kb) -> None:
    index = kb.index()
    try:
        index.delete_document("default", "a")
        assert check(kb.settings).sources[0].missing == 1
        with pytest.raises(IndexLockedError):
            mend(kb.settings)
    finally:
        index.close()


def test_it_waits_for_writers_and_says_where_there_is_nothing(
    kb: Kb, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.reconcile.run.WAIT_S", 0.05)
    with changing(kb.settings), pytest.raises(IndexLockedError, match="changing"):
        check(kb.settings)
    with pytest.raises(IndexMissingError):
        check(load_settings(home=quick_path / "empty"))


def test_the_server_adapter_is_compared_alike(make_workspace: Any, quick_path: Path, settings: Settings) -> None:
    from qdrant_client import QdrantClient

    from brain.index.fingerprint import new_manifest
    from brain.index.server import ServerIndex
    from brain.settings import IndexSettings

    at = IndexSettings(provider="server", url=":memory:")
    workspace = make_workspace(quick_path)
    index = ServerIndex.create(at, new_manifest(settings, HashEncoder()), QdrantClient(":memory:"))
    workspace.index.close()
    workspace.index = index
    workspace.write("a.md", PAGES["a.md"])
    workspace.write("b.md", PAGES["b.md"])
    workspace.run()
    documents = Documents(workspace.settings)

    same = compare(index, documents, workspace.settings)
    index.delete_document("default", "a")
    differs = compare(index, documents, workspace.settings)

    documents.close()
    workspace.close()
    assert (same.sources[0].missing, same.sources[0].stale, same.orphans) == (0, 0, 0)
    assert "remembered" in same.sources[0].problem, "it was not ingested by the command"
    assert (differs.sources[0].missing, differs.sources[0].named) == (1, ["a"])


@pytest.fixture
def command(kb: Kb) -> Iterator[Callable[..., Any]]:
    import typer

    from ingest.live.cli import register as register_jobs
    from ingest.reconcile.cli import register

    app = typer.Typer()
    register(app)
    register_jobs(app)
    yield lambda *words: CliRunner().invoke(app, [*words, "--home", str(kb.settings.home)])


def test_the_command_prints_a_table_and_says_by_its_exit_code(kb: Kb, command: Callable[..., Any]) -> None:
    equal = command("sync", "--check")
    assert (equal.exit_code, "equal to its sources" in equal.output) == (0, True)
    lose_passages(kb)

    differs, as_json = command("sync", "--check"), command("sync", "--check", "--json")
    mended, after = command("sync"), command("sync", "--check", "--json")

    assert (differs.exit_code, as_json.exit_code, mended.exit_code, after.exit_code) == (1, 1, 0, 0)
    assert "Run: brain sync" in differs.output
    told = json.loads(as_json.stdout)
    assert (told["equal"], told["sources"][0]["missing"], told["sources"][0]["named"]) == (False, 1, ["a"])
    assert json.loads(after.stdout)["equal"]


def test_jobs_by_the_command_line(kb: Kb, command: Callable[..., Any]) -> None:
    from brain.jobs import Jobs
    from brain.live import Editor

    assert "no imports yet" in command("jobs").output
    jobs = Jobs(kb.settings)
    job = jobs.create(Editor("default", ("agent",), "key:x"), ["{}", "{}"])
    jobs.advance(job.id, [], {1: "body: Field required"}, 1.0, 60)
    jobs.close()

    assert "1 of 2" in command("jobs").output
    assert "row 1: body: Field required" in command("jobs", job.id).output
    assert json.loads(command("jobs", job.id, "--cancel", "--json").stdout)["jobs"][0]["state"] == "cancelled"


def test_nothing_of_a_state_that_is_lost_is_believed(kb: Kb) -> None:
    for file in kb.settings.home.glob("state.db*"):
        file.unlink()
    State(kb.settings).close()

    assert check(kb.settings).orphans == 4

    shutil.rmtree(kb.folder)
    report = mend(kb.settings)
    assert report.equal and not report.sources
