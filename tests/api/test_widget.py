"""A widget on another site's page: its site key, its token, and what a browser lets it read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from brain.keys.tokens import issue

ASKED = {"question": "Quel geste un conseiller peut-il accorder ?"}
VISITOR = ("192.0.2.7", 5000)


async def exchange(asks: httpx.AsyncClient, site: str, origin: str | None) -> httpx.Response:
    return await asks.post("/v1/widget/token", json={"site_key": site}, headers={"Origin": origin} if origin else {})


async def headers(asks: httpx.AsyncClient, house: Any, site: str) -> dict[str, str]:
    """What a widget asks with."""
    given = await exchange(asks, site, house.page)
    assert given.status_code == 200, given.text
    return {"Authorization": f"Bearer {given.json()['token']}", "Origin": house.page}


async def test_a_token_asks_as_the_public_of_its_tenant_and_no_more(house: Any) -> None:
    site = house.site()
    async with house.asking(client=VISITOR, host="brain.example.com") as asks:
        given = await exchange(asks, site.id, house.page)
        widget = {"Authorization": f"Bearer {given.json()['token']}", "Origin": house.page}
        found = await asks.post("/v1/answer", json=ASKED, headers=widget)
        search = await asks.post("/v1/search", json=ASKED, headers=widget)
        other = await headers(asks, house, house.site(tenant="other").id)
        nothing = await asks.post("/v1/answer", json=ASKED, headers=other)

    assert given.json()["expires_in"] == 900 and given.headers["access-control-allow-origin"] == house.page
    assert found.status_code == 200 and "30 euros" not in found.text and "geste.md" not in found.text
    assert "retours.md" in found.text
    assert search.status_code == 403
    assert nothing.json()["status"] == "refused" and "retours.md" not in nothing.text


async def test_a_site_key_is_exchanged_on_its_own_pages_only(house: Any) -> None:
    site = house.site()
    async with house.asking(client=VISITOR) as asks:
        for origin in (
            None,
            "null",
            "https://evil.example.com",
            f"{house.page}.evil.com",
            house.page.replace("https", "http"),
        ):
            refused = await exchange(asks, site.id, origin)
            assert (refused.status_code, refused.json()["type"]) == (403, "urn:problem:brain:forbidden")
            assert "access-control-allow-origin" not in refused.headers
        assert (await exchange(asks, "site_000000000000", house.page)).status_code == 401
        house.sites.revoke(site.id, "me")
        assert (await exchange(asks, site.id, house.page)).status_code == 401


async def test_a_token_is_refused_from_another_page_and_once_its_site_is_revoked(house: Any) -> None:
    site = house.site(house.page, "https://www.example.com")
    async with house.asking(client=VISITOR) as asks:
        widget = await headers(asks, house, site.id)
        for origin in ("https://www.example.com", "https://evil.example.com", ""):
            refused = await asks.post("/v1/answer", json=ASKED, headers=widget | {"Origin": origin})
            assert (refused.status_code, refused.json()["type"]) == (401, "urn:problem:brain:key-refused")
        without = await asks.post("/v1/answer", json=ASKED, headers={"Authorization": widget["Authorization"]})
        assert without.status_code == 401
        assert (await asks.post("/v1/answer", json=ASKED, headers=widget)).status_code == 200
        house.sites.revoke(site.id, "me")
        assert (await asks.post("/v1/answer", json=ASKED, headers=widget)).status_code == 401


CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": ASKED}}


def doors(answer: str, last: str) -> list[dict[str, Any]]:
    """All that a visitor's token opens."""
    streaming = {"Accept": "text/event-stream"}
    chat = {"messages": [{"role": "user", "content": ASKED["question"]}]}
    return [
        {"method": "POST", "url": "/v1/answer", "json": ASKED},
        {"method": "POST", "url": "/v1/answer", "json": ASKED, "headers": streaming},
        {"method": "POST", "url": "/v1/answer", "json": ASKED, "headers": streaming | {"Last-Event-ID": last}},
        {"method": "POST", "url": "/v1/chat/completions", "json": chat},
        {"method": "POST", "url": "/v1/feedback", "json": {"answer_id": answer, "thumbs": "up"}},
        {"method": "GET", "url": f"/v1/answers/{answer}"},
        {"method": "GET", "url": "/v1/models"},
        {"method": "POST", "url": "/mcp", "json": CALL, "headers": {"Accept": "application/json, text/event-stream"}},
        {"method": "GET", "url": "/readyz"},
    ]


@pytest.mark.parametrize(
    "bad", ["expired", "forged", "of another site", "replayed elsewhere", "replayed by a program", "rotated"]
)
async def test_a_bad_token_opens_no_door(house: Any, bad: str) -> None:
    """Each door is one that the good token opens; a token is good as often as one likes, on its page and for its time."""
    site, other = house.site(), house.site("https://other.example.com")
    async with house.asking(house.with_settings({"visitor": "", "address": ""}), VISITOR) as asks:
        good = await headers(asks, house, site.id)
        answer = (await asks.post("/v1/answer", json=ASKED, headers=good)).json()["id"]
        stream = await asks.post("/v1/answer", json=ASKED, headers=good | {"Accept": "text/event-stream"})
        last = stream.text.partition("\n")[0].removeprefix("id: ")
        token, origin = good["Authorization"].removeprefix("Bearer "), house.page
        match bad:
            case "expired":
                token = issue(site, house.page, timedelta(seconds=-1))
            case "forged":
                token = issue(
                    replace(site, signing="another secret, also of 32 bytes or so"), house.page, timedelta(minutes=1)
                )
            case "of another site":
                token = issue(other, other.origins[0], timedelta(minutes=1))
            case "replayed elsewhere":
                origin = other.origins[0]
            case "replayed by a program":
                origin = ""
        wrong = {"Authorization": f"Bearer {token}"} | ({"Origin": origin} if origin else {})
        for door in doors(answer, last):
            opened = await asks.request(**door | {"headers": door.get("headers", {}) | good})
            assert opened.status_code in {200, 201}, door
        if bad == "rotated":
            house.sites.rotate(site.id, "me")
        for door in doors(answer, last):
            refused = await asks.request(**door | {"headers": door.get("headers", {}) | wrong})
            assert (refused.status_code, refused.json()["type"]) == (401, "urn:problem:brain:key-refused"), door
            assert "14 jours" not in refused.text


