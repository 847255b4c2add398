"""Puts and deletes single documents, seen by the next question and durable when acknowledged; see decision 26 for the protocol.

Put: the state has the new content, not yet `indexed`; the index takes it; a question finds it; acknowledged. Deleted: the state has a
tombstone instead of the document; questions leave it out; the index lets go of it; acknowledged. The index is flushed later
(`ingest.live.settling`): only then are the documents `indexed` and the tombstones lifted. Killed anywhere between, the next
start finds what is open in the state, and does it again.
"""

import logging
from collections.abc import Sequence
from math import inf

from brain.documents import Documents, Key, Record
from brain.errors import BusyError, ConflictError, DocumentError
from brain.jobs import Job, Jobs
from brain.live import API_SOURCE, Change, Draft, Editor, Put, clean_id
from brain.serving import Serving
from brain.session import Brain
from brain.settings import Settings
from brain.types import Document
from ingest.live.apart import Encoded, Preparing
from ingest.live.drafts import Readied, check_audience, reading_of
from ingest.live.imports import Importing
from ingest.live.settling import Settling
from ingest.live.turn import Turns
from ingest.split import encoded_text, split
from ingest.writer import Item, Passages, Writer

_log = logging.getLogger(__name__)
REPAIR_BATCH = 16
"""Documents that are made good at once."""
Entry = tuple[str, Draft]
"""A document's id, and what it is to be."""


class LiveKnowledge:
    """See `brain.live.Knowledge`."""

    def __init__(self, brain: Brain, preparing: Preparing) -> None:
        self._brain, self._preparing = brain, preparing
        self._documents, self._jobs = Documents(brain.settings), Jobs(brain.settings)
        self._turns = Turns(brain, self._documents)
        waits = brain.settings.index.provider == "edge"  # a server flushes as it sees fit
        self._settling = Settling(self._turns, self._documents, brain.idle_s if waits else lambda: inf)
        self._importing = Importing(self._jobs, self.put_many, brain.settings)
        self._known = {audience for audiences in brain.settings.access.readers.values() for audience in audiences}

    def start(self) -> None:
        try:
            self.make_good()
        except BusyError as error:
            # Tombstones hold all the same, and the index has its own log: what is left is done with the next writes.
            _log.warning("%s What a stopped service left undone is done later.", error)
            self._settling.later(self.make_good)
        self._settling.start()
        self._importing.start()
        if self._documents.keys(API_SOURCE):
            self._preparing.warm(self._settings())

    def put(self, editor: Editor, id: str, draft: Draft) -> Put:
        (outcome,) = self.put_many(editor, [(id, draft)])
        if isinstance(outcome, Put):
            return outcome
        raise outcome

    def put_many(self, editor: Editor, entries: Sequence[Entry]) -> list[Put | DocumentError | ConflictError]:
        """Each document, or why it was refused. Of several with one id the last one stays. Raises BusyError."""
        outcomes: list[Put | DocumentError | ConflictError] = []
        for some in _distinct(entries):
            settings = self._settings()
            ready = self._read(editor, some, settings)
            encoded = self._encoded([entry for entry in ready if isinstance(entry, Readied)], settings)
            with self._turns.take() as serving:
                outcomes += self._put_all(editor, ready, serving, encoded)
        return outcomes

    def delete(self, editor: Editor, id: str) -> bool:
        key = editor.tenant, clean_id(id)
        try:
            with self._turns.take() as serving:
                if not self._bury(editor, key):
                    return False
                self._settling.gone(key)
                serving.index.delete_document(*key)
                serving.retriever.forget()
        except BusyError:
            # Whoever changes the home must not make a document be answered that was taken back.
            with self._turns.mine():
                if not self._bury(editor, key):
                    return False
                self._settling.gone(key)
        return True

    def import_(self, editor: Editor, rows: Sequence[str], idempotency_key: str = "") -> Job:
        job = self._jobs.create(editor, rows, idempotency_key)
        self._importing.wake()
        return job

    def close(self) -> None:
        self._importing.close()
        self._settling.close()
        self._preparing.close()
        self._jobs.close()
        self._documents.close()

    def make_good(self) -> None:
        """What is open in the state: documents that the index may not hold, tombstones that were not acted on. Raises BusyError."""
        with self._turns.take() as serving:
            encoded = Encoded(self._preparing, serving.settings)
            writer = Writer(serving.index, self._documents, lambda: encoded, serving.settings)
            dead = self._documents.tombstones()
            for tenant, id in dead:
                # Where the document was put again since, it is among the open ones, and its older passages go with its writing.
                if self._documents.record(tenant, id) is None:
                    serving.index.delete_document(tenant, id)
            waiting = self._documents.open_keys(API_SOURCE)
            for start in range(0, len(waiting), REPAIR_BATCH):
                found = (self._documents.document(*key) for key in waiting[start : start + REPAIR_BATCH])
                writer.write([_item(document, serving.settings) for document in found if document], lambda _: None)
            writer.reconcile()
            serving.index.flush()
            self._documents.lift(dead)
            serving.retriever.forget()
        self._brain.gone.changed()
        if dead or waiting:
            _log.info("%d documents were made good, %d deleted ones removed from the index", len(waiting), len(dead))

    def _settings(self) -> Settings:
        with self._brain.held() as serving:
            return serving.settings

    def _read(self, editor: Editor, entries: Sequence[Entry], settings: Settings) -> list[Readied | DocumentError]:
        wrong = {id: error for id, draft in entries if (error := self._refused(draft))}
        right = [(id, draft) for id, draft in entries if id not in wrong]
        read = iter(self._preparing.read(right, reading_of(editor.tenant, settings)))
        return [wrong[id] if id in wrong else next(read) for id, _ in entries]

    def _refused(self, draft: Draft) -> DocumentError | None:
        try:
            check_audience(draft.audience, self._known)
        except DocumentError as error:
            return error
        return None

    def _encoded(self, ready: Sequence[Readied], settings: Settings) -> Encoded:
        """The vectors of what the index does not hold yet, before this writer takes its turn: encoding takes longest."""
        encoded = Encoded(self._preparing, settings)
        texts = {c.id: encoded_text(r.document.title, c.heading_path, c.text) for r in ready for c in r.chunks}
        with self._brain.held() as serving:
            stored = serving.index.existing(list(texts)) if texts else set()
        if new := [text for id, text in texts.items() if id not in stored]:
            encoded.encode_passages(new)
        return encoded

    def _put_all(
        self, editor: Editor, ready: Sequence[Readied | DocumentError], serving: Serving, encoded: Encoded
    ) -> list[Put | DocumentError | ConflictError]:
        outcomes: list[Put | DocumentError | ConflictError] = []
        accepted: list[tuple[Readied, Record | None]] = []
        for entry in ready:
            outcome: Put | DocumentError | ConflictError
            if isinstance(entry, DocumentError):
                outcome = entry
            else:
                known = self._documents.record(entry.document.tenant, entry.document.id)
                problem = _conflict(editor, entry.document, known)
                outcome = problem or _outcome(entry, known, held=self._held(entry.document, known))
                if not problem and isinstance(outcome, Put) and outcome.change != "unchanged":
                    accepted.append((entry, known))
            outcomes.append(outcome)
        if accepted:
            try:
                self._write(accepted, serving, encoded)
            except BaseException:
                self._settling.later(self.make_good)  # the state may be ahead of the index now
                raise
        return outcomes

    def _held(self, document: Document, known: Record | None) -> bool:
        """Whether the index took what the state says of the document."""
        key = document.tenant, document.id
        return known is not None and (known.indexed or self._settling.holds((*key, known.content_hash)))

    def _write(self, accepted: Sequence[tuple[Readied, Record | None]], serving: Serving, encoded: Encoded) -> None:
        items: list[Item] = [(r.document, _location(r.document), r.chunks) for r, _ in accepted]
        keys = [(document.tenant, document.id) for document, _, _ in items]
        buried = set(self._documents.tombstones()) & set(keys)
        older = buried | {(k.document.tenant, k.document.id) for _, k in accepted if k}
        passages = {(document.tenant, document.id): len(chunks) for document, _, chunks in items}
        self._documents.save_flags(
            API_SOURCE,
            {
                at: [(d.tenant, d.id, flag) for flag in r.flags]
                for (r, _), (d, at, _) in zip(accepted, items, strict=True)
            },
        )
        self._documents.mark([(document, at) for document, at, _ in items], indexed=False, passages=passages)
        Passages(serving.index, lambda: encoded, serving.settings).put(
            items, lambda d: (d.tenant, d.id) in older, lambda _: None, flush=False
        )
        if buried:
            self._documents.lift(buried)
            self._brain.gone.changed()
        serving.retriever.forget()
        self._settling.written((d.tenant, d.id, d.content_hash) for d, _, _ in items)

    def _bury(self, editor: Editor, key: Key) -> bool:
        """Whether there was a document. Raises ConflictError where it isn't the editor's to delete."""
        known = self._documents.record(*key)
        if known is None or not set(known.document.audience) <= set(editor.audiences):
            return False
        if known.source != API_SOURCE:
            raise ConflictError(
                "The document comes from a folder, and would come back with it.",
                "Delete its file, then run: brain ingest FOLDER",
            )
        self._documents.bury(*key)
        self._brain.gone.changed()
        return True


