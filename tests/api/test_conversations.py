"""Conversations over HTTP: continued from the store, also streamed; their maker's alone; without what became internal."""

import json
from typing import Any

import httpx
import pytest

from api.continuing import keeping
from brain.conversations.store import Conversations

FIRST = "Combien de jours pour renvoyer un article ? Je suis jean@exemple.fr"
THEN = "Et sans le ticket ?"


async def begin(asks: httpx.AsyncClient, key: dict[str, str], **body: Any) -> str:
    response = await asks.post("/v1/conversations", json=body, headers=key)
    assert response.status_code == 201, response.text
    id: str = response.json()["id"]
    return id


async def say(asks: httpx.AsyncClient, key: dict[str, str], id: str, question: str = FIRST) -> httpx.Response:
    return await asks.post("/v1/answer", json={"question": question, "conversation_id": id}, headers=key)


async def look(asks: httpx.AsyncClient, key: dict[str, str], id: str) -> dict[str, Any]:
    response = await asks.get(f"/v1/conversations/{id}", headers=key)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_conversation_is_continued_with_what_the_service_kept(house: Any) -> None:
    key = house.key()
    async with house.asking() as asks:
        id = await begin(asks, key)
        first = (await say(asks, key, id)).json()
        streamed = await asks.post(
            "/v1/answer",
            json={"question": THEN, "conversation_id": id},
            headers=key | {"Accept": "text/event-stream"},
        )
        second = json.loads(streamed.text.split("event: done\ndata: ")[1])
        found = await look(asks, key, id)
        trace = house.brain.trace(second["id"])
        listed = (await asks.get("/v1/conversations", headers=key)).json()

    assert [one["question"] for one in found["exchanges"]] == [
        "Combien de jours pour renvoyer un article ? Je suis [E-MAIL]",
        THEN,
    ]
    kept = found["exchanges"][0]["answer"]
    for name in ("id", "status", "reason", "message", "language", "text", "sentences"):
        assert kept[name] == first[name]
    assert [source["title"] for source in kept["sources"]] == ["Retours"] and first["status"] == "answered"
    assert found["exchanges"][1]["answer"]["id"] == second["id"]
    # What the second question was asked with.
    assert [turn["role"] for turn in trace["question"]["turns"]] == ["user", "assistant"]
    assert trace["question"]["turns"][1]["text"] == first["text"] and "@" not in str(trace)
    assert found["title"] == "Combien de jours pour renvoyer un article ? Je suis [E-MAIL]"
    assert [one["id"] for one in listed["conversations"]] == [id] and listed["next"] is None


async def test_sent_twice_with_an_idempotency_key_it_is_begun_once(house: Any) -> None:
    mine, other = house.key(), house.key()
    async with house.asking() as asks:
        once = {"Idempotency-Key": "talk-1"}
        first, again, theirs = [await begin(asks, key | once, title="Retours") for key in (mine, mine, other)]
        refused = await asks.post("/v1/conversations", json={"title": "Autre"}, headers=mine | once)
        listed = (await asks.get("/v1/conversations", headers=mine)).json()["conversations"]

    assert first == again != theirs and [one["id"] for one in listed] == [first]
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem:brain:repeated")


async def test_lists_come_in_pages(house: Any) -> None:
    key = house.key()
    async with house.asking() as asks:
        made = [await begin(asks, key, title=f"Titre {number}") for number in range(5)]
        await say(asks, key, made[0])
        seen, after = [], None
        while True:
            query = {"limit": "2"} | ({"after": after} if after else {})
            page = (await asks.get("/v1/conversations", params=query, headers=key)).json()
            seen += [one["id"] for one in page["conversations"]]
            if (after := page["next"]) is None:
                break
        wrong = await asks.get("/v1/conversations?after=yesterday", headers=key)

    assert seen[0] == made[0] and sorted(seen) == sorted(made) and wrong.status_code == 422


