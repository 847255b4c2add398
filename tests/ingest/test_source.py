"""Which files a folder gives, and what is said of those that can't be read."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from brain.errors import SourceError
from ingest.source import list_folder, signature

SUFFIXES = (".md", ".csv")


def names(folder: Path) -> list[str]:
    return [file.name for file in list_folder(folder, SUFFIXES).files]


def put(folder: Path, *files: str) -> None:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("texte", encoding="utf-8")


def test_files_of_the_known_kinds_come_sorted_by_their_path(tmp_path: Path) -> None:
    put(tmp_path, "z.md", "a/b.MD", "a.csv", "a/a/c.md", "B.md")

    listing = list_folder(tmp_path, SUFFIXES)

    assert [file.name for file in listing.files] == ["B.md", "a.csv", "a/a/c.md", "a/b.MD", "z.md"]
    assert {file.size for file in listing.files} == {5}
    assert all(file.path == tmp_path / file.name for file in listing.files)
    assert listing.unreadable == {}


def test_other_kinds_are_counted(tmp_path: Path) -> None:
    put(tmp_path, "a.md", "b.png", "c.PNG", "d/LICENCE")

    assert list_folder(tmp_path, SUFFIXES).other == {".png": 2, "without suffix": 1}


def test_hidden_and_lock_files_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a.md", ".b.md", ".git/c.md", "~$d.md", "e/.f/g.md")

    assert names(tmp_path) == ["a.md"]


def test_links_to_files_are_followed_and_links_to_folders_are_not(tmp_path: Path) -> None:
    put(tmp_path, "outside/a.md", "kb/b.md")
    (tmp_path / "kb" / "file.md").symlink_to(tmp_path / "outside" / "a.md")
    (tmp_path / "kb" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "kb" / "loop").symlink_to(tmp_path / "kb")
    (tmp_path / "kb" / "nothing.md").symlink_to(tmp_path / "absent.md")

    assert names(tmp_path / "kb") == ["b.md", "file.md"]


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a.md")
    (tmp_path / "folder.md").mkdir()
    os.mkfifo(tmp_path / "pipe.md")

    assert names(tmp_path) == ["a.md"]


def test_an_empty_folder_has_no_files(tmp_path: Path) -> None:
    assert list_folder(tmp_path, SUFFIXES).files == ()


@pytest.mark.parametrize("name", ["absent", "file.md"])
def test_what_is_no_folder_is_an_error(tmp_path: Path, name: str) -> None:
    put(tmp_path, "file.md")

    with pytest.raises(SourceError, match="is not a folder"):
        list_folder(tmp_path / name, SUFFIXES)


def unreadable(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Root may read everything: so the refusal is the test's own."""
    real = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.md", "closed/b.md")
    unreadable(monkeypatch, tmp_path / "closed")

    listing = list_folder(tmp_path, SUFFIXES)

    assert [file.name for file in listing.files] == ["a.md"]
    assert listing.unreadable == {"closed": "Permission denied"}


def test_a_source_that_cannot_be_read_at_all_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable(monkeypatch, tmp_path)

    with pytest.raises(SourceError, match="can't be read: Permission denied"):
        list_folder(tmp_path, SUFFIXES)


def test_a_file_that_cannot_be_looked_at_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.md", "closed/b.md")
    real = Path.stat

    def stat(self: Path, **how: Any) -> os.stat_result:
        if self.name == "b.md":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, **how)

    monkeypatch.setattr(Path, "stat", stat)
    listing = list_folder(tmp_path, SUFFIXES)

    assert [file.name for file in listing.files] == ["a.md"]
    assert listing.unreadable == {"closed/b.md": "Permission denied"}


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux alone")
def test_a_name_that_is_not_unicode_is_reported_and_can_be_printed(tmp_path: Path) -> None:
    put(tmp_path, "a.md")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))).write_text("texte", encoding="utf-8")

    listing = list_folder(tmp_path, SUFFIXES)

    assert [file.name for file in listing.files] == ["a.md"]
    assert listing.unreadable == {"caf?.md": "The name is not valid UTF-8: rename the file."}


def test_a_signature_follows_the_bytes_and_how_they_are_read() -> None:
    assert signature(b"a", "x") == signature(b"a", "x")
    assert len({signature(b"a", "x"), signature(b"b", "x"), signature(b"a", "y"), signature(b"", "xa")}) == 4
