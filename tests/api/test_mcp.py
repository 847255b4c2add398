"""The official client of the Model Context Protocol against the service, on a real socket."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from brain.keys.store import Keys
from brain.session import Brain

pytest.importorskip("mcp", reason="the extra `mcp` is not installed")

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

Serve = Callable[[FastAPI], AbstractContextManager[str]]
MODES: Any = ("auto", "legacy")


@asynccontextmanager
async def connected(url: str, headers: dict[str, str], mode: Any = "auto") -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.fixture(scope="module")
def sample_url(sample_brain: Brain, serve: Serve) -> Iterator[str]:
    with serve(create_app(sample_brain.settings, sample_brain)) as url:
        yield url


@pytest.fixture(scope="module")
def sample_key(sample_brain: Brain) -> dict[str, str]:
    keys = Keys(sample_brain.settings)
    made = keys.create("mcp", ["ask", "search"], tenant="default", audience="public", actor="me")
    keys.close()
    return {"Authorization": f"Bearer {made}"}


@pytest.mark.parametrize("mode", MODES)
async def test_three_turns_with_citations_and_the_document_behind(
    sample_url: str, sample_key: dict[str, str], mode: str
) -> None:
    turns: list[dict[str, str]] = []
    async with connected(sample_url, sample_key, mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["ask", "search", "get_document"]
        for question in (
            "Combien coûte la livraison en point relais ?",
            "Et en Corse ?",
            "Combien de temps ai-je pour renvoyer un article ?",
        ):
            result = await client.call_tool("ask", {"question": question, "turns": turns})
            found = result.structured_content
            assert not result.is_error and found and found["status"] == "answered", result
            assert text_of(result).startswith(found["sentences"][0]["text"])
            assert "\n\n[1] " in text_of(result) and found["sources"]
            turns += [{"role": "user", "text": question}, {"role": "assistant", "text": found["text"]}]
        searched = (await client.call_tool("search", {"question": question, "limit": 3})).structured_content
        cited = found["sentences"][0]["citations"][0]
        read = await client.call_tool("get_document", {"document_id": cited["document_id"]})

    assert searched and len(searched["passages"]) == 3
    assert read.structured_content and cited["quote"] in read.structured_content["text"] == text_of(read)


async def test_a_key_sees_its_own_documents_and_tools(house: Any, serve: Serve) -> None:
    agent, public, asker = house.key(), house.key(audience="public"), house.key("ask")
    other = house.key(tenant="other")
    with serve(create_app(house.brain.settings, house.brain)) as url:
        for key, ids in ((agent, {"geste.md", "retours.md"}), (public, {"retours.md"}), (other, set())):
            async with connected(url, key) as client:
                found = (await client.call_tool("search", {"question": "geste article"})).structured_content
                assert found and {passage["document_id"] for passage in found["passages"]} == ids
                for id in ("geste.md", "retours.md", "nothing.md"):
                    read = await client.call_tool("get_document", {"document_id": id})
                    assert read.is_error == (id not in ids)
                    if read.is_error:
                        assert text_of(read) == "There is no such document. Use an id that ask or search gave."
        async with connected(url, asker) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == ["ask"]
            refused = await client.call_tool("search", {"question": "geste"})
            assert refused.is_error and "has not the scope 'search'" in text_of(refused)


async def test_what_is_wrong_is_told_without_repeating_it(
    house: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError(str(_) + str(__))

    with serve(create_app(house.brain.settings, house.brain)) as url:
        async with connected(url, house.key()) as client:
            for name, arguments, says in (
                ("ask", {"question": "secret", "tenant": "other"}, "tenant: Extra inputs are not permitted"),
                ("ask", {"question": " "}, "question: String should have at least 1 character"),
                ("ask", {"question": "secret" * 1000}, "question: String should have at most 4000 characters"),
                ("search", {"question": "secret", "limit": 1000}, "limit: Input should be less than or equal to 50"),
                ("get_document", {}, "document_id: Field required"),
                ("delete", {}, "There is no tool of this name. Known: ask, search, get_document"),
            ):
                result = await client.call_tool(name, arguments)
                assert result.is_error and text_of(result) == says
            monkeypatch.setattr(house.brain._serving.retriever, "_find", fail)
            crashed = await client.call_tool("ask", {"question": "geste"})
    assert crashed.is_error and text_of(crashed) == "The tool failed; the service's log has the details."
    assert "ZeroDivisionError" in caplog.text and "secret" not in caplog.text


def test_without_a_valid_key_there_is_only_a_problem(house: Any, serve: Serve) -> None:
    house.key()
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "ask", "arguments": {"question": "geste"}},
    }
    accepts = {"Accept": "application/json, text/event-stream"}
    with serve(create_app(house.brain.settings, house.brain)) as url:
        for headers, slug in (({}, "key-missing"), ({"Authorization": "Bearer brain_x"}, "key-refused")):
            refused = httpx.post(f"{url}/mcp", json=call, headers=accepts | headers)
            assert (refused.status_code, refused.json()["type"]) == (401, f"urn:problem:brain:{slug}")
        assert httpx.get(f"{url}/mcp", headers=accepts).status_code == 405
        large = httpx.post(f"{url}/mcp", json=call | {"x": "x" * 70_000}, headers=accepts | house.key())
        assert large.status_code == 413


async def test_each_message_is_counted(house: Any) -> None:
    key = house.key(rate="1/hour")
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    async with house.asking() as asks:
        accepts = {"Accept": "application/json, text/event-stream"}
        statuses = [(await asks.post("/mcp", json=call, headers=key | accepts)).status_code for _ in range(2)]
    assert statuses == [200, 429]


async def test_an_agent_s_answer_has_the_request_s_id(house: Any) -> None:
    params = {"name": "ask", "arguments": {"question": "Combien peut accorder un conseiller ?"}}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = house.key() | {"Accept": "application/json, text/event-stream", "X-Request-ID": "agent-1"}
    async with house.asking() as asks:
        while (await asks.get("/readyz")).status_code != 200:
            pass
        said = (await asks.post("/mcp", json=call, headers=headers)).json()

    answer = said["result"]["structuredContent"]
    assert house.brain.trace(answer["id"])["request_id"] == "agent-1"


async def test_agents_can_be_shut_out(house: Any) -> None:
    async with house.asking(house.with_settings(mcp=False)) as asks:
        assert (await asks.post("/mcp", json={})).status_code == 404
