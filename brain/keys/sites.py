"""Site keys: public names that a widget's page shows, each good on its own origins only, and only for a token."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sqlalchemy import exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from brain.errors import AccessError
from brain.keys.audit import note, stamp
from brain.keys.secret import SECRET_BYTES, new_site_id
from brain.state import Base, State

_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_PORTS = {"http": 80, "https": 443}


class SiteRow(Base):
    """A site key. `signing` signs its visitors' tokens: whoever reads the database could ask as the public."""

    __tablename__ = "site_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    tenant: Mapped[str]
    origins: Mapped[tuple[str, ...]]
    rate: Mapped[str | None]
    signing: Mapped[str]
    created_at: Mapped[str]
    revoked_at: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Site:
    """A site key; `rate` is the limit of all its visitors together where it has its own, as in the settings' `limits.site`."""

    id: str
    name: str
    tenant: str
    origins: tuple[str, ...]
    signing: str = field(repr=False)
    rate: str | None = None
    created_at: str = ""
    revoked_at: str | None = None


class Sites(State):
    """Makes, finds and ends site keys; every method is one transaction. Raises StoreError; AccessError where there is no such key."""

    def create(self, name: str, origins: Sequence[str], *, tenant: str, actor: str, rate: str | None = None) -> Site:
        """Raises AccessError where an origin isn't one."""
        exact = _exact(origins)
        shown = {"name": name, "tenant": tenant, "origins": exact, "rate": rate}
        row = SiteRow(**shown, id=new_site_id(), signing=_new_signing(), created_at=_now())
        with self._session() as session:
            session.add(row)
            note(session, actor, "site key created", row.id, **shown)
            session.flush()
            return _site(row)

    def get(self, id: str) -> Site | None:
        """None where it doesn't exist or is revoked."""
        with self._session() as session:
            row = session.get(SiteRow, id)
            return _site(row) if row and not row.revoked_at else None

    def allow(self, id: str, origins: Sequence[str], actor: str) -> None:
        """These origins instead of those before; tokens of others end now."""
        exact = _exact(origins)
        with self._session() as session:
            _row(session, id).origins = exact
            note(session, actor, "site key's origins changed", id, origins=exact)

    def rotate(self, id: str, actor: str) -> None:
        """All tokens end now; the site key stays as it is."""
        with self._session() as session:
            _row(session, id).signing = _new_signing()
            note(session, actor, "site key rotated", id)

    def revoke(self, id: str, actor: str) -> None:
        """It and all its tokens end now."""
        with self._session() as session:
            _row(session, id).revoked_at = _now()
            note(session, actor, "site key revoked", id)

    def all(self) -> list[Site]:
        with self._session() as session:
            return [_site(row) for row in session.scalars(select(SiteRow).order_by(SiteRow.created_at, SiteRow.id))]

    def any(self) -> bool:
        """Whether a site key was ever made, valid or not."""
        with self._session() as session:
            return bool(session.scalar(select(exists(select(SiteRow.id)))))

    def origins(self) -> frozenset[str]:
        """Those of all site keys that aren't revoked."""
        valid = select(SiteRow.origins).where(SiteRow.revoked_at.is_(None))
        with self._session() as session:
            return frozenset(origin for origins in session.scalars(valid) for origin in origins)


def exact_origin(text: str) -> str:
    """The origin as browsers write it. Raises AccessError where it is a pattern, or more or less than an origin."""
    wrong = AccessError(f"'{text}' is not an origin.", "Give scheme, host and port, such as https://www.example.com")
    try:
        parts = urlsplit(text.strip())
        port, host = parts.port, (parts.hostname or "").encode("idna").decode()
    except ValueError:
        raise wrong from None
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in _PORTS or more or not (_HOST.fullmatch(host) or ":" in host):
        raise wrong
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != _PORTS[parts.scheme] else "")


def _exact(origins: Sequence[str]) -> tuple[str, ...]:
    if not origins:
        raise AccessError("A site key needs an origin.", "Give --origin https://www.example.com")
    return tuple(dict.fromkeys(exact_origin(origin) for origin in origins))


def _row(session: Session, id: str) -> SiteRow:
    row = session.get(SiteRow, id)
    if row is None:
        raise AccessError(f"There is no site key {id}.", "See: brain keys list")
    return row


def _site(row: SiteRow) -> Site:
    return Site(**{field.name: getattr(row, field.name) for field in fields(Site)} | {"origins": tuple(row.origins)})


def _new_signing() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def _now() -> str:
    return stamp(datetime.now(UTC))
