"""What the service reads of the state's database, keys above all: opened when first needed, never on the event loop."""

import logging
from collections.abc import Iterable
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from api.documents import may_read
from brain.errors import BrainError
from brain.index import Scope
from brain.settings import Settings
from brain.types import Document

if TYPE_CHECKING:
    from brain.conversations.store import Conversations
    from brain.documents import Documents
    from brain.feedback import Feedbacks
    from brain.insights.store import Insights
    from brain.jobs import Jobs
    from brain.keys.sites import Site, Sites
    from brain.keys.store import Key, Keys
    from brain.keys.webhooks import Webhooks
    from brain.retention.erasing import Erasing

_log = logging.getLogger(__name__)


class _Stores(NamedTuple):
    keys: "Keys"
    sites: "Sites"
    feedbacks: "Feedbacks"
    conversations: "Conversations"
    erasing: "Erasing"
    insights: "Insights"
    written: "Documents"
    jobs: "Jobs"
    webhooks: "Webhooks"


class Known:
    """Blocks while it reads: for threads. Raises StoreError where nothing else is said."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._lock = settings, Lock()
        self._opened: _Stores | None = None

    def check(self, presented: str) -> "Key":
        """Raises KeyRefusedError."""
        return self._stores().keys.check(presented)

    def used(self, id: str, moment: datetime) -> None:
        """Never raises."""
        try:
            self._stores().keys.used(id, moment)
        except BrainError as error:
            _log.warning("the last use of key %s could not be written: %s", id, error)

    def site(self, id: str) -> "Site | None":
        """None where it doesn't exist or is revoked."""
        return self._stores().sites.get(id)

    def any(self) -> bool:
        """Whether a key or a site key was ever made, valid or not."""
        from brain.state.engine import is_there

        # What doesn't exist holds no key, and is not made by looking.
        if not is_there(self._settings):
            return False
        stores = self._stores()
        return stores.keys.any() or stores.sites.any()

    def origins(self) -> frozenset[str]:
        """Those of the site keys; none where they can't be read. Never raises."""
        try:
            return self._stores().sites.origins() if self.any() else frozenset()
        except BrainError as error:
            _log.warning("the site keys could not be read: %s", error)
            return frozenset()

    def document(self, id: str, scope: Scope) -> Document | None:
        """None where there is none in that scope."""
        found = self._stores().keys.document(scope.tenant, id)
        return found if found and may_read(found, scope) else None

    def documents(self, ids: Iterable[str], scope: Scope) -> dict[str, Document]:
        """Those in that scope, by id."""
        found = self._stores().keys.documents(scope.tenant, ids)
        return {id: document for id, document in found.items() if may_read(document, scope)}

    def close(self) -> None:
        for store in reversed(self._opened or ()):
            store.close()

    @property
    def feedbacks(self) -> "Feedbacks":
        return self._stores().feedbacks

    @property
    def conversations(self) -> "Conversations":
        return self._stores().conversations

    @property
    def erasing(self) -> "Erasing":
        return self._stores().erasing

    @property
    def insights(self) -> "Insights":
        return self._stores().insights

    @property
    def written(self) -> "Documents":
        return self._stores().written

    @property
    def jobs(self) -> "Jobs":
        return self._stores().jobs

    @property
    def webhooks(self) -> "Webhooks":
        return self._stores().webhooks

    def _stores(self) -> "_Stores":
        from brain.conversations.store import Conversations
        from brain.documents import Documents
        from brain.feedback import Feedbacks
        from brain.insights.store import Insights
        from brain.jobs import Jobs
        from brain.keys.sites import Sites  # SQLAlchemy takes a moment to load
        from brain.keys.store import Keys
        from brain.keys.webhooks import Webhooks
        from brain.retention.erasing import Erasing

        with self._lock:
            if self._opened is None:
                # One pool of connections for all.
                of, keys = self._settings, Keys(self._settings)
                self._opened = _Stores(
                    keys=keys,
                    sites=Sites(of, keys),
                    feedbacks=Feedbacks(of, keys),
                    conversations=Conversations(of, keys),
                    erasing=Erasing(of, keys),
                    insights=Insights(of, keys),
                    written=Documents(of, keys),
                    jobs=Jobs(of, keys),
                    webhooks=Webhooks(of, keys),
                )
            return self._opened
