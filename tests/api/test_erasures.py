"""Erasing over HTTP: for administrators, within what their key may see, counted first; and daily purging."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from brain.keys.audit import Audit
from brain.traces.store import TraceRow, Traces

ASKED = {"question": "Combien de jours pour renvoyer un article ? Élodie Dupont"}


async def test_an_administrator_erases_within_its_tenant_and_audience(house: Any) -> None:
    asker, admin = house.key(), house.key("admin")
    public, other = house.key("admin", audience="public"), house.key("admin", tenant="other")
    async with house.asking() as asks:
        begun = (await asks.post("/v1/conversations", json={}, headers=asker)).json()["id"]
        given = (await asks.post("/v1/answer", json=ASKED | {"conversation_id": begun}, headers=asker)).json()["id"]
        assert (await asks.get(f"/v1/answers/{given}", headers=asker)).status_code == 200
        body = {"text": "elodie dupont"}
        assert (await asks.post("/v1/erasures", json=body, headers=asker)).status_code == 403
        for key, conversations in ((public, 0), (other, 0), (admin, 1)):
            counted = (await asks.post("/v1/erasures", json=body, headers=key)).json()
            assert (counted["id"], counted["dry_run"], counted["conversations"]) == (None, True, conversations)
        assert (await asks.get(f"/v1/answers/{given}", headers=asker)).status_code == 200
        done = (await asks.post("/v1/erasures", json=body | {"dry_run": False}, headers=admin)).json()
        gone = [
            (await asks.get(path, headers=asker)).status_code
            for path in (f"/v1/answers/{given}", f"/v1/conversations/{begun}")
        ]

    assert (done["conversations"], done["answers"], gone) == (1, 1, [404, 404])
    audit = Audit(house.brain.settings)
    act = next(act for act in audit.acts() if act["subject"] == done["id"])
    audit.close()
    assert act["actor"].startswith("key::") and "dupont" not in str(act).lower()


async def test_whose_must_be_said_in_one_way(house: Any) -> None:
    admin = house.key("admin")
    async with house.asking() as asks:
        for body in (
            {},
            {"text": "ab"},
            {"text": "Dupont", "key": "0" * 12},
            {"visitor": "%%%%%%%%%%%%"},
            {"mail": "x"},
        ):
            assert (await asks.post("/v1/erasures", json=body, headers=admin)).status_code == 422


async def test_a_service_deletes_what_is_too_old(house: Any) -> None:
    key = house.key()
    traces = Traces(house.brain.settings)
    async with house.asking() as asks:
        given = (await asks.post("/v1/answer", json=ASKED, headers=key)).json()["id"]
        assert (await asks.get(f"/v1/answers/{given}", headers=key)).status_code == 200
    old = datetime.now(UTC) - timedelta(days=91)
    with traces._session() as session:
        session.execute(update(TraceRow).values(answered_at=old.isoformat(timespec="milliseconds")))
    traces.set_meta("purged_at", old.isoformat(timespec="milliseconds"))
    async with house.asking():
        async with asyncio.timeout(30):
            while traces.get(given):  # noqa: ASYNC110  another thread's work is waited for
                await asyncio.sleep(0.05)
    traces.close()
