"""Makes the index equal to its source: adds, updates, deletes, skips what has not changed, survives `kill -9`.

The state (SQL) and the index share no transaction. For each batch of documents, in this order:

1. state: the documents' new content, marked `indexed = false`;
2. index: new passages in, passages of older versions out, flushed to disk;
3. state: `indexed = true`, and the signatures of the files that are done.

Killed anywhere, the next run finds those documents unindexed and does them again. Passage ids follow from the content, so
doing it again doubles nothing and encodes only what is not stored yet.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from brain.errors import SourceError
from brain.settings import Settings
from brain.state import Known, State
from brain.types import Chunk, Document, Flag
from ingest.engine import prepare_all
from ingest.prepare import Prepared, Reading
from ingest.report import Progress, Summary
from ingest.source import Listing, SourceFile, signature
from ingest.writer import Writer

Key = tuple[str, str]
"""(tenant, document id)"""

BATCH_PASSAGES = 512


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be mirrored: a name, and what it holds now."""

    name: str
    listing: Listing


class Sync:
    """One run over one source. `run` may be called once."""

    def __init__(
        self,
        source: Source,
        reading: Reading,
        state: State,
        writer: Writer,
        settings: Settings,
        progress: Progress,
    ) -> None:
        self._source, self._reading, self._state, self._writer = source, reading, state, writer
        self._settings, self._progress = settings, progress
        self._how = repr(reading)
        self._files = state.files(source.name)
        self._known: dict[Key, Known] = {(k.tenant, k.id): k for k in state.known(source.name)}
        self._at: dict[str, list[Known]] = defaultdict(list)
        for known in self._known.values():
            self._at[known.location].append(known)
        self._claimed: dict[Key, str] = {}
        self._batch: list[tuple[Document, str, tuple[Chunk, ...]]] = []
        self._done: list[tuple[SourceFile, str, str | None]] = []
        self._flagged: dict[str, list[tuple[str, str, Flag]]] = {}
        self._failed: dict[str, str] = dict(source.listing.unreadable)
        self._unread = set(source.listing.unreadable)
        self._listed = {file.name for file in source.listing.files}
        self.summary = Summary(source.name)

    def run(self, *, partial: bool = False, allow_empty: bool = False) -> Summary:
        """Brings the index up to date. With `partial`, documents of files that are not listed stay.

        Raises SourceError where a source that had documents is suddenly empty (a drive that isn't mounted looks so).
        """
        files = self._source.listing.files
        if self._known and not files and not partial and not allow_empty:
            raise SourceError(
                f"{self._source.name} holds no documents any more; {len(self._known)} are indexed.",
                "If that is right, give --allow-empty to delete them.",
            )
        changed = [file for file in files if not self._unchanged(file, self._signature(file))]
        if changed:  # not sooner: importing and hashing in two threads only wait for one another
            self._writer.expect_work()
        self._progress.start(sum(file.size for file in changed), len(changed))
        prepared = prepare_all(changed, self._reading, self._settings.ingest)
        waiting = {file.name for file in changed}
        for file in files:
            if file.name in waiting:
                self._take(next(prepared))
            else:
                self._keep(file)
        self._write()
        self._delete_vanished(partial=partial)
        self._writer.reconcile()
        self._state.stamp_ingest()
        self.summary.failed.update(self._failed)
        self.summary.flagged = len(self._state.flags(self._source.name))
        return self.summary

    def _signature(self, file: SourceFile) -> str:
        if file.size > self._reading.limits.max_bytes:
            return ""
        try:
            return signature(file.path.read_bytes(), self._how)
        except OSError:
            return ""

    def _unchanged(self, file: SourceFile, now: str) -> bool:
        row = self._files.get(file.name)
        return bool(
            row and now and row.signature == now and not row.problem and all(k.indexed for k in self._at[file.name])
        )

    def _keep(self, file: SourceFile) -> None:
        """A file whose bytes have not changed: its documents stay, unless an earlier file took an id over."""
        for known in self._at[file.name]:
            if self._claim((known.tenant, known.id), file.name):
                self.summary.unchanged += 1
        if file.name in self._failed:
            self._state.save_files(self._source.name, [(file.name, "", self._failed[file.name])])

    def _take(self, prepared: Prepared) -> None:
        file = prepared.file
        if prepared.problem:
            self._failed[file.name] = prepared.problem
            self._unread.add(file.name)
        elsewhere = self._state.find(
            (d.tenant, d.id) for d, _ in prepared.documents if (d.tenant, d.id) not in self._known
        )
        for document, chunks in prepared.documents:
            key = (document.tenant, document.id)
            if key in elsewhere and elsewhere[key][1] != self._source.name:
                self._failed[file.name] = (
                    f"The document id '{document.id}' belongs to the source {elsewhere[key][1]}. "
                    "Give the document another id, or run: brain forget SOURCE"
                )
            elif self._claim(key, file.name):
                self._sort(document, file.name, chunks)
        if not prepared.problem:
            self._flagged[file.name] = [(f.tenant, f.id, flag) for f in prepared.flagged for flag in f.flags]
        self._done.append((file, prepared.signature, self._failed.get(file.name)))
        if sum(len(chunks) for _, _, chunks in self._batch) >= BATCH_PASSAGES:
            self._write()

    def _claim(self, key: Key, name: str) -> bool:
        """The first file, by name, that holds an id owns it."""
        owner = self._claimed.setdefault(key, name)
        if owner != name:
            self._failed[name] = f"The document id '{key[1]}' is already in {owner}. Give each document its own id."
        return owner == name

    def _sort(self, document: Document, location: str, chunks: tuple[Chunk, ...]) -> None:
        known = self._known.get((document.tenant, document.id))
        if known and known.location not in self._listed:
            # It moved here from a file of which this run sees nothing: should that come back, it must be read again.
            self._state.forget_files(self._source.name, [known.location])
        if known and known.indexed and known.content_hash == document.content_hash:
            self.summary.unchanged += 1
            if known.location != location:
                self._state.mark(
                    [(document, location)], indexed=True, passages={(document.tenant, document.id): known.passages}
                )
            return
        if known:
            self.summary.updated += 1
        else:
            self.summary.added += 1
        self._batch.append((document, location, chunks))

    def _write(self) -> None:
        if self._batch:
            self.summary.encoded += self._writer.write(self._batch, self._progress.passages)
        # What a file held and holds no more goes at the end of the run, or of the next if this one is killed.
        read = [file.name for file, _, _ in self._done if file.name not in self._unread]
        held = ((known.tenant, known.id) for name in read for known in self._at[name])
        self._state.mark_unindexed([key for key in held if key not in self._claimed])
        self._state.save_flags(self._source.name, self._flagged)
        self._state.save_files(self._source.name, [(file.name, sign, problem) for file, sign, problem in self._done])
        for file, _, _ in self._done:
            self._progress.file(file.size)
        self._batch, self._done, self._flagged = [], [], {}

    def _delete_vanished(self, *, partial: bool) -> None:
        if not partial:
            # Before the documents: were they deleted and the file remembered, its return would go unnoticed.
            stale = [name for name in self._files if name not in self._listed and not self._protected(name)]
            self._state.forget_files(self._source.name, stale)
        gone = [
            key
            for key, known in self._known.items()
            if key not in self._claimed
            and not self._protected(known.location)
            and (known.location in self._listed or not partial)
        ]
        self._writer.delete(gone)
        self.summary.deleted += len(gone)

    def _protected(self, name: str) -> bool:
        """Whether what the file holds is not known: it can't be read, or lies in a folder that can't."""
        return name in self._unread or any(name.startswith(f"{folder}/") for folder in self._source.listing.unreadable)


def forget(source: str, state: State, writer: Writer) -> int:
    """Deletes all of a source's documents from index and state; returns how many. Raises SourceError if it is unknown."""
    known: Iterable[Known] = state.known(source)
    keys = [(k.tenant, k.id) for k in known]
    if not keys:
        raise SourceError(f"There is no source {source}.", "Run: brain status, for the names.")
    state.forget_files(
        source, list(state.files(source))
    )  # first, as in a run: killed between, the files are read again
    writer.delete(keys)
    return len(keys)
