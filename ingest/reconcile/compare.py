"""Source beside state beside index: every file by its signature, every passage by its id and by all that is stored with it.

A passage's id follows from its document, language, title, headings and text, and decides its vectors: these need not be compared.
"""

import json
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

from brain.documents import Documents, Key
from brain.errors import SourceError
from brain.index.base import Index, Payload, page_of, payload_of, point_id
from brain.live import API_SOURCE
from brain.settings import Settings
from brain.state import INDEX_ID
from brain.types import Document
from ingest.parse import SUFFIXES, Defaults, Limits
from ingest.prepare import Reading
from ingest.reconcile.report import MOST_NAMED, Files, Report, SourceReport
from ingest.run import SOURCE_META
from ingest.source import list_folder, signature
from ingest.split import split

Stored = dict[str, bytes]
"""A digest of what is stored with each passage, by its id."""


def compare(index: Index, documents: Documents, settings: Settings) -> Report:
    """While nobody writes (`brain.index.lock.changing`). `settings` are those that the index was built with."""
    report = Report(index_known=documents.meta(INDEX_ID) in (index.manifest["id"], None))
    stored: Stored = {id: digest(payload) for id, payload in index.points()}
    pages: dict[str, tuple[SourceReport, Key]] = {}
    for source in sorted({*documents.sources(), *remembered(documents)}):
        about = SourceReport(source)
        for key in documents.keys(source):
            if document := documents.document(*key):
                pages[page(key)] = about, key
                _compare_document(document, stored, about, settings)
        about.unflushed = len(documents.open_keys(source))
        if source != API_SOURCE:
            _compare_folder(documents, about, settings)
        report.sources.append(about)
    _sort_rest(report, stored, pages, {page(key) for key in documents.tombstones()})
    return report


def _sort_rest(report: Report, stored: Stored, pages: dict[str, tuple[SourceReport, Key]], buried: set[str]) -> None:
    """What no document asked for."""
    hidden = set()
    for of in map(page_of, stored):
        if of in pages:
            about, key = pages[of]
            about.surplus += 1
            _name(about, key)
        elif of in buried:
            hidden.add(of)
        else:
            report.orphans += 1
    report.tombstones = len(hidden)


def digest(payload: Payload) -> bytes:
    return blake2b(json.dumps(payload, sort_keys=True, default=str).encode(), digest_size=16).digest()


def page(key: Key) -> str:
    """What the ids of a document's passages begin with."""
    return page_of(point_id(*key, ""))


def remembered(documents: Documents) -> dict[str, dict[str, Any]]:
    """How each folder was ingested the last time, by its source's name; see `ingest.run`."""
    return {name.removeprefix(SOURCE_META): json.loads(value) for name, value in documents.metas(SOURCE_META).items()}


def reading_of(source: str, how: dict[str, Any], settings: Settings) -> Reading:
    """How the folder's files were read, as part of their signatures."""
    defaults = Defaults(source, how["tenant"], tuple(how["audience"]), how["language"], tuple(how["tags"]))
    limits = Limits(max_bytes=int(settings.ingest.max_file_mb * 1e6))
    return Reading(defaults, limits, settings.splitter, settings.ingest.flagged)


def _compare_document(document: Document, stored: Stored, about: SourceReport, settings: Settings) -> None:
    """Takes the document's passages out of `stored`."""
    about.documents += 1
    missing = stale = 0
    for chunk in split(document, settings.splitter):
        about.passages += 1
        found = stored.pop(chunk.id, None)
        missing += found is None
        stale += found is not None and found != digest(payload_of(document, chunk))
    about.missing, about.stale = about.missing + missing, about.stale + stale
    if missing or stale:
        _name(about, (document.tenant, document.id))


def _name(about: SourceReport, key: Key) -> None:
    if key not in about.wrong:
        about.wrong.append(key)
        if len(about.named) < MOST_NAMED:
            about.named.append(key[1])


def _compare_folder(documents: Documents, about: SourceReport, settings: Settings) -> None:
    how = remembered(documents).get(about.source)
    if how is None:
        about.problem = "It isn't remembered how this folder was ingested. Run brain ingest once more."
        return
    reading, known, about.files = reading_of(about.source, how, settings), documents.files(about.source), Files()
    try:
        listing = list_folder(Path(how["folder"]), SUFFIXES)
    except SourceError as error:
        about.problem = str(error)
        return
    there = {file.name for file in listing.files}
    held = {row.location for row in documents.known(about.source)} | {
        flag["path"] for flag in documents.flags(about.source)
    }
    for name, state in _states(listing.files, known, repr(reading), reading.limits.max_bytes):
        lost = state == "same" and name not in held
        _count(about.files, name, "lost" if lost else state)
        about.files.unread += [name] if lost else []
    for name in known.keys() - there:
        protected = any(name == folder or name.startswith(f"{folder}/") for folder in listing.unreadable)
        _count(about.files, name, "broken" if protected else "gone")
    for name in listing.unreadable.keys() - known.keys():
        _count(about.files, name, "broken")


def _states(files: Any, known: dict[str, Any], how: str, most: int) -> Iterator[tuple[str, str]]:
    for file in files:
        row = known.get(file.name)
        if row is None:
            yield file.name, "new"
        elif row.problem:
            yield file.name, "broken"
        elif file.size > most or signature(file.path.read_bytes(), how) != row.signature:
            yield file.name, "changed"
        else:
            yield file.name, "same"


def _count(files: Files, name: str, state: str) -> None:
    setattr(files, state, getattr(files, state) + 1)
    if state != "same" and len(files.named) < MOST_NAMED:
        files.named.append(f"{name} ({state})")
