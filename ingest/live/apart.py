"""Reading and encoding for a service, in a process of its own: questions go on in theirs, and a parser that hangs costs one document.

The process is begun with the first document, and is less urgent than whoever answers.
"""

import multiprocessing
import os
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import Future, TimeoutError
from contextlib import suppress
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol, TypeVar

from pebble import ProcessExpired, ProcessPool

from brain.encoder import Encoder, make_encoder
from brain.encoder.base import Progress, Vectors
from brain.errors import DocumentError, EncoderError
from brain.live import Draft
from brain.settings import Settings
from ingest.live.drafts import Readied, readied
from ingest.prepare import Reading

LESS_URGENT = 5
"""Niceness: questions go first, but somebody waits for the document, too."""
ENCODING_S = 600
"""Longest wait for a call of the encoder, its loading included."""
T = TypeVar("T")


class Preparing(Protocol):
    """Reads documents and encodes passages."""

    def warm(self, settings: Settings) -> None:
        """A first document is likely to come: what it needs may be loaded. Returns at once."""
        ...

    def read(self, drafts: Sequence[tuple[str, Draft]], reading: Reading) -> list[Readied | DocumentError]:
        """Each (id, draft) read, or why it can't be."""
        ...

    def encode(self, texts: Sequence[str], settings: Settings) -> Vectors:
        """Passages by the encoder of these settings. Raises EncoderError."""
        ...

    def close(self) -> None: ...


class Here:
    """A Preparing without another process, around any encoder: for programs and tests that have one loaded."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def warm(self, settings: Settings) -> None: ...

    def read(self, drafts: Sequence[tuple[str, Draft]], reading: Reading) -> list[Readied | DocumentError]:
        return [_read(id, draft, reading) for id, draft in drafts]

    def encode(self, texts: Sequence[str], settings: Settings) -> Vectors:
        return self._encoder.encode_passages(texts)

    def close(self) -> None: ...


class Apart:
    """A Preparing in one process beside this one."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s, self._guard = timeout_s, Lock()
        self._pool: ProcessPool | None = None

    def warm(self, settings: Settings) -> None:
        self._schedule(_encode, ENCODING_S, [" "], pickle.dumps(settings))

    def read(self, drafts: Sequence[tuple[str, Draft]], reading: Reading) -> list[Readied | DocumentError]:
        waiting = [self._schedule(_read, self._timeout_s, id, draft, reading) for id, draft in drafts]
        return [self._result(future) for future in waiting]

    def encode(self, texts: Sequence[str], settings: Settings) -> Vectors:
        try:
            return self._schedule(_encode, ENCODING_S, list(texts), pickle.dumps(settings)).result()
        except (TimeoutError, ProcessExpired) as error:
            raise EncoderError("The process that encodes has ended.", "See the service's log.") from error

    def close(self) -> None:
        with self._guard:
            if self._pool:
                with suppress(RuntimeError):
                    self._pool.stop()  # type: ignore[no-untyped-call]
                self._pool.join()

    def _schedule(self, call: Callable[..., T], timeout_s: float, *arguments: Any) -> "Future[T]":
        with self._guard:
            if self._pool is None:
                spawn = multiprocessing.get_context("spawn")
                self._pool = ProcessPool(max_workers=1, context=spawn, initializer=_less_urgent)
            future: Future[T] = self._pool.schedule(call, arguments, timeout=timeout_s)
            return future

    def _result(self, future: "Future[Readied | DocumentError]") -> Readied | DocumentError:
        try:
            return future.result()
        except TimeoutError:
            return DocumentError(f"parsing took more than {self._timeout_s:g} s", "Split it, or see ingest.timeout_s.")
        except ProcessExpired as error:
            return DocumentError(f"parsing ended its process (exit code {error.exitcode})", "Simplify its HTML.")


class Encoded:
    """An Encoder that knows some passages' vectors already, and asks `prepare` for the others."""

    name, dimensions = "", 0

    def __init__(self, preparing: Preparing, settings: Settings) -> None:
        self._preparing, self._settings = preparing, settings
        self._known: dict[str, Any] = {}

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        raise NotImplementedError  # whoever writes asks nothing

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        import numpy as np

        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        if missing:
            self._known |= zip(missing, self._preparing.encode(missing, self._settings), strict=True)
        return np.asarray([self._known[text] for text in texts], np.float32)


def _read(id: str, draft: Draft, reading: Reading) -> Readied | DocumentError:
    try:
        return readied(id, draft, reading)
    except DocumentError as error:
        return error
    except Exception as error:  # noqa: BLE001  a bug that one document brings to light must not stop the others
        return DocumentError(f"parsing failed: {type(error).__name__}", "Simplify it.")


def _encode(texts: list[str], settings: bytes) -> Vectors:
    return _encoder(settings).encode_passages(texts)


@lru_cache(maxsize=1)
def _encoder(settings: bytes) -> Encoder:
    return make_encoder(pickle.loads(settings))


def _less_urgent() -> None:
    if hasattr(os, "nice"):
        os.nice(LESS_URGENT)
