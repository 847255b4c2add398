"""A home as a folder that can be put elsewhere: the current index, the state, and what each file must hash to.

Taken while nobody writes (`brain.index.lock.changing`); a service may go on answering. What isn't here: the settings, the
source's files, and a PostgreSQL state, which is for pg_dump.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy.engine import make_url

from brain.errors import BackupError, IndexMismatchError, IndexMissingError
from brain.index.fingerprint import check_manifest
from brain.index.generations import CURRENT, current_name, generations_of
from brain.index.lock import FolderLock, changing
from brain.settings import Settings
from brain.state import INDEX_ID, State

CONTENTS = "backup.json"
INDEX, SNAPSHOT, STATE = "index", "index.snapshot", "state.db"
FORMAT = 1
Say = Callable[[str], None]


def backup(settings: Settings, target: Path, say: Say = lambda _: None) -> dict[str, Any]:
    """Writes a backup into a new or empty folder and reads it once; returns what it holds.

    Raises BackupError where the folder is not empty or the copy isn't whole, IndexMissingError where there is no index.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupError(f"{target} is not empty.", "Give a new folder.")
    with changing(settings, wait_s=1.0):
        name = current_name(generations_of(settings))
        manifest = generations_of(settings).manifest(name)
        target.mkdir(parents=True, exist_ok=True)
        has_state = _save_state(settings, target, say)
        if settings.index.provider == "edge":
            passages = _save_folder(settings, name, target)
        else:
            from brain.index.snapshots import download

            passages = _count(settings, name)
            download(settings.index, name, target / SNAPSHOT)
        _compare(settings, manifest, passages)
    contents = {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "provider": settings.index.provider,
        "passages": passages,
        "state": has_state,
        "manifest": manifest,
        "files": _hashes(target),
    }
    # Written last: a folder without it is no backup.
    (target / CONTENTS).write_text(json.dumps(contents, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return contents


def restore(settings: Settings, source: Path, *, force: bool = False, say: Say = lambda _: None) -> dict[str, Any]:
    """Makes the home what was backed up, after every file was found to be as it was; returns what it holds.

    Raises BackupError where the backup is damaged, or the home is not empty and `force` isn't given; IndexLockedError where a
    process has the index open. Nothing is changed then.
    """
    contents = _verified(source)
    if contents["provider"] != settings.index.provider:
        raise BackupError(
            f"The backup is of an index with provider '{contents['provider']}', the settings say "
            f"'{settings.index.provider}'.",
            "Set index.provider, or ingest anew.",
        )
    home = settings.home.iterdir() if settings.home.exists() else ()
    if not force and any(not path.name.startswith((".changing-", ".serving-")) for path in home):
        raise BackupError(f"{settings.home} is not empty.", "Give another --home, or --force to replace what is there.")
    with changing(settings):
        generations, name = generations_of(settings), f"{contents['manifest']['id'][:8]}-{uuid4().hex[:4]}"
        if settings.index.provider == "edge":
            from brain.index.copying import copy_sparse

            for held in {settings.home / "index" / name for name in generations.roles().values()}:
                if held.exists():
                    FolderLock(held).release()  # raises where a process has it open
            copy_sparse(source / INDEX, settings.home / "index" / name)
        else:
            from brain.index.snapshots import upload

            name = f"{settings.index.collection}.{name}"
            upload(settings.index, name, source / SNAPSHOT)
        _restore_state(settings, source, contents["state"], say)
        generations.assign({CURRENT: name})
    try:
        check_manifest(contents["manifest"], settings)
    except IndexMismatchError as error:
        say(f"{error}\n{error.hint}")
    return contents


def _save_folder(settings: Settings, name: str, target: Path) -> int:
    """Copies the index and reads the copy; returns how many passages it holds."""
    from brain.index.edge import EdgeIndex
    from brain.index.folders import copy_index

    folder = settings.home / "index" / name
    owner = folder / ".owner"
    before = owner.read_text(encoding="utf-8") if owner.exists() else ""
    copy_index(folder, target / INDEX)
    if before != (owner.read_text(encoding="utf-8") if owner.exists() else ""):
        raise BackupError("A process opened the index while it was copied.", "Try again.")
    copy = EdgeIndex.open(target / INDEX)
    try:
        return sum(1 for _ in copy.points())
    finally:
        copy.close()
        for left in (target / INDEX).glob(".*"):
            left.unlink()


def _count(settings: Settings, name: str) -> int:
    index = generations_of(settings).open(name)
    try:
        return index.count()
    finally:
        index.close()


def _compare(settings: Settings, manifest: dict[str, Any], passages: int) -> None:
    """Where all documents are indexed, the index must hold what the state says."""
    state = State(settings)
    summary, index_id = state.summary(), state.meta(INDEX_ID)
    state.close()
    expected = sum(source["passages"] for source in summary["sources"])
    if index_id == manifest["id"] and not summary["unindexed"] and passages != expected:
        raise BackupError(f"The copied index holds {passages} passages, not {expected}.", "Run: brain doctor")


def _database(settings: Settings) -> Path | None:
    """The state's file, where it is one."""
    if not settings.state_url:
        return settings.home / STATE
    url = make_url(settings.state_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _save_state(settings: Settings, target: Path, say: Say) -> bool:
    database = _database(settings)
    if not database:
        say("The state is in a database of its own: back it up too (pg_dump), while nobody ingests.")
        return False
    if not database.exists():
        raise IndexMissingError(f"There is no state in {database}.", "Run: brain ingest FOLDER")
    _copy_database(database, target / STATE)
    return True


def _restore_state(settings: Settings, source: Path, there: bool, say: Say) -> None:
    database = _database(settings)
    if not (database and there):
        say("The backup holds the index alone: restore the state's database too (pg_restore), then run brain ingest.")
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    _copy_database(source / STATE, database)


def _copy_database(source: Path, target: Path) -> None:
    """By SQLite's own backup: one transaction, whoever reads or writes."""
    try:
        with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as write:
            read.backup(write)
            (found,) = write.execute("PRAGMA quick_check").fetchone()
            write.execute("PRAGMA journal_mode=DELETE")  # one file
    except sqlite3.Error as error:
        raise BackupError(f"The state database {source} could not be copied: {error}", "Run: brain doctor") from error
    if found != "ok":
        raise BackupError(f"The state database {source} is damaged: {found}", "Restore an earlier backup.")


def _hashes(folder: Path) -> dict[str, dict[str, Any]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CONTENTS)
    return {path.relative_to(folder).as_posix(): _hash(path) for path in files}


def _hash(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}


def _verified(source: Path) -> dict[str, Any]:
    """What the backup holds, once every file was found as it was written. Raises BackupError."""
    try:
        contents: dict[str, Any] = json.loads((source / CONTENTS).read_text(encoding="utf-8"))
        if contents["format"] != FORMAT:
            raise BackupError(f"{source} has the format {contents['format']}; this Brain reads {FORMAT}.")
        found = _hashes(source)
        wrong = [name for name in sorted(contents["files"] | found) if contents["files"].get(name) != found.get(name)]
    except FileNotFoundError:
        raise BackupError(
            f"{source} holds no backup: {CONTENTS} isn't there.", "Name the folder that brain backup wrote."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"The backup {source} can't be read: {error}", "Take another backup.") from error
    if wrong:
        raise BackupError(
            f"The backup is damaged: {', '.join(wrong[:5])}. Nothing was changed.", "Take another backup."
        )
    return contents
