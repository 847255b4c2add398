"""Whole ingestion runs over the parts that the settings name: what the command line and programs call."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from brain.encoder import Encoder, make_encoder
from brain.errors import IndexMissingError, SourceError
from brain.index import Index, create_index, open_index
from brain.index.lock import changing
from brain.index.optimizing import grown, optimize_index
from brain.live import API_SOURCE
from brain.settings import Settings
from brain.state import State, default_source
from ingest.parse import SUFFIXES, Defaults, Limits
from ingest.prepare import Reading
from ingest.report import Progress, Silent, Summary
from ingest.source import list_folder
from ingest.sync import Source, Sync
from ingest.sync import forget as forget_source
from ingest.writer import Writer

Say = Callable[[str], None]
SOURCE_META = "source:"
"""Before a source's name: the fact how its folder was ingested the last time."""
WAIT_S = 1.0
"""A service that writes documents frees the home between any two."""


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
    defaults = defaults or Defaults(source=source or default_source(folder))
    if defaults.source == API_SOURCE:
        raise SourceError(
            f"'{API_SOURCE}' is the source of documents that come over HTTP: a folder would delete them.",
            "Give another --source.",
        )
    reading = Reading(defaults, limits, settings.splitter, settings.ingest.flagged)
    with writing(settings, say) as (writer, state):
        if not partial:
            _remember(folder, defaults, state)
        run = Sync(Source(reading.defaults.source, listing), reading, state, writer, settings, progress or Silent())
        return run.run(partial=partial, allow_empty=allow_empty)


def forget(source: str, settings: Settings) -> int:
    """Deletes a source's documents; returns how many. Raises SourceError where there is no such source."""
    with writing(settings, lambda _: None) as (writer, state):
        deleted = forget_source(source, state, writer)
        state.forget_meta(SOURCE_META + source)
        return deleted


def _remember(folder: Path, defaults: Defaults, state: State) -> None:
    """How the folder is read, so that `brain sync` can look whether the index is still what it says."""
    how = {name: value for name, value in asdict(defaults).items() if name != "source"}
    state.set_meta(SOURCE_META + defaults.source, json.dumps({"folder": str(folder.resolve()), **how}))


@contextmanager
def writing(settings: Settings, say: Say = lambda _: None) -> Iterator[tuple[Writer, State]]:
    """What writes to the current index, made where there is none, while nobody else does."""
    encoder = lru_cache(maxsize=1)(lambda: make_encoder(settings, say))
    with changing(settings, wait_s=WAIT_S):
        index = _open_or_create(settings, encoder)
        try:
            state = State(settings)
            try:
                yield Writer(index, state, encoder, settings), state
            finally:
                state.close()
            big = grown(index, settings)
        finally:
            index.close()
        if big:
            say("Optimising the index. Stopping this loses nothing.")
            optimize_index(settings)


def _open_or_create(settings: Settings, encoder: Callable[[], Encoder]) -> Index:
    try:
        return open_index(settings)
    except IndexMissingError:
        return create_index(settings, encoder())
