"""Answers looked at again, and what people say of them."""

from typing import Any

import httpx
import pytest

from brain.feedback import Feedbacks

ASKED = {"question": "Combien de jours pour renvoyer un article ? Je suis jean@exemple.fr"}
GESTURE = {"question": "Quel geste un conseiller peut-il accorder ?"}


async def ask(asks: httpx.AsyncClient, key: dict[str, str], asked: dict[str, str] = ASKED) -> dict[str, Any]:
    response = await asks.post("/v1/answer", json=asked, headers=key)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def said(house: Any) -> list[dict[str, Any]]:
    feedbacks = Feedbacks(house.brain.settings)
    rows: list[dict[str, Any]] = feedbacks.newest()
    feedbacks.close()
    return rows


async def test_an_answer_is_there_again_without_personal_data(house: Any) -> None:
    key = house.key("ask", audience="public")
    async with house.asking() as asks:
        given = await ask(asks, key)
        again = await asks.get(f"/v1/answers/{given['id']}", headers=key)

    kept = again.json()
    for name in ("id", "status", "reason", "message", "language", "text", "sentences"):
        assert kept[name] == given[name]
    assert [source["title"] for source in kept["sources"]] == ["Retours"] and kept["trace"] is None
    assert kept["question"].startswith("Combien de jours") and "jean@" not in again.text


async def test_a_trace_is_for_those_who_evaluate(house: Any) -> None:
    reader, evaluator = house.key("ask"), house.key("ask", "eval")
    async with house.asking() as asks:
        path = f"/v1/answers/{(await ask(asks, reader))['id']}?trace=true"
        assert (await asks.get(path, headers=reader)).status_code == 403
        trace = (await asks.get(path, headers=evaluator)).json()["trace"]

    assert trace["passages_used"] and trace["timings"]


async def test_who_may_see_less_sees_no_answer_and_says_nothing_of_it(house: Any) -> None:
    agent, public, other = (
        house.key("ask", "feedback"),
        house.key("ask", "feedback", audience="public"),
        house.key(tenant="other"),
    )
    async with house.asking() as asks:
        internal, open_ = await ask(asks, agent, GESTURE), await ask(asks, public)
        for id, key, status in (
            (internal["id"], agent, 200),
            (open_["id"], public, 200),
            (open_["id"], agent, 200),
            (internal["id"], public, 404),
            (open_["id"], other, 404),
            ("0" * 32, agent, 404),
            ("nothing", agent, 422),
        ):
            assert (await asks.get(f"/v1/answers/{id}", headers=key)).status_code == status
        refused = await asks.post("/v1/feedback", json={"answer_id": internal["id"], "thumbs": "up"}, headers=public)
        assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "answer_id"
    assert said(house) == []


async def test_a_document_that_became_internal_takes_its_quotes_along(house: Any) -> None:
    agent, public = house.key("ask"), house.key("ask", audience="public")
    async with house.asking() as asks:
        paths = [f"/v1/answers/{(await ask(asks, key))['id']}" for key in (public, agent)]
        house.workspace.write("retours.md", "# Retours\n\nUn article se renvoie sous 14 jours.")
        house.workspace.run()
        statuses = [
            (await asks.get(path, headers=key)).status_code for path, key in zip(paths, (public, agent), strict=True)
        ]

    assert statuses == [404, 200]


async def test_feedback_is_written_once_for_its_idempotency_key(house: Any) -> None:
    key = house.key("ask", "feedback")
    async with house.asking() as asks:
        body = {
            "answer_id": (await ask(asks, key))["id"],
            "thumbs": "down",
            "reason": "wrong",
            "correction": "30 jours",
        }
        once = key | {"Idempotency-Key": "k1"}
        first, second = [await asks.post("/v1/feedback", json=body, headers=once) for _ in range(2)]
        third = await asks.post("/v1/feedback", json=body | {"thumbs": "up"}, headers=once)

    assert (first.status_code, second.status_code, third.status_code) == (201, 201, 409)
    assert third.json()["type"] == "urn:problem:brain:repeated"
    (row,) = said(house)
    assert row["id"] == first.json()["id"] == second.json()["id"]
    assert (row["thumbs"], row["reason"], row["correction"], row["tenant"], row["audience"]) == (
        "down",
        "wrong",
        "30 jours",
        "default",
        "agent",
    )


async def test_a_visitor_gives_feedback_and_a_key_without_the_scope_does_not(house: Any) -> None:
    site = house.site()
    async with house.asking() as asks:
        given = await asks.post("/v1/widget/token", json={"site_key": site.id}, headers={"Origin": house.page})
        visitor = {"Authorization": f"Bearer {given.json()['token']}", "Origin": house.page}
        body = {"answer_id": (await ask(asks, visitor))["id"], "thumbs": "up"}
        assert (await asks.post("/v1/feedback", json=body, headers=visitor)).status_code == 201
        assert (await asks.post("/v1/feedback", json=body, headers=house.key("ask"))).status_code == 403
    (row,) = said(house)
    assert row["given_by"].startswith(f"visitor:{site.id}:")


@pytest.mark.parametrize(
    "wrong",
    [{"thumbs": "sideways"}, {"reason": "because"}, {"comment": "x" * 2001}, {"tenant": "other"}, {"answer_id": "x"}],
)
async def test_wrong_feedback_is_named(house: Any, wrong: dict[str, str]) -> None:
    async with house.asking() as asks:
        response = await asks.post("/v1/feedback", json={"answer_id": "0" * 32, "thumbs": "up"} | wrong)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == list(wrong)
