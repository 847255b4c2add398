"""A state database, opened: what every store of it is made from."""

from sqlalchemy import Engine, delete

from brain.settings import Settings, redact_url
from brain.state.engine import Transaction, engine_of, url_of
from brain.state.migrating import bring_up_to_date
from brain.state.models import MetaRow


class Database:
    """Opened with this program's tables. Raises StoreError; StateVersionError where a newer program made it."""

    url: str
    """Without its password."""
    _engine: Engine

    def __init__(self, settings: Settings, beside: "Database | None" = None) -> None:
        """With `beside`: on the connections of that store, which is to be closed after this one."""
        if beside:
            self.url, self._engine, self._own = beside.url, beside._engine, False
            return
        url = url_of(settings)
        self.url, self._own = redact_url(url), True
        self._engine = engine_of(url)
        try:
            bring_up_to_date(self._engine, self.url)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._own:
            self._engine.dispose()

    def meta(self, key: str) -> str | None:
        with self._session() as session:
            row = session.get(MetaRow, key)
            return row.value if row else None

    def set_meta(self, key: str, value: str) -> None:
        with self._session() as session:
            session.merge(MetaRow(key=key, value=value))

    def forget_meta(self, key: str) -> None:
        with self._session() as session:
            session.execute(delete(MetaRow).where(MetaRow.key == key))

    def _session(self) -> Transaction:
        return Transaction(self._engine, self.url)
