"""Who asks. The tenant and the audience come from here alone, never from what a request says."""

from dataclasses import dataclass
from typing import Literal

from brain.conversations.owner import Owner
from brain.index import Scope
from brain.keys.secret import ID_BYTES
from brain.settings import Settings

WIDGET_RIGHTS = frozenset({"ask", "feedback"})
ALL_RIGHTS = frozenset({"ask", "search", "feedback"})
"""Of a caller without a key: what the service did before there were keys, and nothing that changes anything of others."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A reader of one tenant's documents, and what it may do."""

    tenant: str
    audience: str
    rights: frozenset[str] = ALL_RIGHTS
    kind: Literal["open", "key", "visitor"] = "open"
    id: str = ""
    """Of the key, or of the visitor's token; what is counted by, and what the log shows."""
    site: str = ""
    rate: str | None = None
    """Its own limit: of the key, or of the site."""

    @property
    def shown(self) -> str:
        """For the log."""
        return f"{self.site}/{self.id[: 2 * ID_BYTES]}" if self.site else self.id or "-"

    @property
    def recorded(self) -> str:
        """Beside what it asks, says and keeps: the key or the widget's token, not the person."""
        return f"{self.kind}:{self.site}:{self.id}"


def configured_caller(settings: Settings) -> Caller:
    """Who asks without a key, where none is needed."""
    return Caller(settings.service.tenant, settings.service.audience)


def owner_of(who: Caller) -> Owner:
    """Whose the conversations are that the caller begins."""
    return Owner(who.tenant, who.audience, who.recorded)


def readable(who: Caller, settings: Settings) -> Scope:
    """All that the caller may read, valid today or not."""
    return Scope(who.tenant, settings.access.readers[who.audience])