def _conflict(editor: Editor, document: Document, known: Record | None) -> ConflictError | None:
    if known and (known.source != API_SOURCE or not set(known.document.audience) <= set(editor.audiences)):
        return ConflictError(
            "This id belongs to a document that this key can't change: of a folder, or of other readers.",
            "Use another id. A folder's document is changed in its folder; brain forget SOURCE frees all ids of one.",
        )
    if not set(document.audience) <= set(editor.audiences):
        return ConflictError(
            f"This key doesn't write for {', '.join(sorted(set(document.audience) - set(editor.audiences)))}.",
            f"Give as audience some of: {', '.join(editor.audiences)}; or use a key with --audience of a reader who sees more.",
        )
    return None


def _outcome(ready: Readied, known: Record | None, *, held: bool) -> Put:
    document = ready.document
    same = held and known is not None and known.content_hash == document.content_hash
    change: Change = "unchanged" if same else "updated" if known else "created"
    return Put(document.id, change, len(ready.chunks), document.language or "und", ready.flags)


def _location(document: Document) -> str:
    return f"{document.tenant}/{document.id}"


def _item(document: Document, settings: Settings) -> Item:
    return document, _location(document), tuple(split(document, settings.splitter))


def _distinct(entries: Sequence[Entry]) -> list[list[Entry]]:
    """The entries in their order, in as few parts as no id needs to be twice in."""
    parts: list[list[Entry]] = [[]]
    for id, draft in entries:
        if any(known == id for known, _ in parts[-1]):
            parts.append([])
        parts[-1].append((id, draft))
    return parts if entries else []
