"""The Python client's conversations, documents and imports, against the service on a real socket."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from brain.client import (
    Answer,
    AsyncClient,
    Client,
    ConflictError,
    InvalidError,
    Job,
    NewDocument,
    NotFoundError,
    Patience,
)

ASKED = "Combien de jours pour renvoyer un article ?"
PORT = NewDocument(
    id="aide/frais été?#1",
    title="Frais de port",
    body="Les frais de port sont de 5 euros.",
    language="fr",
    audience=["public"],
    tags=["pays:fr"],
)


TALK = {"id": "a", "title": None, "created_at": "2026-11-28T21:00:00Z", "updated_at": "2026-11-28T21:00:00Z"}


@pytest.fixture
def url(house: Any, knowledge: Any, serve: Callable[[FastAPI], AbstractContextManager[str]]) -> Iterator[str]:
    with serve(create_app(house.brain.settings, house.brain, knowledge)) as url:
        yield url


@pytest.fixture
def key(house: Any) -> str:
    return str(house.key("ask", "search", "ingest")["Authorization"].removeprefix("Bearer "))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brain.client.clients.PROGRESS_S", 0.02)


def test_a_conversation_from_its_beginning_to_its_end(url: str, key: str) -> None:
    with Client(url, key) as client:
        begun, other = client.begin_conversation(), client.begin_conversation("Retours")
        answer = client.answer(ASKED, conversation_id=begun.id)
        *_, whole = client.stream("Et un article soldé ?", conversation_id=begun.id)
        assert isinstance(whole, Answer)
        page = client.conversations(limit=1)
        assert [one.id for one in page.conversations] == [begun.id] and page.next
        assert [one.id for one in client.conversations(after=page.next).conversations] == [other.id]
        looked = client.conversation(begun.id)
        assert looked.title == ASKED and looked.exchanges[0].question == ASKED
        assert [one.answer.id for one in looked.exchanges if one.answer] == [answer.id, whole.id]
        client.delete_conversation(begun.id)
        with pytest.raises(NotFoundError):
            client.conversation(begun.id)


@pytest.mark.parametrize("id", [PORT.id, "..", "a/../b", "a//b", "100 %", "/"])
def test_a_document_of_any_id_is_put_looked_at_and_deleted(url: str, key: str, id: str) -> None:
    document = PORT.model_copy(update={"id": id})
    with Client(url, key) as client:
        put = client.put_document(document)
        assert (put.document_id, put.change, put.flags) == (id, "created", {})
        assert client.put_document(document).change == "unchanged"
        assert client.answer("De combien sont les frais de port ?").text == PORT.body
        looked = client.document(id)
        assert (looked.text, looked.tags, looked.source) == (PORT.body, PORT.tags, "api")
        client.delete_document(id)
        with pytest.raises(NotFoundError):
            client.delete_document(id)


def test_documents_are_listed_and_refused(url: str, key: str) -> None:
    with Client(url, key) as client:
        client.put_document(PORT)
        page = client.documents(limit=1)
        assert page.next and [one.document_id for one in page.documents] == [PORT.id]
        assert [one.document_id for one in client.documents(after=page.next).documents] == ["geste.md", "retours.md"]
        assert [one.document_id for one in client.documents(source="api").documents] == [PORT.id]
        with pytest.raises(ConflictError):
            client.put_document(PORT.model_copy(update={"id": "retours.md"}))
        with pytest.raises(InvalidError, match="everyone"):
            client.put_document(PORT.model_copy(update={"audience": ["everyone"]}))


def test_an_import_is_followed_to_its_end(url: str, key: str, quick: None) -> None:
    rows = (PORT.model_copy(update={"id": f"port-{number}"}) for number in range(20))
    with Client(url, key) as client:
        begun = client.import_documents([*rows, PORT.model_copy(update={"url": "file:///etc/passwd"})])
        seen = list(client.progress(begun.id))
        assert all(not job.ended for job in seen[:-1]) and [job.done for job in seen] == sorted(
            job.done for job in seen
        )
        last = seen[-1]
        assert (last.state, last.total, last.done, last.failed) == ("done", 21, 21, 1)
        assert [failure.row for failure in last.failures] == [21]
        assert client.cancel_job(begun.id) == client.job(begun.id) == last
        assert [job.id for job in client.jobs(limit=1).jobs] == [begun.id]
        assert len(client.documents(source="api").documents) == 20


def test_an_import_of_which_the_receipt_was_lost_is_one_job(url: str, key: str) -> None:
    with Client(url, key) as client:
        jobs = [client.import_documents([PORT], idempotency_key="once").id for _ in range(2)]
        assert len(set(jobs)) == len(client.jobs().jobs) == 1


def test_a_conversation_of_which_the_receipt_was_lost_is_begun_once(url: str, key: str) -> None:
    with Client(url, key) as client:
        begun = {client.begin_conversation(idempotency_key="once").id for _ in range(2)}
        assert len(begun) == len(client.conversations().conversations) == 1
    sent: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Idempotency-Key"])
        return httpx.Response(502) if len(sent) == 1 else httpx.Response(201, json=TALK)

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        Client("http://brain", http=http, patience=Patience(longest_s=1)).begin_conversation()
    assert len(sent) == 2 and len(set(sent)) == 1  # one that the client made


async def test_the_same_is_awaited(url: str, key: str, quick: None) -> None:
    async with AsyncClient(url, key) as client:
        begun = await client.begin_conversation()
        answer = await client.answer(ASKED, conversation_id=begun.id)
        (exchange,) = (await client.conversation(begun.id)).exchanges
        assert exchange.answer and exchange.answer.id == answer.id
        await client.delete_conversation(begun.id)
        assert (await client.conversations()).conversations == []

        job = await client.import_documents([PORT])
        (*_, last) = [one async for one in client.progress(job.id)]
        assert isinstance(last, Job) and (last.state, last.failed) == ("done", 0)
        assert await client.job(job.id) == last
        one, page = await asyncio.gather(client.document(PORT.id), client.documents(source="api"))
        assert one.document_id == page.documents[0].document_id == PORT.id
        await client.delete_document(PORT.id)
        with pytest.raises(NotFoundError):
            await client.document(PORT.id)


def test_what_was_begun_can_be_cancelled(key: str, quick: None) -> None:
    """Which of its rows are put by then is chance: what the client asks and makes of it is not."""
    shown: dict[str, Any] = {
        **{"id": "a", "state": "running", "created_at": "2026-11-28T21:00:00Z", "ended_at": None, "total": 2},
        **{"done": 1, "failed": 0, "rate": None, "seconds_left": None, "failures": []},
    }

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            shown["state"] = "cancelled"
        return httpx.Response(200, json=shown)

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        client = Client("http://brain", key, http=http)
        states = []
        for job in client.progress("a"):
            states.append(job.state)
            client.cancel_job("a")
    assert states == ["running", "cancelled"]
