"""Makes an index that is not the current one equal to the documents in the state.

What it holds is kept in the state, document by document, once it is on disk: killed anywhere, the next call goes on.
"""

from collections.abc import Callable, Iterator

from brain.encoder import Encoder
from brain.errors import StoreError
from brain.index import Index
from brain.settings import Settings
from brain.state import State
from brain.types import Document
from ingest.report import Progress, Summary
from ingest.split import split
from ingest.writer import Passages

BATCH = 64
"""Documents."""


def build(
    index: Index, state: State, encoder: Callable[[], Encoder], settings: Settings, progress: Progress
) -> Summary:
    """Writes what the index lacks, removes what the state does not hold. Raises StoreError where it then holds anything else."""
    summary, passages, id = Summary("all"), Passages(index, encoder, settings), index.manifest["id"]
    waiting, begun = state.to_build(id), bool(index.count())
    progress.start(len(waiting), 0)
    for documents in _batches(state, waiting):
        items = [(document, "", tuple(split(document, settings.splitter))) for document in documents]
        summary.encoded += passages.put(items, lambda _: begun, progress.passages)
        state.save_built(id, [(document, len(chunks)) for document, _, chunks in items])
        summary.updated += len(documents)
        progress.file(len(documents))
    passages.drop_strangers(state)
    stored, expected = index.count(), state.built(id)
    if stored != expected:
        raise StoreError(f"The new index holds {stored} passages, not {expected}; the old one stays.", "Run it again.")
    return summary


def _batches(state: State, keys: list[tuple[str, str]]) -> Iterator[list[Document]]:
    for start in range(0, len(keys), BATCH):
        found = (state.document(tenant, id) for tenant, id in keys[start : start + BATCH])
        yield [document for document in found if document]
