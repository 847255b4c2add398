"""What a comparison found."""

from dataclasses import asdict, dataclass, field
from typing import Any

MOST_NAMED = 20
"""Documents and files that are named of a source; all are counted."""


@dataclass
class Files:
    """A folder beside what is remembered of its files, counted."""

    same: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    broken: int = 0
    """Can't be read, or not used: reported by each ingestion until they are mended."""
    lost: int = 0
    """Unchanged, but the state holds none of their documents."""
    named: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """All that are lost: to be read again."""

    @property
    def equal(self) -> bool:
        return not (self.new or self.changed or self.gone or self.broken or self.lost)


@dataclass
class SourceReport:
    """A source: its documents in the state beside their passages in the index."""

    source: str
    documents: int = 0
    passages: int = 0
    """That the index should hold."""
    missing: int = 0
    """Passages that the index lacks."""
    stale: int = 0
    """Passages beside whose vectors something else is stored than their document says: an audience, a date."""
    surplus: int = 0
    """Passages of an earlier version of these documents."""
    unflushed: int = 0
    """Documents of which it isn't recorded yet that the index holds them on disk; no difference where the passages are there."""
    files: Files | None = None
    """None where the source is no folder (`api`)."""
    problem: str = ""
    """Why the folder could not be compared."""
    named: list[str] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    """(tenant, id) of all documents whose passages are not what they should be."""

    @property
    def equal(self) -> bool:
        passages = not (self.missing or self.stale or self.surplus)
        return passages and not self.problem and (self.files is None or self.files.equal)


@dataclass
class Report:
    """All sources, and what belongs to none."""

    sources: list[SourceReport] = field(default_factory=list)
    orphans: int = 0
    """Passages of documents that the state does not hold, and that no tombstone hides."""
    tombstones: int = 0
    """Deleted documents whose passages the index still holds; no question is answered from them."""
    index_known: bool = True
    """False where the state's documents are in another index: one was deleted or restored."""

    @property
    def equal(self) -> bool:
        return self.index_known and not (self.orphans or self.tombstones) and all(s.equal for s in self.sources)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without the lists of all that is wrong."""
        values = asdict(self)
        for source, shown in zip(self.sources, values["sources"], strict=True):
            del shown["wrong"]
            if source.files:
                del shown["files"]["unread"]
            shown["equal"] = source.equal
        return {"equal": self.equal, **values}
