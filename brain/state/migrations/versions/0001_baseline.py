"""The tables as they were before there were revisions.

A database that was made then has them, or those of its time: what is there is left as it is, what is missing is made.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _table(
        "api_keys",
        _key("id"),
        _column("name"),
        _column("tenant"),
        _column("audience"),
        _column("scopes", sa.JSON),
        _column("rate", null=True),
        _column("hash"),
        _column("old_hash", null=True),
        _column("old_until", null=True),
        _column("created_at"),
        _column("expires_at", null=True),
        _column("revoked_at", null=True),
        _column("last_used", null=True),
    )
    _table(
        "audit",
        _key("number", sa.Integer),
        _column("at"),
        _column("actor"),
        _column("act"),
        _column("subject"),
        _column("details", sa.JSON),
    )
    _index("audit", "subject")
    _table(
        "built",
        _key("index_id"),
        _key("tenant"),
        _key("id"),
        _column("content_hash"),
        _column("passages", sa.Integer),
    )
    _table(
        "cited",
        _key("trace_id"),
        _key("tenant"),
        _key("document_id"),
        _column("content_hash", null=True),
    )
    _index("cited", "document_id")
    _index("cited", "tenant")
    _table(
        "documents",
        _key("tenant"),
        _key("id"),
        _column("source"),
        _column("location"),
        _column("content_hash"),
        _column("indexed", sa.Boolean),
        _column("passages", sa.Integer),
        _column("title"),
        _column("body"),
        _column("url", null=True),
        _column("language", null=True),
        _column("audience", sa.JSON),
        _column("tags", sa.JSON),
        _column("valid_from", sa.Date, null=True),
        _column("valid_until", sa.Date, null=True),
        _column("updated_at", sa.Date, null=True),
    )
    _index("documents", "source")
    _table(
        "feedback",
        _key("id"),
        _column("answer_id"),
        _column("tenant"),
        _column("audience"),
        _column("given_at"),
        _column("given_by"),
        _column("thumbs"),
        _column("reason", null=True),
        _column("comment", null=True),
        _column("correction", null=True),
        _column("signature"),
    )
    _index("feedback", "answer_id")
    _index("feedback", "given_at")
    _index("feedback", "tenant")
    _table(
        "files",
        _key("source"),
        _key("path"),
        _column("signature"),
        _column("problem", null=True),
    )
    _table(
        "flags",
        _key("source"),
        _key("path"),
        _key("document_id"),
        _key("kind"),
        _column("tenant"),
        _column("found"),
    )
    _table(
        "meta",
        _key("key"),
        _column("value"),
    )
    _table(
        "site_keys",
        _key("id"),
        _column("name"),
        _column("tenant"),
        _column("origins", sa.JSON),
        _column("rate", null=True),
        _column("signing"),
        _column("created_at"),
        _column("revoked_at", null=True),
    )
    _table(
        "traces",
        _key("id"),
        _column("tenant"),
        _column("audience"),
        _column("answered_at"),
        _column("status"),
        _column("question"),
        _column("record", sa.JSON),
    )
    _index("traces", "answered_at")
    _index("traces", "tenant")


def _table(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(name, *columns, if_not_exists=True)


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column], if_not_exists=True)


def _key(name: str, of: type[Any] = sa.String) -> sa.Column[Any]:
    return sa.Column(name, of(), primary_key=True, nullable=False)


def _column(name: str, of: type[Any] = sa.String, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, of(), nullable=null)
