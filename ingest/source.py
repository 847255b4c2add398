"""A folder of files as a source: which files there are, and which folders could not be read."""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from brain.errors import SourceError

READING_VERSION = 2
"""Raised when parsing or splitting changes, so that unchanged files are read again."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file: its POSIX path below the source, where it is, its size in bytes."""

    name: str
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source holds now. `unreadable` are folders whose files are not known, so not gone either."""

    files: tuple[SourceFile, ...]
    unreadable: dict[str, str] = field(default_factory=dict)
    other: dict[str, int] = field(default_factory=dict)
    """How many files of kinds that aren't read, by suffix."""


def list_folder(folder: Path, suffixes: Collection[str]) -> Listing:
    """All files of the known kinds below `folder`, sorted by name. Hidden ones are left out, links to folders not followed.

    Raises SourceError where the folder itself can't be read.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder} is not a folder.", "Give the folder of your knowledge base: brain ingest FOLDER")
    files: list[SourceFile] = []
    unreadable: dict[str, str] = {}
    other: Counter[str] = Counter()

    def failed(error: OSError) -> None:
        unreadable[_printable(_name(Path(error.filename), folder))] = error.strerror or str(error)

    for root, folders, names in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(root) / name for name in names):
            if path.name.startswith((".", "~$")):
                continue
            if path.suffix.lower() not in suffixes:
                other[path.suffix.lower() or "without suffix"] += 1
            elif not _is_utf8(name := _name(path, folder)):
                unreadable[_printable(name)] = "The name is not valid UTF-8: rename the file."
            else:
                try:
                    status = path.stat()
                except FileNotFoundError:  # a link to nothing, or gone since
                    continue
                except OSError as error:
                    failed(error)
                    continue
                if stat.S_ISREG(status.st_mode):
                    files.append(SourceFile(name, path, status.st_size))
    if "." in unreadable:
        raise SourceError(f"{folder} can't be read: {unreadable['.']}", "Check the folder's permissions.")
    return Listing(tuple(sorted(files, key=lambda file: file.name)), unreadable, dict(other))


def signature(raw: bytes, how: str) -> str:
    """Changes when the bytes change or the way they are read (`how`) does."""
    return hashlib.sha256(f"{READING_VERSION}\0{how}\0".encode() + raw).hexdigest()


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _is_utf8(name: str) -> bool:
    return name == _printable(name)


def _printable(name: str) -> str:
    """The name with `?` for each byte that is not UTF-8: those can't be stored or shown."""
    return name.encode("utf-8", "replace").decode("utf-8")
