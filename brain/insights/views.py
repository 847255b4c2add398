"""Who looks at insights, and of what period: a hard filter, as for documents."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement

from brain.index import Scope
from brain.insights.tables import AskedRow
from brain.settings import Settings
from brain.types import Document

DEFAULT_DAYS = 30
MOST_DAYS = 31
"""A longer period's trend is by week, not by day."""
STEPS = 60
"""Of a trend, at most."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """One tenant, the documents that may be read, and whose answers may be seen: of readers who may read no more than that."""

    tenant: str
    readers: tuple[str, ...]
    documents: tuple[str, ...]

    @classmethod
    def of(cls, scope: Scope, settings: Settings) -> "Viewer":
        own = set(scope.audiences)
        readers = [name for name, theirs in settings.access.readers.items() if set(theirs) <= own]
        return cls(scope.tenant, tuple(readers), tuple(scope.audiences))

    def may_read(self, document: Document) -> bool:
        return document.tenant == self.tenant and bool(set(document.audience) & set(self.documents))


LATEST = date.max - timedelta(days=1)
"""There is no day after the last one."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which answers count: from one day to another, both included (UTC), in a language, of a reader."""

    start: date
    end: date
    language: str | None = None
    audience: str | None = None

    @classmethod
    def of(cls, start: date | None, end: date | None, language: str | None, audience: str | None) -> "Window":
        """The last month, where nothing else is said."""
        last = min(end or datetime.now(UTC).date(), LATEST)
        month = date.fromordinal(max(1, last.toordinal() - DEFAULT_DAYS + 1))
        return cls(start or month, last, language or None, audience or None)

    @property
    def step_days(self) -> int:
        """Of a trend: a day, a week, or as many weeks as it takes."""
        days = (self.end - self.start).days + 1
        if days <= MOST_DAYS:
            return 1
        return 7 * max(1, -(-days // (7 * STEPS)))

    @property
    def steps(self) -> int:
        return max(0, -(-((self.end - self.start).days + 1) // self.step_days))

    def step_of(self, moment: str) -> int:
        return (date.fromisoformat(moment[:10]) - self.start).days // self.step_days

    def where(self, viewer: Viewer) -> list[ColumnElement[bool]]:
        """Of `AskedRow`."""
        readers = [name for name in viewer.readers if self.audience in (None, name)]
        conditions: list[ColumnElement[bool]] = [
            AskedRow.tenant == viewer.tenant,
            AskedRow.audience.in_(readers),
            AskedRow.answered_at >= self.start.isoformat(),
            AskedRow.answered_at < (self.end + timedelta(days=1)).isoformat(),
        ]
        return [*conditions, AskedRow.language == self.language] if self.language else conditions
