"""What the service reads of the state's database, keys above all: opened when first needed, never on the event loop."""

import logging
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from api.documents import may_read
from brain.errors import BrainError
from brain.index import Scope
from brain.settings import Settings
from brain.types import Document

if TYPE_CHECKING:
    from brain.feedback import Feedbacks
    from brain.insights.store import Insights
    from brain.keys.sites import Site, Sites
    from brain.keys.store import Key, Keys

_log = logging.getLogger(__name__)


class Known:
    """Blocks while it reads: for threads. Raises StoreError where nothing else is said."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._lock = settings, Lock()
        self._opened: tuple[Keys, Sites, Feedbacks] | None = None
        self._insights: Insights | None = None

    def check(self, presented: str) -> "Key":
        """Raises KeyRefusedError."""
        return self._stores()[0].check(presented)

    def used(self, id: str, moment: datetime) -> None:
        """Never raises."""
        try:
            self._stores()[0].used(id, moment)
        except BrainError as error:
            _log.warning("the last use of key %s could not be written: %s", id, error)

    def site(self, id: str) -> "Site | None":
        """None where it doesn't exist or is revoked."""
        return self._stores()[1].get(id)

    def any(self) -> bool:
        """Whether a key or a site key was ever made, valid or not."""
        # What doesn't exist holds no key, and is not made by looking.
        if not self._settings.state_url and not (self._settings.home / "state.db").exists():
            return False
        keys, sites, _ = self._stores()
        return keys.any() or sites.any()

    def origins(self) -> frozenset[str]:
        """Those of the site keys; none where they can't be read. Never raises."""
        try:
            return self._stores()[1].origins() if self.any() else frozenset()
        except BrainError as error:
            _log.warning("the site keys could not be read: %s", error)
            return frozenset()

    def document(self, id: str, scope: Scope) -> Document | None:
        """None where there is none in that scope."""
        found = self._stores()[0].document(scope.tenant, id)
        return found if found and may_read(found, scope) else None

    def close(self) -> None:
        for store in (*(self._opened or ()), self._insights):
            if store:
                store.close()

    @property
    def feedbacks(self) -> "Feedbacks":
        return self._stores()[2]

    @property
    def insights(self) -> "Insights":
        from brain.insights.store import Insights

        with self._lock:
            if self._insights is None:
                self._insights = Insights(self._settings)
            return self._insights

    def _stores(self) -> "tuple[Keys, Sites, Feedbacks]":
        from brain.feedback import Feedbacks
        from brain.keys.sites import Sites  # SQLAlchemy takes a moment to load
        from brain.keys.store import Keys

        with self._lock:
            if self._opened is None:
                self._opened = Keys(self._settings), Sites(self._settings), Feedbacks(self._settings)
            return self._opened
