"""The two clients. What they can ask stands in `calls.py` and `keeping.py`; here is how it is sent."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from functools import wraps
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

import httpx
from pydantic import BaseModel

from brain.client import calls, keeping
from brain.client.calls import Call
from brain.client.document_models import Job
from brain.client.errors import ProblemError, success
from brain.client.models import Answer, Event
from brain.client.retrying import Patience, Reading, Tries, read

P = ParamSpec("P")
C = TypeVar("C")
R = TypeVar("R")
T = TypeVar("T", bound=BaseModel)
TIMEOUT_S = 60
"""Without a byte; a stream has one every 15 s."""
CONNECT_S = 5
PROGRESS_S = 1
"""Between two looks at an import."""


class _Method(Generic[C, P, T, R]):
    """A method with the signature of a function of these, that sends what this makes."""

    def __init__(self, build: Callable[P, Call[T]], send: Callable[[C, Call[T]], R]) -> None:
        self._build, self._send, self.__doc__ = build, send, build.__doc__

    @overload
    def __get__(self, client: None, kind: type[C]) -> Self: ...
    @overload
    def __get__(self, client: C, kind: type[C]) -> Callable[P, R]: ...
    def __get__(self, client: C | None, kind: type[C]) -> Self | Callable[P, R]:
        if client is None:
            return self

        @wraps(self._build)
        def method(*arguments: P.args, **named: P.kwargs) -> R:
            return self._send(client, self._build(*arguments, **named))

        return method


class _Requests:
    """What both know of a service."""

    def __init__(self, url: str, key: str, headers: Mapping[str, str] | None, patience: Patience | None) -> None:
        self._url, self._patience = url.rstrip("/"), patience or Patience()
        self._headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **(headers or {})}

    def _request(self, call: Call[Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        return {
            "method": call.method,
            "url": f"{self._url}{call.path}",
            "json": call.body,
            "params": call.query,
            "headers": {**self._headers, **call.headers, **(headers or {})},
        }


class Client(_Requests):
    """Asks a service. A context manager; may be shared between threads.

    with Client("https://brain.example.com", "brain_…") as client:
        answer = client.answer("Combien de temps pour un remboursement ?")
        for event in client.stream("Et sur une carte cadeau ?", turns=[…]): ...

    Raises a `ClientError`. Requests that were lost, or refused for the moment (429, 503: `Retry-After` is kept to), are sent again
    as `patience` has it. `http`: a client of one's own, which stays open.
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        timeout_s: float = TIMEOUT_S,
        patience: Patience | None = None,
        headers: Mapping[str, str] | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(url, key, headers, patience)
        self._own = http is None
        self._http = http or httpx.Client(timeout=httpx.Timeout(timeout_s, connect=CONNECT_S))

    def _send(self, call: Call[T]) -> T:
        tries = Tries(self._patience)
        while True:
            try:
                response = self._http.request(**self._request(call))
                return read(call.answer, success(response).content)
            except (httpx.TransportError, ProblemError) as error:
                wait = tries.after(error)
            time.sleep(wait)

    def _stream(self, call: Call[Answer]) -> Generator[Event, None, None]:
        tries, reading = Tries(self._patience), Reading()
        while not reading.done:
            try:
                with self._http.stream(**self._request(call, reading.begin())) as response:
                    if not response.is_success:
                        response.read()
                    for text in success(response).iter_text():
                        yield from reading.events(text)
                reading.end()
            except (httpx.TransportError, ProblemError) as error:
                time.sleep(tries.after(error))
        if reading.problem:
            raise reading.problem

    def _until_ended(self, call: Call[Job]) -> Generator[Job, None, None]:
        yield (job := self._send(call))
        while not job.ended:
            time.sleep(PROGRESS_S)
            yield (job := self._send(call))

    answer = _Method(calls.answer, _send)
    stream = _Method(calls.answer, _stream)
    search = _Method(calls.search, _send)
    kept_answer = _Method(calls.kept_answer, _send)
    feedback = _Method(calls.feedback, _send)
    widget_token = _Method(calls.widget_token, _send)
    begin_conversation = _Method(keeping.begin_conversation, _send)
    conversations = _Method(keeping.conversations, _send)
    conversation = _Method(keeping.conversation, _send)
    delete_conversation = _Method(keeping.delete_conversation, _send)
    documents = _Method(keeping.documents, _send)
    document = _Method(keeping.document, _send)
    put_document = _Method(keeping.put_document, _send)
    delete_document = _Method(keeping.delete_document, _send)
    import_documents = _Method(keeping.import_documents, _send)
    jobs = _Method(keeping.jobs, _send)
    job = _Method(keeping.job, _send)
    progress = _Method(keeping.progress, _until_ended)
    cancel_job = _Method(keeping.cancel_job, _send)

    def close(self) -> None:
        if self._own:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_Requests):
    """The same to be awaited; `stream` is an async generator.

    async with AsyncClient("https://brain.example.com", "brain_…") as client:
        answer = await client.answer("Combien de temps pour un remboursement ?")
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        timeout_s: float = TIMEOUT_S,
        patience: Patience | None = None,
        headers: Mapping[str, str] | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(url, key, headers, patience)
        self._own = http is None
        self._http = http or httpx.AsyncClient(timeout=httpx.Timeout(timeout_s, connect=CONNECT_S))

    async def _send(self, call: Call[T]) -> T:
        tries = Tries(self._patience)
        while True:
            try:
                response = await self._http.request(**self._request(call))
                return read(call.answer, success(response).content)
            except (httpx.TransportError, ProblemError) as error:
                wait = tries.after(error)
            await asyncio.sleep(wait)

    async def _stream(self, call: Call[Answer]) -> AsyncGenerator[Event, None]:
        tries, reading = Tries(self._patience), Reading()
        while not reading.done:
            try:
                async with self._http.stream(**self._request(call, reading.begin())) as response:
                    if not response.is_success:
                        await response.aread()
                    async for text in success(response).aiter_text():
                        for event in reading.events(text):
                            yield event
                reading.end()
            except (httpx.TransportError, ProblemError) as error:
                await asyncio.sleep(tries.after(error))
        if reading.problem:
            raise reading.problem

    async def _until_ended(self, call: Call[Job]) -> AsyncGenerator[Job, None]:
        yield (job := await self._send(call))
        while not job.ended:
            await asyncio.sleep(PROGRESS_S)
            yield (job := await self._send(call))

    answer = _Method(calls.answer, _send)
    stream = _Method(calls.answer, _stream)
    search = _Method(calls.search, _send)
    kept_answer = _Method(calls.kept_answer, _send)
    feedback = _Method(calls.feedback, _send)
    widget_token = _Method(calls.widget_token, _send)
    begin_conversation = _Method(keeping.begin_conversation, _send)
    conversations = _Method(keeping.conversations, _send)
    conversation = _Method(keeping.conversation, _send)
    delete_conversation = _Method(keeping.delete_conversation, _send)
    documents = _Method(keeping.documents, _send)
    document = _Method(keeping.document, _send)
    put_document = _Method(keeping.put_document, _send)
    delete_document = _Method(keeping.delete_document, _send)
    import_documents = _Method(keeping.import_documents, _send)
    jobs = _Method(keeping.jobs, _send)
    job = _Method(keeping.job, _send)
    progress = _Method(keeping.progress, _until_ended)
    cancel_job = _Method(keeping.cancel_job, _send)

    async def aclose(self) -> None:
        if self._own:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
