"""An API key is `brain_ID_SECRET`: the id is public and names it in lists and logs, the secret is shown once and kept as a hash.

The secret is 256 random bits, so that one SHA-256 is enough: what makes slow hashes necessary is that people choose passwords.
"""

import re
import secrets
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

PREFIX, SITE_PREFIX, WEBHOOK_PREFIX = "brain_", "site_", "hook_"
ID_BYTES, SECRET_BYTES = 6, 32
_KEY = re.compile(r"brain_(?P<id>[0-9a-f]{12})_(?P<secret>[A-Za-z0-9_-]{43})")
_ANY_SECRET = re.compile(
    r"\b(brain_[0-9a-f]{12}_)[A-Za-z0-9_-]+|\b(eyJ)[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+|\b(whsec_)[A-Za-z0-9+/=]+"
)


class Secret(NamedTuple):
    """A key as its owner holds it."""

    id: str
    secret: str

    def __str__(self) -> str:
        return f"{PREFIX}{self.id}_{self.secret}"

    @property
    def hash(self) -> str:
        """SHA-256 (hex)."""
        return sha256(self.secret.encode()).hexdigest()

    def is_behind(self, kept: str | None) -> bool:
        """Takes the same time whatever differs."""
        return compare_digest(self.hash, kept or "")


def new_secret(id: str = "") -> Secret:
    """For a new key, or for that one."""
    return Secret(id or secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES))


def new_site_id() -> str:
    """Public: it stands in the widget's page."""
    return SITE_PREFIX + secrets.token_hex(ID_BYTES)


def secret_of(presented: str) -> Secret | None:
    """None where it has not the form of a key."""
    found = _KEY.fullmatch(presented)
    return Secret(found["id"], found["secret"]) if found else None


def without_secrets(text: str) -> str:
    """The text with the secret part of keys and tokens as `***`: for logs."""
    return _ANY_SECRET.sub(lambda found: f"{found[1] or found[2] or found[3]}***", text)
