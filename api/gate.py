"""Who a request comes from, by its `Authorization`; what it may do; and whether it has asked too much."""

import asyncio
import ipaddress
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from starlette.requests import Request

from api.caller import WIDGET_RIGHTS, Caller, configured_caller
from api.errors import ForbiddenError, KeyMissingError
from api.known import Known
from api.limits import Limit, Limits
from brain.errors import KeyRefusedError
from brain.keys.secret import PREFIX
from brain.settings import Settings
from brain.types import PUBLIC

if TYPE_CHECKING:
    from brain.keys.store import Key

USED_S = 60
"""A key's last use is written this often at most."""
ORIGINS_S = 5
"""How long the origins that browsers may ask from are remembered."""


class Gate:
    """Lets callers in. Keys are read by each request: one that is revoked ends at once."""

    def __init__(self, settings: Settings) -> None:
        self.known, self.limits, self.settings = Known(settings), Limits(settings.limits), settings
        self._used: dict[str, float] = {}
        self._writing: set[asyncio.Future[None]] = set()
        self._origins: tuple[float, frozenset[str]] = (-ORIGINS_S, frozenset())

    async def admit(self, request: Request, *rights: str) -> Caller:
        """The caller, who has one of these rights; counts the request.

        Raises KeyMissingError, KeyRefusedError, ForbiddenError, LimitError.
        """
        who = await self.caller(request)
        if rights and who.rights.isdisjoint(rights):
            named = "' or '".join(rights)
            if who.kind == "open":
                made = f"Make one: brain keys create NAME --scope {rights[0]}"
                raise KeyMissingError(f"A key with the scope '{named}' is needed.", made)
            raise ForbiddenError(f"This key has not the scope '{named}'.", "Use a key that has it.")
        await self.limits.take(self._limits_of(who, address_of(request)))
        return who

    async def caller(self, request: Request) -> Caller:
        """Raises KeyMissingError, KeyRefusedError, ForbiddenError."""
        presented = _presented(request)
        if presented is None:
            if await self._needs_key(request):
                raise KeyMissingError("A key is needed.", "Send it as: Authorization: Bearer brain_…")
            who = configured_caller(self.settings)
        elif presented.startswith(PREFIX):
            who = _holder(await asyncio.to_thread(self.known.check, presented))
            self._note_use(who.id)
        else:
            who = await self._visitor(presented, request.headers.get("Origin", ""))
        if who.audience not in self.settings.access.readers:
            raise ForbiddenError(f"'{who.audience}' is not a reader any more.", "See access.readers in the settings.")
        request.state.caller = who
        return who

    async def take_address(self, request: Request) -> None:
        """Counts a request that says nothing of who it comes from. Raises LimitError."""
        await self.limits.take([Limit(self.settings.limits.address, f"address/{address_of(request)}")])

    async def take_sender(self, id: str) -> None:
        """Counts a message of one that signs instead of showing a key, as one of a key. Raises LimitError."""
        await self.limits.take([Limit(self.settings.limits.key, f"key/{id}")])

    async def origins(self) -> frozenset[str]:
        """From which pages' scripts browsers may ask: those of the site keys."""
        if monotonic() - self._origins[0] >= ORIGINS_S:
            self._origins = (monotonic(), await asyncio.to_thread(self.known.origins))
        return self._origins[1]

    async def close(self) -> None:
        await asyncio.gather(*self._writing)
        await self.limits.close()
        await asyncio.to_thread(self.known.close)

    async def _needs_key(self, request: Request) -> bool:
        if (keys := self.settings.service.keys) != "auto":
            return keys == "required"
        return not _is_local(request, self.settings) or await asyncio.to_thread(self.known.any)

    async def _visitor(self, token: str, origin: str) -> Caller:
        from brain.keys.tokens import visitor_of

        found = await asyncio.to_thread(visitor_of, token, origin, self.known.site)
        return Caller(found.site.tenant, PUBLIC, WIDGET_RIGHTS, "visitor", found.id, found.site.id, found.site.rate)

    def _limits_of(self, who: Caller, address: str) -> list[Limit]:
        rates, of_address = self.settings.limits, Limit(self.settings.limits.address, f"address/{address}")
        if who.kind == "key":
            return [Limit(who.rate or rates.key, f"key/{who.id}")]
        if who.kind == "visitor":
            site = Limit(who.rate or rates.site, f"site/{who.site}")
            return [Limit(rates.visitor, f"visitor/{who.id}"), of_address, site]
        return [] if is_loopback(address) else [of_address]

    def _note_use(self, id: str) -> None:
        """Soon, and not by the request itself: whoever writes to the database meanwhile must not make it wait."""
        if monotonic() - self._used.get(id, -USED_S) >= USED_S:
            self._used[id] = monotonic()
            writing = asyncio.ensure_future(asyncio.to_thread(self.known.used, id, datetime.now(UTC)))
            self._writing.add(writing)
            writing.add_done_callback(self._writing.discard)


def address_of(request: Request) -> str:
    """Where the request comes from; behind a proxy of `service.proxies`, whom that forwards."""
    return request.client.host if request.client else ""


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_local(request: Request, settings: Settings) -> bool:
    """Of this machine, under this machine's name: a page elsewhere whose name was made to mean 127.0.0.1 keeps its own name."""
    named = request.url.hostname or ""
    return is_loopback(settings.service.host) and is_loopback(address_of(request)) and is_loopback(named)


def _presented(request: Request) -> str | None:
    given = request.headers.get("Authorization")
    if given is None:
        return None
    scheme, _, value = given.partition(" ")
    if scheme.lower() != "bearer" or not value.strip():
        raise KeyRefusedError("The header Authorization can't be read.", "Send: Authorization: Bearer brain_…")
    return value.strip()


def _holder(key: "Key") -> Caller:
    return Caller(key.tenant, key.audience, frozenset(key.scopes), "key", key.id, rate=key.rate)
