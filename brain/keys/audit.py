"""Administrative acts, each written in the transaction that does it, never changed, and kept for `audit.keep_days`."""

import getpass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from brain.state import Base, State


class AuditRow(Base):
    """Who did what to which key, and when (ISO 8601, UTC). Never a secret, nor its hash."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[str]
    actor: Mapped[str]
    act: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    details: Mapped[dict[str, Any]]


class Audit(State):
    """Reads them. Raises StoreError."""

    def acts(self, limit: int = 1000) -> list[dict[str, Any]]:
        """The latest, newest first."""
        newest = select(AuditRow).order_by(AuditRow.number.desc()).limit(limit)
        with self._session() as session:
            return [
                {"at": row.at, "actor": row.actor, "act": row.act, "subject": row.subject, "details": row.details}
                for row in session.scalars(newest)
            ]


def note(session: Session, actor: str, act: str, subject: str, **details: Any) -> None:
    """Adds an act to the transaction."""
    session.add(AuditRow(at=stamp(datetime.now(UTC)), actor=actor, act=act, subject=subject, details=details))


def person_here() -> str:
    """The user of this machine who runs the command."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError):
        return "shell"


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second: sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
