"""What Alembic's command line runs, on an empty database brought to the newest revision: there is no other to name.

`alembic revision --autogenerate -m "what it does"` writes what this program's tables have beyond it; see docs/state.md.
"""

from typing import Any

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from brain.state.migrating import bring_up_to_date, revisions
from brain.state.tables import all_tables


def _numbered(_: Any, __: Any, directives: list[Any]) -> None:
    """Revisions are 0001, 0002, …: their order is that of their files."""
    for directive in directives:
        directive.rev_id = f"{int((revisions() or ('0',))[-1]) + 1:04}"


engine = create_engine("sqlite://", poolclass=StaticPool)
bring_up_to_date(engine, "sqlite://")
with engine.connect() as connection:
    # SQLite can't change a column: Alembic copies the table where a revision asks for that.
    context.configure(
        connection=connection,
        target_metadata=all_tables(),
        render_as_batch=True,
        process_revision_directives=_numbered,
    )
    context.run_migrations()
