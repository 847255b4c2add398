"""What a widget asks with: a JSON Web Token of a few minutes, signed with its site key's own secret, bound to its page's origin."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt

from brain.errors import KeyRefusedError
from brain.keys.sites import Site

ALGORITHM = "HS256"
CLAIMS = ("sub", "origin", "jti", "iat", "exp")
_REFUSED = "This token is not valid, or not any more."
_HINT = "Exchange the site key for another one: POST /v1/widget/token"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who holds a token: a visitor of the site, known by nothing but the token's `id`."""

    id: str
    site: Site


def issue(site: Site, origin: str, lifetime: timedelta, now: datetime | None = None, visitor: str = "") -> str:
    """For that visitor, or a new one. Raises KeyRefusedError where the site key is not for this origin."""
    if origin not in site.origins:
        raise KeyRefusedError("This site key is not for this page's origin.", "See: brain keys origins")
    start = now or datetime.now(UTC)
    claims = {"sub": site.id, "origin": origin, "jti": visitor or uuid4().hex, "iat": start, "exp": start + lifetime}
    return jwt.encode(claims, site.signing, ALGORITHM, headers={"kid": site.id})


def visitor_of(token: str, origin: str, site_of: Callable[[str], Site | None]) -> Visitor:
    """Raises KeyRefusedError where the token is forged, has expired, or comes from another page than it was given to."""
    try:
        site = site_of(str(jwt.get_unverified_header(token).get("kid")))
        if site is None:
            raise KeyRefusedError(_REFUSED, _HINT)
        claims = jwt.decode(token, site.signing, [ALGORITHM], options={"require": list(CLAIMS)})
    except jwt.InvalidTokenError:
        raise KeyRefusedError(_REFUSED, _HINT) from None
    if claims["sub"] != site.id or claims["origin"] != origin or origin not in site.origins:
        raise KeyRefusedError(_REFUSED, _HINT)
    return Visitor(claims["jti"], site)
