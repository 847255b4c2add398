"""How long each stage of an answer took."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


class Stages:
    """`ms`: milliseconds by stage; one that comes more than once is added up. One for each question."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self.add(name, start)

    async def waited(self, name: str, pieces: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """The pieces; what is counted is the wait for each, not what is done with them."""
        async with aclosing(pieces):
            while True:
                start = perf_counter()
                try:
                    piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                finally:
                    self.add(name, start)
                yield piece

    def add(self, name: str, start: float) -> None:
        """From `start`, of `perf_counter`, until now."""
        self.ms[name] = self.ms.get(name, 0.0) + 1e3 * (perf_counter() - start)
