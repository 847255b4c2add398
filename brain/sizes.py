"""How many documents there are, for whoever counts."""

from sqlalchemy import func, select

from brain.settings import Settings
from brain.state import DocumentRow, State


class Sizes(State):
    """Reads them. Raises StoreError."""

    def by_source(self) -> dict[str, int]:
        counted = select(DocumentRow.source, func.count()).group_by(DocumentRow.source)
        with self._session() as session:
            return {source: int(count) for source, count in session.execute(counted)}


def documents_by_source(settings: Settings) -> dict[str, int]:
    """Empty where there is no state yet: it is not made by looking. Raises StoreError."""
    if not settings.state_url and not (settings.home / "state.db").exists():
        return {}
    sizes = Sizes(settings)
    try:
        return sizes.by_source()
    finally:
        sizes.close()
