"""Writes documents to index and state so that a crash between the two can be told and mended."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from brain.documents import lift
from brain.encoder.base import Encoder
from brain.index import Index
from brain.index.base import Point, payload_of
from brain.settings import Settings
from brain.state import INDEX_ID, State
from brain.text.bm25 import passage_vector, title_vector
from brain.types import Chunk, Document
from ingest.split import encoded_text

Item = tuple[Document, str, tuple[Chunk, ...]]
"""A document, its location in the source, its passages."""


class Passages:
    """Writes documents' passages to an index. `encoder` is called when something has to be encoded, or is expected to be."""

    def __init__(self, index: Index, encoder: Callable[[], Encoder], settings: Settings) -> None:
        self.index, self._settings = index, settings
        self._make_encoder = encoder
        self._loading: Future[Encoder] | None = None

    def expect_work(self) -> None:
        """Starts loading the encoder, which takes as long as parsing the first files: both go on side by side."""
        loader = ThreadPoolExecutor(1)
        self._loading = loader.submit(self._loaded)
        loader.shutdown(wait=False)

    def _loaded(self) -> Encoder:
        encoder = self._make_encoder()
        encoder.encode_passages([])  # an encoder may put loading off until it is asked
        return encoder

    def _encoder(self) -> Encoder:
        return self._loading.result() if self._loading else self._make_encoder()

    def put(
        self,
        batch: Sequence[Item],
        stale: Callable[[Document], bool],
        progress: Callable[[int], None],
        *,
        flush: bool = True,
    ) -> int:
        """Makes the index hold exactly these documents' passages, on disk; returns how many had to be encoded. Only of `stale`
        documents may older passages be there. Without `flush` they are found, but not yet sure to be on disk."""
        encoded = self._index_passages(batch, progress)
        for document, _, chunks in batch:
            if stale(document):
                self.index.delete_document(document.tenant, document.id, keep=[chunk.id for chunk in chunks])
        if flush:
            self.index.flush()
        return encoded

    def drop_strangers(self, state: State) -> None:
        """Removes the passages of documents that the state does not hold."""
        stored = {(payload["tenant"], payload["document_id"]) for _, payload in self.index.points()}
        known = state.find(stored)
        for tenant, id in stored - known.keys():
            self.index.delete_document(tenant, id)
        self.index.flush()

    def _index_passages(self, batch: Sequence[Item], progress: Callable[[int], None]) -> int:
        pairs = [(document, chunk) for document, _, chunks in batch for chunk in chunks]
        stored = self.index.existing([chunk.id for _, chunk in pairs])
        self.index.overwrite_payloads([(c.id, payload_of(d, c)) for d, c in pairs if c.id in stored])
        new = [(d, c, encoded_text(d.title, c.heading_path, c.text)) for d, c in pairs if c.id not in stored]
        # Many documents may say one sentence under one title: variants of a page, say. It is encoded once.
        texts = list(dict.fromkeys(text for _, _, text in new))
        progress(len(pairs) - len(texts))
        if new:
            dense = dict(zip(texts, self._encoder().encode_passages(texts, progress).tolist(), strict=True))
            self.index.upsert([self._point(d, c, dense[text]) for d, c, text in new])
        return len(texts)

    def _point(self, document: Document, chunk: Chunk, dense: list[float]) -> Point:
        language, settings, title = document.language or "", self._settings.sparse, document.title
        sparse = passage_vector(chunk.text, language, settings, title=title, heading_path=chunk.heading_path)
        of_title = title_vector(title, language, settings) if title and not chunk.position else None
        return Point(chunk.id, dense, sparse, payload_of(document, chunk), of_title)


class Writer:
    """Writes documents to the current index and the state: the only one that does."""

    def __init__(self, index: Index, state: State, encoder: Callable[[], Encoder], settings: Settings) -> None:
        self._passages, self.index, self._state = Passages(index, encoder, settings), index, state
        self.expect_work = self._passages.expect_work
        current = index.manifest["id"]
        if state.meta(INDEX_ID) != current and state.built(current):
            state.adopt(current)  # a switch to this index was cut short
        # Another index than the state remembers (deleted, restored, a crash at its creation): nothing is known of it.
        self._strange = state.meta(INDEX_ID) != current
        if self._strange:
            state.mark_unindexed()

    def write(self, batch: Sequence[Item], progress: Callable[[int], None]) -> int:
        """Makes the index hold exactly these documents' passages; returns how many had to be encoded."""
        documents = [(document, location) for document, location, _ in batch]
        passages = {(document.tenant, document.id): len(chunks) for document, _, chunks in batch}
        known = self._state.find((document.tenant, document.id) for document, _ in documents)
        self._state.mark(documents, indexed=False, passages=passages)
        encoded = self._passages.put(batch, lambda d: self._strange or (d.tenant, d.id) in known, progress)
        self._state.mark(documents, indexed=True, passages=passages)
        lift(self._state, passages)  # one that was deleted over HTTP, and is in a folder now
        return encoded

    def delete(self, keys: Sequence[tuple[str, str]]) -> None:
        """Removes documents from index and state."""
        if not keys:
            return
        self._state.mark_unindexed(keys)
        for tenant, id in keys:
            self.index.delete_document(tenant, id)
        self.index.flush()
        self._state.delete(keys)

    def drop_strangers(self) -> None:
        """Removes the passages of documents that the state does not hold."""
        self._passages.drop_strangers(self._state)

    def reconcile(self) -> None:
        """After a run over an index that the state did not know: drops what the state does not hold, and remembers it."""
        if not self._strange:
            return
        self.drop_strangers()
        self._state.set_meta(INDEX_ID, self.index.manifest["id"])
        self._strange = False
