"""Whole ingestion runs over the parts that the settings name: what the command line and programs call."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from brain.encoder import Encoder, make_encoder
from brain.errors import IndexMismatchError, IndexMissingError
from brain.index import Index, create_index, drop_index, open_index
from brain.settings import Settings
from brain.state import State, default_source
from ingest.parse import SUFFIXES, Defaults, Limits
from ingest.prepare import Reading
from ingest.report import Progress, Silent, Summary
from ingest.source import list_folder
from ingest.split import split
from ingest.sync import Source, Sync
from ingest.sync import forget as forget_source
from ingest.writer import Item, Writer

Say = Callable[[str], None]
REBUILD_BATCH = 64
"""Documents a batch when rebuilding."""


def ingest_folder(
    folder: Path,
    settings: Settings,
    *,
    source: str = "",
    defaults: Defaults | None = None,
    partial: bool = False,
    allow_empty: bool = False,
    progress: Progress | None = None,
    say: Say = lambda _: None,
) -> Summary:
    """Makes the index equal to the folder. Raises a BrainError where nothing could be done; failed files are in the summary."""
    listing = list_folder(folder, SUFFIXES)
    limits = Limits(max_bytes=int(settings.ingest.max_file_mb * 1e6))
    reading = Reading(defaults or Defaults(source=source or default_source(folder)), limits, settings.splitter)
    with _writer(settings, say) as (writer, state):
        run = Sync(Source(reading.defaults.source, listing), reading, state, writer, settings, progress or Silent())
        return run.run(partial=partial, allow_empty=allow_empty)


def forget(source: str, settings: Settings) -> int:
    """Deletes a source's documents; returns how many. Raises SourceError where there is no such source."""
    with _writer(settings, lambda _: None) as (writer, state):
        return forget_source(source, state, writer)


def reindex(settings: Settings, progress: Progress | None = None, say: Say = lambda _: None) -> Summary:
    """Builds the index anew, with the present settings, from the documents in the state; the source isn't needed.

    Killed, it goes on where it stopped when called again with the same settings.
    """
    state = State(settings)
    waiting = state.summary()["unindexed"]
    state.close()
    if not (waiting and _opens(settings)):
        drop_index(settings)
    return _rebuild(settings, progress or Silent(), say)


def _opens(settings: Settings) -> bool:
    try:
        open_index(settings).close()
    except (IndexMissingError, IndexMismatchError):
        return False
    return True


def _rebuild(settings: Settings, progress: Progress, say: Say) -> Summary:
    summary = Summary("all")
    with _writer(settings, say) as (writer, state):
        progress.start(0, 0)
        batch: list[Item] = []
        for document, location in state.unindexed():
            batch.append((document, location, tuple(split(document, settings.splitter))))
            summary.updated += 1
            if len(batch) == REBUILD_BATCH:
                summary.encoded += writer.write(batch, progress.passages)
                batch = []
        if batch:
            summary.encoded += writer.write(batch, progress.passages)
        writer.reconcile()
    return summary


@contextmanager
def _writer(settings: Settings, say: Say) -> Iterator[tuple[Writer, State]]:
    encoder = lru_cache(maxsize=1)(lambda: make_encoder(settings, say))
    index = _open_or_create(settings, encoder)
    try:
        state = State(settings)
        try:
            yield Writer(index, state, encoder, settings), state
        finally:
            state.close()
    finally:
        index.close()


def _open_or_create(settings: Settings, encoder: Callable[[], Encoder]) -> Index:
    try:
        return open_index(settings)
    except IndexMissingError:
        return create_index(settings, encoder())
