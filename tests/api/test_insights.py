"""Insights and review over HTTP: who may, whose, and what is done about a group."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from brain.insights.settings import ReviewSettings
from brain.testing import kept_answer
from brain.traces.store import Traces
from brain.types import Question, Reason
from eval.cases import load_cases

WEAK = Reason.INSUFFICIENT_EVIDENCE
GETS = ("", "/groups", "/articles", "/stale", "/groups.csv")


class Shop:
    """The house with what was asked there."""

    def __init__(self, house: Any, folder: Path) -> None:
        files = ReviewSettings(drafts=folder / "drafts.jsonl", cases=folder / "cases.jsonl")
        house.brain.settings = house.brain.settings.model_copy(update={"review": files})
        self.house, self.traces, self.cases = house, Traces(house.brain.settings), files.cases
        self.eval = house.key("eval")

    def asked(self, text: str, *, who: str = "public", tenant: str = "default", **how: Any) -> str:
        at = datetime.now(UTC) - timedelta(days=how.pop("days", 1))
        record = kept_answer(Question(text, language="fr", audience=who, tenant=tenant), at, **how)
        self.traces.save([record])
        return str(record["id"])


@pytest.fixture
def shop(house: Any, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(house, tmp_path)
    yield made
    made.traces.close()


async def test_only_keys_that_evaluate_look_at_insights(shop: Shop) -> None:
    paths = [*(f"/v1/insights{path}" for path in GETS), "/v1/drafts"]
    async with shop.house.asking() as asks:
        for path in paths:
            refusals = [await asks.get(path), await asks.get(path, headers=shop.house.key("ask", "ingest"))]
            assert [response.status_code for response in refusals] == [401, 403]
            assert "'eval' or 'admin'" in refusals[1].json()["detail"]
            for right in ("eval", "admin"):
                assert (await asks.get(path, headers=shop.house.key(right))).status_code == 200


async def test_without_any_key_one_is_asked_for(house: Any) -> None:
    async with house.asking() as asks:
        response = await asks.get("/v1/insights")
    assert response.status_code == 401 and "--scope eval" in response.json()["hint"]


async def test_from_a_group_to_a_case(shop: Shop) -> None:
    ids = [
        shop.asked(text, reason=WEAK, closest=("retours.md", 0.3))
        for text in ("payer en plusieurs fois", "payer plusieurs fois en", "payer en plusieurs fois, jean@exemple.fr")
    ]
    async with shop.house.asking() as asks:
        found = (await asks.get("/v1/insights/groups", headers=shop.eval)).json()
        (group,) = found["groups"]
        assert (group["count"], group["nearest"]["title"], found["total"]) == (3, "Retours", 1)
        assert "jean@" not in str(found)
        path = f"/v1/insights/groups/{group['id']}"
        listed = (await asks.get(path, headers=shop.eval)).json()["questions"]
        assert {one["question"] for one in listed} >= {"payer en plusieurs fois"}

        made = await asks.post(f"{path}/draft", json={}, headers=shop.eval)
        again = await asks.post(f"{path}/draft", json={"answer_id": ids[1]}, headers=shop.eval)
        assert (made.status_code, again.status_code) == (201, 201)
        assert made.json()["new"] and again.json() == made.json() | {"new": False}
        (draft,) = (await asks.get("/v1/drafts", headers=shop.eval)).json()["drafts"]
        assert (draft["id"], draft["seen"]) == (made.json()["draft_id"], 4)
        answer = draft["answer"]
        assert answer["status"] == "refused" and answer["nearest"][0]["title"] == "Retours"

        accept = f"/v1/drafts/{draft['id']}/accept"
        wrong = await asks.post(accept, json={"reason": "whatever"}, headers=shop.eval)
        assert wrong.status_code == 422 and wrong.json()["type"] == "urn:problem:brain:wrong-case"
        right = await asks.post(accept, json={"status": "answered", "documents": ["retours.md"]}, headers=shop.eval)
        late = await asks.post(f"/v1/drafts/{draft['id']}/reject", json={}, headers=shop.eval)
        assert (right.status_code, late.status_code) == (204, 409)
        assert (await asks.get("/v1/drafts", headers=shop.eval)).json() == {"total": 0, "drafts": []}
        group = (await asks.get(path, headers=shop.eval)).json()["group"]
    assert [note["kind"] for note in group["notes"]] == ["draft"]
    (case,) = load_cases(shop.cases)
    assert case.expect.documents == ("retours.md",) and case.filters.audience == "public"


async def test_an_article_turns_the_questions(shop: Shop) -> None:
    shop.asked("combien de jours pour renvoyer un article", reason=WEAK)
    async with shop.house.asking() as asks:
        (group,) = (await asks.get("/v1/insights/groups", headers=shop.eval)).json()["groups"]
        path = f"/v1/insights/groups/{group['id']}"
        body = {"document_id": "retours.md", "text": "écrit par jean@exemple.fr"}
        made = await asks.post(f"{path}/notes", json=body, headers=shop.eval)
        before = len(shop.traces.newest(100))
        again = (await asks.post(f"{path}/ask-again", headers=shop.eval)).json()
        assert again["turned"] == 1 and again["questions"][0]["documents"] == ["retours.md"]
        assert (again["questions"][0]["before"], again["questions"][0]["after"]) == ("refused", "answered")
        asked = {"question": "combien de jours pour renvoyer un article"}
        await asks.post("/v1/answer", json=asked, headers=shop.house.key("ask", audience="public"))
        group = (await asks.get(path, headers=shop.eval)).json()["group"]
        assert len(shop.traces.newest(100)) == before + 1  # asking again is not kept, a customer's question is
        assert (group["after"]["asked"], group["after"]["answered"]) == (1, 1)
        (note,) = group["notes"]
        assert note["found"] == again and note["text"] == "écrit par [E-MAIL]" and note["document_id"] == "retours.md"
        forget = f"/v1/insights/notes/{made.json()['id']}"
        gone = [(await asks.delete(forget, headers=shop.eval)).status_code for _ in range(2)]
        assert gone == [204, 404]


async def test_nobody_meets_what_is_not_theirs(shop: Shop) -> None:
    """Whatever a key of another tenant, or of the public, asks for: nothing of it is told, and nothing done."""
    secret = "zqsecret geste interne"
    id = shop.asked(secret, who="agent", reason=WEAK, closest=("geste.md", 0.9))
    shop.asked("geste commercial", reason=WEAK, closest=("geste.md", 0.9))
    shop.asked("zqstale", who="agent", cites=("geste.md", "Un conseiller peut tout."))
    public = shop.house.key("eval", "admin", audience="public")
    other = shop.house.key("eval", "admin", tenant="other")
    async with shop.house.asking() as asks:
        groups = (await asks.get("/v1/insights/groups", headers=shop.eval)).json()["groups"]
        mine = next(group for group in groups if group["label"] == secret)
        path = f"/v1/insights/groups/{mine['id']}"
        assert (await asks.post(f"{path}/draft", json={"answer_id": id}, headers=shop.eval)).json()["new"]
        (draft,) = (await asks.get("/v1/drafts", headers=shop.eval)).json()["drafts"]
        note = (await asks.post(f"{path}/notes", json={}, headers=shop.eval)).json()["id"]
        for key in (public, other):
            told = ""
            for get in (*GETS, "/articles.csv", "/unused.csv", "/stale.csv", "/days.csv"):
                response = await asks.get(f"/v1/insights{get}", headers=key)
                assert response.status_code == 200
                told += response.text
            told += (await asks.get("/v1/drafts", headers=key)).text
            assert "zq" not in told and "geste.md" not in told and "Geste" not in told
            attempts = [
                await asks.get(path, headers=key),
                await asks.post(f"{path}/draft", json={"answer_id": id}, headers=key),
                await asks.post(f"{path}/notes", json={}, headers=key),
                await asks.post(f"{path}/ask-again", headers=key),
                await asks.delete(f"/v1/insights/notes/{note}", headers=key),
            ]
            assert [response.status_code for response in attempts] == [404] * 5
            for act, body in (("accept", {}), ("reject", {})):
                response = await asks.post(f"/v1/drafts/{draft['id']}/{act}", json=body, headers=key)
                assert response.status_code == 409
        counts = [(await asks.get("/v1/insights", headers=key)).json()["whole"]["answers"] for key in (public, other)]
        assert counts == [1, 0]
        # An answer of somebody else can't be drafted by way of one's own group either.
        own = (await asks.get("/v1/insights/groups", headers=public)).json()["groups"][0]
        tried = await asks.post(f"/v1/insights/groups/{own['id']}/draft", json={"answer_id": id}, headers=public)
        assert tried.status_code == 404


async def test_filters_and_csv(shop: Shop) -> None:
    shop.asked("=cmd|' /C calc'!A0", reason=WEAK)
    shop.asked("il y a longtemps", reason=WEAK, days=40)
    shop.asked("de l'agent", who="agent", reason=WEAK)
    async with shop.house.asking() as asks:

        async def count(**params: str) -> int:
            response = await asks.get("/v1/insights/groups", params=params, headers=shop.eval)
            return int(response.json()["total"])

        old = (datetime.now(UTC) - timedelta(days=60)).date().isoformat()
        assert [await count(), await count(audience="agent"), await count(language="en")] == [2, 1, 0]
        assert await count(**{"from": old}) == 3
        assert await count(**{"from": old, "to": old}) == 0
        sent = await asks.get("/v1/insights/groups.csv", params={"audience": "public"}, headers=shop.eval)
        wrong = await asks.get("/v1/insights", params={"from": "yesterday"}, headers=shop.eval)
    assert (
        sent.headers["content-type"] == "text/csv; charset=utf-8"
        and "attachment" in sent.headers["content-disposition"]
    )
    head, row = csv.reader(io.StringIO(sent.text.removeprefix("\ufeff")))
    assert row[head.index("label")] == "'=cmd|' /C calc'!A0"
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "from"
