"""How long a model may take, and how much it may send."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import httpx

from brain.answerers.llm_errors import TooLarge

MOST_BYTES = 4_000_000
"""Far above any honest reply, with all that endpoints put around each token of a stream."""


class Budget:
    """Seconds that may be waited in all; what passes between the waits does not count."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    @asynccontextmanager
    async def spent(self, most: float = math.inf) -> AsyncIterator[None]:
        """Raises TimeoutError where they, or `most`, run out meanwhile."""
        start = perf_counter()
        try:
            async with asyncio.timeout(max(0.0, min(self.left, most))):
                yield
        finally:
            self.left -= perf_counter() - start


class Limited(httpx.AsyncByteStream):
    """A body that ends with TooLarge beyond its limit: who reads it looks for the end of a line first."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream, self._left = stream, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise TooLarge("the reply is too large")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
