"""How much is answered to whom, counted in this process or in Redis."""

import logging
import math
from collections.abc import Iterable
from time import monotonic, time
from typing import Any, NamedTuple

import limits
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from api.errors import LimitError
from brain.errors import SettingsError
from brain.settings import LimitSettings, redact_url

WARN_EVERY_S = 60
_log = logging.getLogger(__name__)


class Limit(NamedTuple):
    """So often for all that is counted under this name, such as `key/3f9a0c1b22de`: what it is of, and which."""

    rate: str
    name: str


class Limits:
    """Takes requests off what is left. Where Redis fails, this process counts alone meanwhile."""

    def __init__(self, settings: LimitSettings) -> None:
        """Raises SettingsError where the storage is unknown or its library is not installed."""
        self._url = redact_url(settings.url)
        try:
            options: dict[str, Any] = (
                {} if settings.url.startswith("memory:") else {"implementation": "redispy", "socket_timeout": 1}
            )
            self._storage = limits.storage.storage_from_string(f"async+{settings.url}", **options)
        except (limits.errors.ConfigurationError, ValueError) as error:
            text = f"limits.url {self._url} can't be used."
            raise SettingsError(text, "Use memory://, or redis://host:6379 with the extra `redis`.") from error
        kinds = self._storage.base_exceptions
        self._failures: tuple[type[Exception], ...] = (*(kinds if isinstance(kinds, tuple) else (kinds,)), OSError)
        self._counted = SlidingWindowCounterRateLimiter(self._storage)
        self._alone = SlidingWindowCounterRateLimiter(limits.storage.storage_from_string("async+memory://"))
        self._warned = -math.inf

    async def take(self, wanted: Iterable[Limit]) -> None:
        """One request off each. Raises LimitError with the seconds to wait at the first that is used up."""
        for limit in wanted:
            for item in limits.parse_many(limit.rate) if limit.rate else ():
                if wait := await self._wait(item, limit.name):
                    raise LimitError(wait, limit.name.partition("/")[0])

    async def close(self) -> None:
        if bridge := getattr(self._storage, "bridge", None):
            await bridge.storage.aclose()

    async def _wait(self, item: limits.RateLimitItem, name: str) -> int:
        """Seconds; 0 where it was taken."""
        try:
            return await _taken(self._counted, item, name)
        except self._failures as error:
            self._warn(error)
            return await _taken(self._alone, item, name)

    def _warn(self, error: Exception) -> None:
        if monotonic() - self._warned > WARN_EVERY_S:
            self._warned = monotonic()
            _log.warning("%s fails (%s): requests are counted in this process alone", self._url, type(error).__name__)


async def _taken(limiter: SlidingWindowCounterRateLimiter, item: limits.RateLimitItem, name: str) -> int:
    if await limiter.hit(item, name):
        return 0
    stats = await limiter.get_window_stats(item, name)
    return max(1, math.ceil(stats.reset_time - time()))
