"""The comparison over the parts that the settings name, and mending what it finds."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from brain.documents import Documents, Record
from brain.errors import IndexMissingError
from brain.index import Index
from brain.index.fingerprint import settings_of
from brain.index.generations import current_name, generations_of
from brain.index.lock import changing
from brain.settings import Settings
from ingest.parse import Defaults
from ingest.reconcile.compare import compare, remembered
from ingest.reconcile.report import Report
from ingest.report import Progress, Silent
from ingest.run import ingest_folder, writing
from ingest.split import split
from ingest.writer import Item

WAIT_S = 20.0
"""A service that writes frees the home between any two documents."""
BATCH = 64
"""Documents."""
Say = Callable[[str], None]


def check(settings: Settings) -> Report:
    """Changes nothing, and may be called while a service runs: writers wait meanwhile, questions don't.

    Raises IndexMissingError before the first ingestion, IndexLockedError while a command changes the home.
    """
    with changing(settings, wait_s=WAIT_S), _beside(settings) as (index, built_with):
        documents = Documents(settings)
        try:
            return compare(index, documents, built_with)
        finally:
            documents.close()


def mend(settings: Settings, progress: Progress | None = None, say: Say = lambda _: None) -> Report:
    """Makes the index what the sources are; returns how it then compares. Raises IndexLockedError where a service has it open."""
    before = check(settings)
    if before.equal:
        return before
    _mend_index(before, settings, progress or Silent(), say)
    for about in before.sources:
        if about.files and not about.files.equal and not about.problem:
            _ingest_again(about.source, about.files.unread, settings, progress, say)
    return check(settings)


def _mend_index(report: Report, settings: Settings, progress: Progress, say: Say) -> None:
    """Writes the documents whose passages are wrong, removes those of deleted and unknown ones."""
    documents = Documents(settings)
    try:
        with writing(settings, say) as (writer, _):
            dead = documents.tombstones()
            wanted = [key for about in report.sources for key in {*about.wrong, *documents.open_keys(about.source)}]
            for start in range(0, len(wanted), BATCH):
                found = (documents.record(*key) for key in wanted[start : start + BATCH])
                writer.write([_item(record, settings) for record in found if record], progress.passages)
            writer.drop_strangers()
            writer.reconcile()
            documents.lift(dead)
    finally:
        documents.close()


def _item(record: Record, settings: Settings) -> Item:
    return record.document, record.location, tuple(split(record.document, settings.splitter))


def _ingest_again(source: str, unread: Sequence[str], settings: Settings, progress: Progress | None, say: Say) -> None:
    documents = Documents(settings)
    try:
        how = remembered(documents)[source]
        documents.forget_files(source, unread)
    finally:
        documents.close()
    defaults = Defaults(source, how["tenant"], tuple(how["audience"]), how["language"], tuple(how["tags"]))
    ingest_folder(Path(how["folder"]), settings, defaults=defaults, progress=progress, say=say)


@contextmanager
def _beside(settings: Settings) -> Iterator[tuple[Index, Settings]]:
    generations = generations_of(settings)
    name = current_name(generations)
    if name not in generations.roles().values():
        raise IndexMissingError("There is no index yet.", "Run: brain ingest FOLDER")
    with generations.beside(name) as index:
        try:
            yield index, settings_of(index.manifest, settings)
        finally:
            index.close()
