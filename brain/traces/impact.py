"""Past answers that cited a document, and whether what they quoted still stands there."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from brain.traces.record import quotes_of, stands
from brain.traces.store import Cited, Record, Traces
from brain.types import Document


class Standing(StrEnum):
    """What became of a cited document since."""

    UNCHANGED = "unchanged"
    STANDS = "stands"
    """It has changed; the quoted words are still there."""
    CHANGED = "changed"
    """The quoted words are not there any more."""
    GONE = "gone"
    """There is no such document any more."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer that cited the document. `lost`: the quotes that are not there any more, personal data masked."""

    id: str
    answered_at: str
    tenant: str
    audience: str
    question: str
    document_id: str
    standing: Standing
    lost: tuple[str, ...] = ()

    @property
    def touched(self) -> bool:
        """Whether someone should look at the answer again."""
        return self.standing in (Standing.CHANGED, Standing.GONE)


def impact(
    traces: Traces, document_id: str | None = None, tenant: str | None = None, *, changed: bool = False
) -> list[Hit]:
    """The answers that cited the document, or any; newest first. With `changed` those alone that should be looked at again."""
    current = lru_cache(maxsize=256)(traces.document)
    hits = []
    for cited in traces.citing(document_id, tenant):
        if changed and cited.hash_then == cited.hash_now is not None:
            continue
        record = traces.get(cited.trace_id)
        if record:
            hit = hit_of(cited, record, current(cited.tenant, cited.document_id))
            hits += [hit] if hit.touched or not changed else []
    return hits


def hit_of(cited: Cited, record: Record, document: Document | None) -> Hit:
    """What became of what this answer cited. `document`: as it is now, None where it is gone."""
    quotes = quotes_of(record, cited.document_id)
    if document is None:
        standing, lost = Standing.GONE, tuple(dict.fromkeys(quote["quote"] for quote in quotes))
    elif cited.hash_then == cited.hash_now:
        standing, lost = Standing.UNCHANGED, ()
    else:
        lost = tuple(dict.fromkeys(quote["quote"] for quote in quotes if not stands(quote, document.body)))
        standing = Standing.CHANGED if lost else Standing.STANDS
    about = {name: record["question"][name] for name in ("tenant", "audience")}
    return Hit(
        record["id"], record["answered_at"], **about, question=record["question"]["text"],
        document_id=cited.document_id, standing=standing, lost=lost,
    )  # fmt: skip
