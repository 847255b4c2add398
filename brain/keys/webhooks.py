"""Webhooks in: who may send documents without an API key, by signing each message with a secret that both sides hold.

Signatures are those of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`. To check one, the secret
itself is needed, not a hash: it stands in the database, as a site key's signing secret does.
"""

import binascii
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest, new

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from brain.errors import AccessError, KeyRefusedError, RepeatedError
from brain.keys.audit import note, stamp
from brain.keys.secret import SECRET_BYTES, WEBHOOK_PREFIX
from brain.keys.store import GRACE
from brain.state import Base, State

SECRET_PREFIX = "whsec_"
LONGEST_ID = 256
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class WebhookRow(Base):
    """A webhook. `old_secret` is good until `old_until`. Times are ISO 8601 in UTC."""

    __tablename__ = "webhooks"

    name: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    audience: Mapped[str]
    secret: Mapped[str]
    old_secret: Mapped[str | None]
    old_until: Mapped[str | None]
    created_at: Mapped[str]
    revoked_at: Mapped[str | None]


class WebhookMessageRow(Base):
    """A message that was acted on: not again. Kept as long as its timestamp could be believed."""

    __tablename__ = "webhook_messages"

    webhook: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[str]
    at: Mapped[str] = mapped_column(index=True)


@dataclass(frozen=True, slots=True)
class Webhook:
    """What may be shown of one."""

    name: str
    tenant: str
    audience: str
    created_at: str = ""
    revoked_at: str | None = None
    old_until: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What was sent, with its three headers."""

    id: str
    timestamp: str
    signature: str = field(repr=False)
    body: bytes = field(repr=False)


class Webhooks(State):
    """Makes, checks and ends them; every method is one transaction. Raises StoreError; AccessError where there is no such webhook."""

    def create(self, name: str, *, tenant: str, audience: str, actor: str) -> str:
        """The secret, `whsec_…`: the only time that it can be had. Raises AccessError where the name isn't one, or is taken."""
        if not _NAME.fullmatch(name):
            raise AccessError(f"'{name}' can't be a webhook's name.", "Use small letters, digits and hyphens.")
        secret = _new_secret()
        with self._session() as session:
            if session.get(WebhookRow, name):
                raise AccessError(f"There is a webhook {name} already.", "Use another name; revoked ones keep theirs.")
            row = WebhookRow(
                name=name, tenant=tenant, audience=audience, secret=secret, created_at=stamp(datetime.now(UTC))
            )
            session.add(row)
            note(session, actor, "webhook created", WEBHOOK_PREFIX + name, tenant=tenant, audience=audience)
        return secret

    def check(self, name: str, message: Message, tolerance: timedelta) -> Webhook:
        """The webhook that the message is from. Raises KeyRefusedError, which tells why only to who signed it rightly."""
        with self._session() as session:
            row = session.get(WebhookRow, name)
            secrets_ = _valid_secrets(row) if row else []
            # A webhook that isn't there takes as long.
            signed = [_is_signed(message, secret) for secret in secrets_ or [_new_secret()]]
            if row is None or not secrets_ or not any(signed):
                raise KeyRefusedError("This message isn't signed by a webhook.", "Check its name, secret and headers.")
            if not _is_fresh(message.timestamp, tolerance):
                raise KeyRefusedError(
                    "This message is too old, or from the future.", "Send it again; check the clocks."
                )
            return _webhook(row)

    def is_known(self, name: str, message: Message) -> bool:
        """Whether the message was acted on before. Raises RepeatedError where its id came with another body."""
        with self._session() as session:
            row = session.get(WebhookMessageRow, (name, message.id))
            if row and row.body_hash != _body_hash(message):
                raise RepeatedError("This webhook-id came with another body.", "Give each message an id of its own.")
            return row is not None

    def remember(self, name: str, message: Message, tolerance: timedelta) -> None:
        """It was acted on. What no timestamp would let in any more is forgotten."""
        moment = datetime.now(UTC)
        with self._session() as session:
            session.execute(delete(WebhookMessageRow).where(WebhookMessageRow.at < stamp(moment - 3 * tolerance)))
            session.merge(
                WebhookMessageRow(webhook=name, id=message.id, body_hash=_body_hash(message), at=stamp(moment))
            )

    def rotate(self, name: str, actor: str, grace: timedelta = GRACE) -> str:
        """Another secret. The one before stays good for `grace`; any earlier one ends now."""
        secret, until = _new_secret(), stamp(datetime.now(UTC) + grace)
        with self._session() as session:
            row = _row(session, name)
            if row.revoked_at:
                raise AccessError(f"The webhook {name} is revoked.", "Make another one: brain keys create-webhook NAME")
            row.old_secret, row.old_until, row.secret = row.secret, until, secret
            note(session, actor, "webhook rotated", WEBHOOK_PREFIX + name, old_until=until)
        return secret

    def revoke(self, name: str, actor: str) -> None:
        """Its messages are refused from now on."""
        with self._session() as session:
            row = _row(session, name)
            row.revoked_at, row.secret, row.old_secret = stamp(datetime.now(UTC)), "", None
            note(session, actor, "webhook revoked", WEBHOOK_PREFIX + name)

    def all(self) -> list[Webhook]:
        with self._session() as session:
            rows = session.scalars(select(WebhookRow).order_by(WebhookRow.created_at, WebhookRow.name))
            return [_webhook(row) for row in rows]


def signature(secret: str, id: str, timestamp: str, body: bytes) -> str:
    """As it stands in the header `webhook-signature`. Raises ValueError where the secret isn't one."""
    try:
        key = b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not a webhook's secret") from error
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + b64encode(new(key, signed, sha256).digest()).decode()


def _is_signed(message: Message, secret: str) -> bool:
    right = signature(secret, message.id, message.timestamp, message.body).encode()
    # Several, of several secrets, stand side by side; each is compared whatever the others say.
    given = [compare_digest(right, one.encode("utf-8", "replace")) for one in message.signature.split(" ")[:10]]
    return bool(message.id) and len(message.id) <= LONGEST_ID and any(given)


def _is_fresh(timestamp: str, tolerance: timedelta) -> bool:
    if not re.fullmatch(r"\d{1,12}", timestamp, re.ASCII):
        return False
    return abs(datetime.now(UTC).timestamp() - int(timestamp)) <= tolerance.total_seconds()


def _valid_secrets(row: WebhookRow) -> list[str]:
    if row.revoked_at:
        return []
    old = row.old_secret if row.old_until and row.old_until > stamp(datetime.now(UTC)) else None
    return [row.secret, *([old] if old else [])]


def _body_hash(message: Message) -> str:
    return sha256(message.body).hexdigest()


def _new_secret() -> str:
    return SECRET_PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _row(session: Session, name: str) -> WebhookRow:
    row = session.get(WebhookRow, name)
    if row is None:
        raise AccessError(f"There is no webhook {name}.", "See: brain keys list")
    return row


def _webhook(row: WebhookRow) -> Webhook:
    return Webhook(**{field.name: getattr(row, field.name) for field in fields(Webhook)})