async def test_another_visitor_does_not_get_the_rest_of_a_stream(house: Any) -> None:
    site = house.site()
    streaming = {"Accept": "text/event-stream"}
    async with house.asking(client=VISITOR) as asks:
        mine, other = await headers(asks, house, site.id), await headers(asks, house, site.id)
        begun = await asks.post("/v1/answer", json=ASKED, headers=mine | streaming)
        first = {"Last-Event-ID": begun.text.partition("\n")[0].removeprefix("id: ")}
        theirs = await asks.post("/v1/answer", json=ASKED, headers=other | streaming | first)
        rest = await asks.post("/v1/answer", json=ASKED, headers=mine | streaming | first)
    assert "event: restart" in theirs.text and first["Last-Event-ID"][:32] not in theirs.text
    assert "event: restart" not in rest.text and begun.text.endswith(rest.text) and "event: done" in rest.text


async def test_browsers_let_the_pages_of_site_keys_read_answers_and_no_others(house: Any) -> None:
    house.site()
    key, wish = (
        house.key(),
        {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"},
    )
    async with house.asking(client=VISITOR) as asks:
        for origin, let in ((house.page, house.page), ("https://evil.example.com", None)):
            before = await asks.options("/v1/answer", headers=wish | {"Origin": origin})
            answer = await asks.post("/v1/answer", json=ASKED, headers=key | {"Origin": origin})
            wrong = await asks.post("/v1/answer", json={}, headers=key | {"Origin": origin})
            assert [r.headers.get("access-control-allow-origin") for r in (before, answer, wrong)] == [let] * 3
            assert (before.status_code, answer.status_code, wrong.status_code) == (200 if let else 400, 200, 422)
            assert "access-control-allow-credentials" not in answer.headers
            assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"visitor": "2/hour"}, [200, 200, 429, 200, 200, 429]),
        ({"address": "6/hour"}, [200, 200, 200, 200, 429, 429]),
        ({"site": "3/day"}, [200, 200, 200, 429, 429, 429]),
    ],
)
async def test_visitors_are_limited_by_token_address_and_site(
    house: Any, limits: dict[str, str], expected: list[int]
) -> None:
    """Two tokens from one address, three questions each; what an exchange costs is taken off the address as well."""
    site = house.site()
    async with house.asking(house.with_settings(limits), VISITOR) as asks:
        first = await headers(asks, house, site.id)
        statuses = [(await asks.post("/v1/answer", json=ASKED, headers=first)).status_code for _ in range(3)]
        second = await headers(asks, house, site.id)
        for _ in range(3):
            last = await asks.post("/v1/answer", json=ASKED, headers=second)
            statuses.append(last.status_code)

    assert statuses == expected
    assert int(last.headers["retry-after"]) > 0
    assert "Retry-After" in last.headers["access-control-expose-headers"]


async def test_exchanging_is_limited_by_address(house: Any) -> None:
    site = house.site()
    async with house.asking(house.with_settings({"address": "2/hour"}), VISITOR) as asks:
        assert [(await exchange(asks, site.id, house.page)).status_code for _ in range(3)] == [200, 200, 429]


async def test_a_visitor_who_shows_a_valid_token_stays_the_same_with_its_conversations_and_limits(house: Any) -> None:
    site, other = house.site(), house.site()
    async with house.asking(house.with_settings({"visitor": "4/hour"}), VISITOR) as asks:
        first = await exchange(asks, site.id, house.page)

        async def renewed(key: str, token: str) -> dict[str, str]:
            body = {"site_key": key, "token": token}
            given = await asks.post("/v1/widget/token", json=body, headers={"Origin": house.page})
            assert given.status_code == 200
            return {"Authorization": f"Bearer {given.json()['token']}", "Origin": house.page}

        token = first.json()["token"]
        before = {"Authorization": f"Bearer {token}", "Origin": house.page}
        begun = (await asks.post("/v1/conversations", json={}, headers=before)).json()["id"]
        again = await renewed(site.id, token)
        assert [one["id"] for one in (await asks.get("/v1/conversations", headers=again)).json()["conversations"]] == [
            begun
        ]
        for key, shown in ((site.id, token[:-4] + "AAAA"), (other.id, token), (site.id, "nothing")):
            stranger = await renewed(key, shown)
            assert (await asks.get("/v1/conversations", headers=stranger)).json()["conversations"] == []
        statuses = [(await asks.get("/v1/conversations", headers=again)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


async def test_a_site_key_of_its_own_rate(house: Any) -> None:
    site = house.site(rate="1/day")
    async with house.asking(client=VISITOR) as asks:
        widget = await headers(asks, house, site.id)
        assert [(await asks.post("/v1/answer", json=ASKED, headers=widget)).status_code for _ in range(2)] == [200, 429]
