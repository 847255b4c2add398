"""API keys in the state's database."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from brain.errors import AccessError, KeyRefusedError
from brain.keys.audit import note, stamp
from brain.keys.secret import Secret, new_secret, secret_of
from brain.state import Base, State

Right = Literal["ask", "search", "ingest", "feedback", "eval", "admin"]
"""What a key may be used for: its scopes. None contains another."""
RIGHTS: tuple[Right, ...] = get_args(Right)
GRACE = timedelta(hours=24)
"""How long the secret before a rotation stays valid."""


class KeyRow(Base):
    """An API key without its secret. Times are ISO 8601 in UTC."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    tenant: Mapped[str]
    audience: Mapped[str]
    scopes: Mapped[tuple[str, ...]]
    rate: Mapped[str | None]
    hash: Mapped[str]
    old_hash: Mapped[str | None]
    old_until: Mapped[str | None]
    created_at: Mapped[str]
    expires_at: Mapped[str | None]
    revoked_at: Mapped[str | None]
    last_used: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Key:
    """What may be shown of a key. `rate` is its own limit where it has one, as in the settings' `limits.key`."""

    id: str
    name: str
    tenant: str
    audience: str
    scopes: tuple[str, ...]
    rate: str | None = None
    created_at: str = ""
    expires_at: str | None = None
    revoked_at: str | None = None
    old_until: str | None = None
    last_used: str | None = None

    def state_at(self, moment: str) -> Literal["valid", "expired", "revoked"]:
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= moment else "valid"


class Keys(State):
    """Makes, checks and ends keys; every method is one transaction. Raises StoreError; AccessError where there is no such key."""

    def create(
        self,
        name: str,
        scopes: Sequence[Right],
        *,
        tenant: str,
        audience: str,
        actor: str,
        expires_at: datetime | None = None,
        rate: str | None = None,
    ) -> Secret:
        """The only time that the secret can be had."""
        secret, ends = new_secret(), stamp(expires_at) if expires_at else None
        shown = {"name": name, "tenant": tenant, "audience": audience, "scopes": tuple(scopes), "rate": rate}
        row = KeyRow(**shown, id=secret.id, hash=secret.hash, created_at=_now(), expires_at=ends)
        with self._session() as session:
            session.add(row)
            note(session, actor, "key created", secret.id, **shown, expires_at=ends)
        return secret

    def check(self, presented: str) -> Key:
        """The key that was presented. Raises KeyRefusedError, which tells why only to who knows the secret."""
        secret = secret_of(presented)
        with self._session() as session:
            row = session.get(KeyRow, secret.id) if secret else None
            if not (secret and row and _opens(secret, row)):
                raise KeyRefusedError("This key is not valid.", "Check it, or have one made: brain keys create NAME")
            key = _key(row)
        if (state := key.state_at(_now())) != "valid":
            raise KeyRefusedError(f"This key is {state}.", "Have another one made: brain keys create NAME")
        return key

    def used(self, id: str, moment: datetime) -> None:
        """Remembers the last use."""
        with self._session() as session:
            session.execute(update(KeyRow).where(KeyRow.id == id).values(last_used=stamp(moment)))

    def rotate(self, id: str, actor: str, grace: timedelta = GRACE) -> Secret:
        """Another secret for the same key. The one before stays valid for `grace`; any earlier one ends now."""
        secret, until = new_secret(id), stamp(datetime.now(UTC) + grace)
        with self._session() as session:
            row = _row(session, id)
            if row.revoked_at:
                raise AccessError(f"The key {id} is revoked.", "Make another one: brain keys create NAME")
            row.old_hash, row.old_until, row.hash = row.hash, until, secret.hash
            note(session, actor, "key rotated", id, old_until=until)
        return secret

    def revoke(self, id: str, actor: str) -> None:
        """From the next request on it is refused."""
        with self._session() as session:
            _row(session, id).revoked_at = _now()
            note(session, actor, "key revoked", id)

    def all(self) -> list[Key]:
        with self._session() as session:
            return [_key(row) for row in session.scalars(select(KeyRow).order_by(KeyRow.created_at, KeyRow.id))]

    def any(self) -> bool:
        """Whether a key was ever made, valid or not."""
        with self._session() as session:
            return bool(session.scalar(select(exists(select(KeyRow.id)))))


def _opens(secret: Secret, row: KeyRow) -> bool:
    # Both are compared whatever the first says.
    new, old = secret.is_behind(row.hash), secret.is_behind(row.old_hash)
    return new or (old and (row.old_until or "") > _now())


def _row(session: Session, id: str) -> KeyRow:
    row = session.get(KeyRow, id)
    if row is None:
        raise AccessError(f"There is no key {id}.", "See: brain keys list")
    return row


def _key(row: KeyRow) -> Key:
    values = {field.name: getattr(row, field.name) for field in fields(Key)}
    return Key(**values | {"scopes": tuple(row.scopes)})


def _now() -> str:
    return stamp(datetime.now(UTC))
