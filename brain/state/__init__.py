"""What Brain remembers besides vectors, in a database: SQLite in the home folder by default, PostgreSQL by URL; the same models.

`models` are the tables of documents, `documents` and `builds` read and write them, `database` is what every store opens,
`migrating` brings a database to this program's tables. Other stores define their models on `Base` in modules of their own: see
docs/state.md.
"""

from brain.state.builds import INDEX_ID
from brain.state.database import Database
from brain.state.documents import MANY, Known, State, default_source
from brain.state.models import Base, DocumentRow

__all__ = ["INDEX_ID", "MANY", "Base", "Database", "DocumentRow", "Known", "State", "default_source"]
