"""All tables of Brain, for whoever compares them with a database's: Alembic, and a test.

Nobody else imports all of them: the state is opened by commands that need two.
"""

from importlib import import_module

from sqlalchemy import MetaData

from brain.state.models import Base

MODULES = (
    "brain.conversations.store",
    "brain.documents",
    "brain.feedback",
    "brain.insights.tables",
    "brain.jobs",
    "brain.keys.audit",
    "brain.keys.sites",
    "brain.keys.store",
    "brain.keys.webhooks",
    "brain.traces.store",
)
"""Those that define models on `Base`. By name, as modules of other packages may be among them."""


def all_tables() -> MetaData:
    """Those of `Base` and of all modules."""
    for module in MODULES:
        import_module(module)
    return Base.metadata
