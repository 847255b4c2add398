"""Files are read in other processes: what goes wrong with one is reported, and the others are read."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import ingest.engine
from brain.settings import IngestSettings, SplitterSettings
from ingest.engine import prepare_all
from ingest.parse import Defaults, Limits
from ingest.prepare import Reading, prepare
from ingest.source import SourceFile

READING = Reading(Defaults("kb"), Limits(max_bytes=10_000), SplitterSettings())

WORKER = """
import os, time
from ingest.prepare import Prepared

def prepare(file, reading):
    if "hangs" in file.name:
        time.sleep(60)
    if "slow" in file.name:
        time.sleep(0.1)
    if "dies" in file.name:
        os._exit(7)
    if "raises" in file.name:
        raise RuntimeError("a bug")
    return Prepared(file, file.path.read_text())
"""


@pytest.fixture
def quick_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers that run the code above, which imports next to nothing."""
    (tmp_path / "worker_of_a_test.py").write_text(WORKER, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)  # workers are given this path
    monkeypatch.setattr(ingest.engine, "prepare", import_module("worker_of_a_test").prepare)
    yield
    del sys.modules["worker_of_a_test"]


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., SourceFile]:
    def make(name: str, text: str | bytes = "# Titre\n\nUn texte.") -> SourceFile:
        raw = text.encode() if isinstance(text, str) else text
        (tmp_path / name).write_bytes(raw)
        return SourceFile(name, tmp_path / name, len(raw))

    return make


def test_a_file_that_hangs_dies_or_raises_is_reported_and_the_others_are_read(put: Any, quick_worker: None) -> None:
    names = ["a.md", "b-dies.md", "c.md", "d-hangs.md", "e.md", "f-raises.md", "g.md"]

    prepared = list(prepare_all([put(name) for name in names], READING, IngestSettings(workers=2, timeout_s=5)))

    assert [p.file.name for p in prepared] == names
    problems = {p.file.name: p.problem for p in prepared if p.problem}
    assert problems == {
        "b-dies.md": "Parsing ended the worker process (exit code 7).",
        "d-hangs.md": "Parsing took more than 5 s (ingest.timeout_s).",
        "f-raises.md": "Parsing failed: RuntimeError: a bug",
    }
    assert all(p.signature == "# Titre\n\nUn texte." for p in prepared if not p.problem)
    assert multiprocessing.active_children() == []


def test_files_come_back_in_their_order_however_few_are_read_ahead(
    put: Any, quick_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.engine, "AHEAD", 1)
    files = [put(f"{n:02}{'-slow' if n % 3 == 0 else ''}.md", str(n)) for n in range(9)]

    prepared = list(prepare_all(files, READING, IngestSettings(workers=2)))

    assert [p.file for p in prepared] == files
    assert [p.signature for p in prepared] == [str(n) for n in range(9)]


def test_an_abandoned_run_stops_its_workers(put: Any, quick_worker: None) -> None:
    running = prepare_all([put(f"{n}.md") for n in range(4)], READING, IngestSettings(workers=1))
    next(running)

    running.close()  # type: ignore[attr-defined]

    assert multiprocessing.active_children() == []


def test_no_files_start_no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.engine, "ProcessPool", None)

    assert list(prepare_all([], READING, IngestSettings())) == []


# One file


def test_a_file_becomes_documents_with_their_passages_and_language(put: Any) -> None:
    prepared = prepare(put("a.md", "# Retours\n\nVous pouvez rendre un article sous trente jours."), READING)

    ((document, passages),) = prepared.documents
    assert (document.id, document.title, document.language, document.source) == ("a.md", "Retours", "fr", "kb")
    assert [p.text for p in passages] == [document.body]
    assert (prepared.problem, len(prepared.signature)) == (None, 64)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x" * 10_001, "too large"),
        (b"\0\0", "binary"),
        ("  ", "empty"),
        ("---\nvalid_from: yesterday\n---\ntexte", "valid_from"),
    ],
)
def test_what_is_wrong_with_a_file_is_its_problem(put: Any, text: str | bytes, problem: str) -> None:
    prepared = prepare(put("a.md", text), READING)

    assert problem in (prepared.problem or "")
    assert (prepared.documents, prepared.signature) == ((), "")


def test_a_file_that_is_gone_is_its_problem(tmp_path: Path) -> None:
    prepared = prepare(SourceFile("a.md", tmp_path / "a.md", 1), READING)

    assert prepared.problem == "The file can't be read: No such file or directory"


def test_the_signature_follows_how_files_are_read(put: Any) -> None:
    file = put("a.md")
    other = Reading(Defaults("kb", audience=("public",)), READING.limits, READING.splitter)
    finer = Reading(READING.defaults, READING.limits, SplitterSettings(tokens=100))

    assert len({prepare(file, reading).signature for reading in (READING, other, finer)}) == 3