async def test_nobody_else_meets_it(house: Any) -> None:
    site = house.site()
    mine = house.key()
    async with house.asking() as asks:

        async def visitor() -> dict[str, str]:
            given = await asks.post("/v1/widget/token", json={"site_key": site.id}, headers={"Origin": house.page})
            return {"Authorization": f"Bearer {given.json()['token']}", "Origin": house.page}

        makers = [
            mine,
            house.key(),
            house.key(audience="public"),
            house.key(tenant="other"),
            *[await visitor() for _ in "12"],
        ]
        made = [await begin(asks, key) for key in makers]
        for maker, id in zip(makers, made, strict=True):
            assert (await say(asks, maker, id)).status_code == 200
        for number, key in enumerate(makers):
            listed = (await asks.get("/v1/conversations", headers=key)).json()["conversations"]
            assert [one["id"] for one in listed] == [made[number]]
            for other in {*made} - {made[number]}:
                path = f"/v1/conversations/{other}"
                assert (await asks.get(path, headers=key)).status_code == 404
                assert (await asks.delete(path, headers=key)).status_code == 404
                assert (await say(asks, key, other)).status_code == 404
        assert (await asks.get("/v1/conversations", headers=house.key("search"))).status_code == 403
        for maker, id in zip(makers, made, strict=True):
            assert (await asks.delete(f"/v1/conversations/{id}", headers=maker)).status_code == 204
            assert (await say(asks, maker, id)).status_code == 404


async def test_an_answer_whose_document_became_internal_is_neither_shown_nor_used(house: Any) -> None:
    public, agent = house.key(audience="public"), house.key()
    async with house.asking() as asks:
        ids = [await begin(asks, key) for key in (public, agent)]
        given = [(await say(asks, key, id)).json() for key, id in zip((public, agent), ids, strict=True)]
        assert all("14 jours" in one["text"] for one in given)
        house.workspace.write("retours.md", "# Retours\n\nUn article se renvoie sous 14 jours.")
        house.workspace.run()
        shown = [await look(asks, key, id) for key, id in zip((public, agent), ids, strict=True)]
        then = (await say(asks, public, ids[0], THEN)).json()
        trace = house.brain.trace(then["id"])

    assert shown[0]["exchanges"][0]["answer"] is None and "14 jours" not in json.dumps(shown[0])
    assert shown[1]["exchanges"][0]["answer"]["text"] == given[1]["text"]
    assert "14 jours" not in json.dumps(trace) and [turn["role"] for turn in trace["question"]["turns"]] == ["user"]


@pytest.mark.parametrize(
    "body",
    [
        {"conversation_id": "x"},
        {"conversation_id": "0" * 32, "turns": [{"role": "user", "text": "Bonjour"}]},
    ],
)
async def test_wrong_requests_are_named(house: Any, body: dict[str, Any]) -> None:
    async with house.asking() as asks:
        response = await asks.post("/v1/answer", json={"question": THEN} | body)
        long = await asks.post("/v1/conversations", json={"title": "x" * 201})
        more = await asks.post("/v1/conversations", json={"owner": "key::1"})
    assert (response.status_code, long.status_code, more.status_code) == (422, 422, 422)


async def test_who_leaves_before_the_answer_leaves_nothing_in_the_conversation(house: Any) -> None:
    from api.caller import configured_caller
    from api.known import Known
    from brain.types import Question

    known, who = Known(house.brain.settings), configured_caller(house.brain.settings)
    from api.caller import owner_of

    id = known.conversations.create(owner_of(who)).id
    events = keeping(house.brain.stream(Question("Combien de jours pour renvoyer un article ?")), id, who, known)
    assert [type(await anext(events)).__name__ for _ in range(2)] == ["Passages", "Sentence"]
    await events.aclose()
    store = Conversations(house.brain.settings)

    assert store.exchanges(owner_of(who), id, 10) == []
    store.close()
    known.close()
