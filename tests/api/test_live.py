"""Documents, imports and webhooks over HTTP: who may, what is refused and how, and that the next question knows."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from api.app import create_app
from brain.index.lock import changing
from brain.jobs import Jobs
from brain.keys.audit import Audit
from brain.keys.webhooks import Webhooks
from brain.live import Editor
from brain.settings import LimitSettings, LiveSettings
from brain.testing import HashEncoder
from ingest.live.apart import Here
from ingest.live.knowledge import LiveKnowledge

DOCUMENT = {
    "title": "Frais de port",
    "body": "Les frais de port sont de 5 euros.",
    "language": "fr",
    "audience": ["public"],
}
ASKED = {"question": "De combien sont les frais de port ?"}


@pytest.fixture
def asking(house: Any, knowledge: LiveKnowledge) -> Any:
    """A client of a service that changes documents; with other settings where they are given."""

    @asynccontextmanager
    async def asks(**changed: Any) -> AsyncIterator[httpx.AsyncClient]:
        settings = house.brain.settings.model_copy(update=changed)
        app = create_app(settings, house.brain, knowledge)
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
        async with app.router.lifespan_context(app), http as client:
            yield client

    return asks


async def found(asks: httpx.AsyncClient, headers: dict[str, str], id: str) -> bool:
    response = await asks.post("/v1/search", json=ASKED | {"limit": 50}, headers=headers)
    assert response.status_code == 200, response.text
    return id in {passage["document_id"] for passage in response.json()["passages"]}


async def test_a_document_is_put_looked_at_and_deleted(house: Any, asking: Any) -> None:
    key = house.key("ingest", "ask", "search")
    path, id = "/v1/documents/aide/frais%20d%C3%A9t%C3%A9%3F%231", "aide/frais dété?#1"
    async with asking() as asks:
        put = await asks.put(path, json=DOCUMENT, headers=key)
        answer = await asks.post("/v1/answer", json=ASKED, headers=key)
        looked = await asks.get(path, headers=key)
        deleted = await asks.delete(path, headers=key)
        after = await asks.post("/v1/answer", json=ASKED, headers=key)
        again = await asks.delete(path, headers=key)

    assert put.json() == {"document_id": id, "change": "created", "passages": 1, "language": "fr", "flags": {}}
    assert answer.json()["text"] == "Les frais de port sont de 5 euros."
    assert (looked.json()["document_id"], looked.json()["source"]) == (id, "api")
    assert looked.json()["text"] == DOCUMENT["body"]
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert "5 euros" not in after.text
    assert (again.status_code, again.json()["type"]) == (404, "urn:problem:brain:not-found")


async def test_documents_are_listed_in_pages(house: Any, asking: Any) -> None:
    key = house.key("ingest")
    async with asking() as asks:
        for number in range(5):
            updated = {"updated_at": f"2026-0{number + 1}-01T10:00:00Z"}
            await asks.put(f"/v1/documents/d{number}", json=DOCUMENT | updated, headers=key)
        ids: list[str] = []
        after = ""
        while True:
            page = (await asks.get("/v1/documents", params={"limit": 2, "after": after}, headers=key)).json()
            ids += [document["document_id"] for document in page["documents"]]
            if not (after := page["next"]):
                break
        filters = {"source": "api", "updated_since": "2026-03-01"}
        recent = (await asks.get("/v1/documents", params=filters, headers=key)).json()
        public = (await asks.get("/v1/documents", headers=house.key("ingest", audience="public"))).json()

    assert ids == ["d0", "d1", "d2", "d3", "d4", "geste.md", "retours.md"]
    assert [document["document_id"] for document in recent["documents"]] == ["d2", "d3", "d4"]
    assert "geste.md" not in {document["document_id"] for document in public["documents"]}
    assert all(set(document) >= {"content_hash", "passages", "tags"} for document in recent["documents"])


@pytest.mark.parametrize(
    ("path", "body", "status", "slug"),
    [
        ("a", {"title": "Sans texte"}, 422, "invalid"),
        ("a", DOCUMENT | {"tenant": "other"}, 422, "invalid"),
        ("a", DOCUMENT | {"body_url": "http://169.254.169.254/"}, 422, "invalid"),
        ("a", DOCUMENT | {"url": "file:///etc/passwd"}, 422, "document-refused"),
        ("a", DOCUMENT | {"audience": ["everyone"]}, 422, "document-refused"),
        ("a", DOCUMENT | {"valid_from": "2026-02-01", "valid_until": "2026-01-01"}, 422, "document-refused"),
        ("a", DOCUMENT | {"body": "---"}, 422, "document-refused"),
        ("%E2%80%8B", DOCUMENT, 422, "document-refused"),
        ("", DOCUMENT, 422, "invalid"),
        ("x" * 501, DOCUMENT, 422, "invalid"),
        ("retours.md", DOCUMENT, 409, "conflict"),
    ],
)
async def test_what_is_refused_says_why(
    house: Any, asking: Any, path: str, body: dict[str, Any], status: int, slug: str
) -> None:
    async with asking() as asks:
        response = await asks.put(f"/v1/documents/{path}", json=body, headers=house.key("ingest"))

    assert response.status_code == status, response.text
    assert response.json()["type"] == f"urn:problem:brain:{slug}"
    assert response.json().get("hint") or response.json().get("errors")


async def test_strange_characters_harm_nothing(house: Any, asking: Any) -> None:
    body = json.dumps(DOCUMENT | {"body": "Texte \x00 et \u202e puis", "tags": ["a\x00b"]})
    async with asking() as asks:
        key = house.key("ingest")
        put = await asks.put("/v1/documents/a%00b%FF", content=body, headers=key | {"Content-Type": "application/json"})
        surrogate = await asks.put(
            "/v1/documents/s", content=b'{"body": "\\ud800 x"}', headers=key | {"Content-Type": "application/json"}
        )

    assert (put.status_code, put.json()["document_id"]) == (200, "ab\ufffd")
    assert surrogate.status_code in (200, 422)


async def test_only_the_scope_ingest_writes(house: Any, asking: Any) -> None:
    async with asking() as asks:
        for headers in ({}, house.key("ask", "search", "admin", "feedback", "eval")):
            for method, path in (
                ("PUT", "/v1/documents/a"),
                ("DELETE", "/v1/documents/a"),
                ("GET", "/v1/documents"),
                ("POST", "/v1/imports"),
                ("GET", "/v1/jobs"),
            ):
                response = await asks.request(method, path, json=DOCUMENT, headers=headers)
                assert response.status_code in (401, 403), (method, path)


async def test_a_key_writes_for_its_own_tenant_and_readers(house: Any, asking: Any) -> None:
    mine, theirs = house.key("ingest", "search"), house.key("ingest", "search", tenant="other")
    public = house.key("ingest", "search", audience="public")
    async with asking() as asks:
        await asks.put("/v1/documents/a", json=DOCUMENT | {"audience": ["agent"]}, headers=mine)
        await asks.put("/v1/documents/a", json=DOCUMENT, headers=theirs)
        refused = await asks.put("/v1/documents/a", json=DOCUMENT, headers=public)
        unseen = [await asks.request(method, "/v1/documents/a", headers=public) for method in ("GET", "DELETE")]
        internal = await asks.put("/v1/documents/b", json={"body": "Un texte."}, headers=public)
        deleted = await asks.delete("/v1/documents/a", headers=theirs)
        left = [await found(asks, headers, "a") for headers in (mine, theirs, public)]

    assert [response.status_code for response in (refused, *unseen, internal, deleted)] == [409, 404, 404, 409, 204]
    assert left == [True, False, False]


async def test_bodies_have_limits_of_their_own(house: Any, asking: Any) -> None:
    key = house.key("ingest")
    large = DOCUMENT | {"body": "Un long texte. " * 20_000}
    async with asking(live=LiveSettings(max_document_mb=0.1, max_import_mb=0.2)) as asks:
        assert (await asks.put("/v1/documents/a", json=large, headers=key)).status_code == 413
        assert (await asks.post("/v1/imports", json=[large], headers=key)).status_code == 413
        middle = DOCUMENT | {"body": "Un long texte. " * 5_000}
        assert (await asks.put("/v1/documents/a", json=middle, headers=key)).status_code == 200


async def test_while_a_command_changes_the_home(house: Any, asking: Any, knowledge: LiveKnowledge) -> None:
    key = house.key("ingest", "search")
    knowledge._turns.wait_s = 0.05
    async with asking() as asks:
        await asks.put("/v1/documents/a", json=DOCUMENT, headers=key)
        with changing(house.brain.settings):
            busy = await asks.put("/v1/documents/b", json=DOCUMENT, headers=key)
            deleted = await asks.delete("/v1/documents/a", headers=key)
            there = await found(asks, key, "a")

    assert (busy.status_code, busy.json()["type"]) == (503, "urn:problem:brain:busy")
    assert busy.headers["Retry-After"]
    assert (deleted.status_code, there) == (204, False)


async def test_a_service_without_a_writer_says_so(house: Any) -> None:
    async with house.asking() as asks:
        response = await asks.put("/v1/documents/a", json=DOCUMENT, headers=house.key("ingest"))

    assert (response.status_code, response.json()["type"]) == (503, "urn:problem:brain:not-ready")


# Imports


async def ended(asks: httpx.AsyncClient, key: dict[str, str], id: str) -> dict[str, Any]:
    for _ in range(2000):
        job: dict[str, Any] = (await asks.get(f"/v1/jobs/{id}", headers=key)).json()
        if job["state"] in ("done", "cancelled"):
            return job
        await asyncio.sleep(0.01)
    raise AssertionError("the import did not end")


ROWS = [DOCUMENT | {"id": f"i{number}", "body": f"Les frais de port sont de {number} euros."} for number in range(40)]


@pytest.mark.parametrize("form", ["lines", "list"])
async def test_many_documents_are_put_by_a_job(house: Any, asking: Any, form: str) -> None:
    key = house.key("ingest", "search")
    bad = [
        {"id": "x"},
        {"body": "Sans id"},
        DOCUMENT | {"id": "retours.md"},
        DOCUMENT | {"id": "y", "audience": ["vip"]},
    ]
    rows = [*ROWS[:20], *bad, *ROWS[20:]]
    lines = "\n".join(json.dumps(row) for row in rows) + "\n\nnot JSON\n\x00"
    async with asking() as asks:
        content: dict[str, Any] = {"content": lines} if form == "lines" else {"json": rows}
        begun = await asks.post("/v1/imports", headers=key, **content)
        job = await ended(asks, key, begun.json()["id"])
        listed = (await asks.get("/v1/jobs", headers=key)).json()["jobs"]
        there = await found(asks, key, "i39")

    assert (begun.status_code, begun.headers["Location"]) == (202, f"/v1/jobs/{job['id']}")
    broken = 2 if form == "lines" else 0
    counts = {name: job[name] for name in ("state", "total", "done", "failed", "seconds_left")}
    total = 44 + broken
    assert counts == {"state": "done", "total": total, "done": total, "failed": 4 + broken, "seconds_left": None}
    assert job["rate"] > 0
    assert [failure["row"] for failure in job["failures"]] == [21, 22, 23, 24, *range(45, 45 + broken)]
    reasons = " ".join(failure["reason"] for failure in job["failures"])
    assert "body: Field required" in reasons and "belongs to a document" in reasons and "vip" in reasons
    assert [one["id"] for one in listed] == [job["id"]]
    assert there


async def test_an_import_that_is_sent_twice_is_one_job(house: Any, asking: Any) -> None:
    key = house.key("ingest")
    once = key | {"Idempotency-Key": "k"}
    async with asking() as asks:
        first, second = [(await asks.post("/v1/imports", json=ROWS[:2], headers=once)).json()["id"] for _ in range(2)]
        other = await asks.post("/v1/imports", json=ROWS[:3], headers=once)
        empty = await asks.post("/v1/imports", content="\n", headers=key)
        unreadable = await asks.post("/v1/imports", content=b"[{]", headers=key)

    assert first == second
    assert (other.status_code, other.json()["type"]) == (409, "urn:problem:brain:repeated")
    assert (empty.status_code, unreadable.status_code) == (422, 400)


async def test_jobs_are_seen_by_who_could_have_begun_them(house: Any, asking: Any) -> None:
    key = house.key("ingest")
    others = house.key("ingest", tenant="other"), house.key("ingest", audience="public")
    async with asking() as asks:
        id = (await asks.post("/v1/imports", json=ROWS[:1], headers=key)).json()["id"]
        for other in others:
            assert (await asks.get(f"/v1/jobs/{id}", headers=other)).status_code == 404
            assert (await asks.delete(f"/v1/jobs/{id}", headers=other)).status_code == 404
            assert (await asks.get("/v1/jobs", headers=other)).json() == {"jobs": []}


def test_an_import_goes_on_after_its_process_was_killed(house: Any) -> None:
    """And does no row twice that was recorded, none that was cancelled."""
    editor = Editor("default", ("agent", "public"), "key:x")
    jobs = Jobs(house.brain.settings)
    first = LiveKnowledge(house.brain, Here(HashEncoder()))  # never started: as if it were killed before the first row
    job = first.import_(editor, [json.dumps(row) for row in ROWS])
    claimed = jobs.claim("a killed process", 120, alone=True)
    assert claimed and claimed.state == "running"
    first._importing._advance(claimed)
    assert jobs.get(job.id).done == 16
    cancelled = first.import_(editor, [json.dumps(DOCUMENT | {"id": "never"})])
    jobs.cancel(cancelled.id)
    first.close()

    second = LiveKnowledge(house.brain, Here(HashEncoder()))
    second.start()
    for _ in range(2000):
        if jobs.get(job.id).state == "done":
            break
        time.sleep(0.01)
    second.close()

    assert (jobs.get(job.id).done, jobs.get(job.id).failed) == (40, 0)
    assert jobs.get(cancelled.id).state == "cancelled"
    assert jobs.claim("x", 1, alone=True) is None
    jobs.close()


def test_a_job_is_one_workers_until_its_lease_ends(place: Any) -> None:
    """On both databases."""
    jobs = Jobs(place)
    editor = Editor("default", ("agent",), "key:x")
    job = jobs.create(editor, ["{}", "{}", "{}"])
    assert jobs.claim("a", 60, alone=False).id == job.id  # type: ignore[union-attr]
    assert jobs.claim("b", 60, alone=False) is None
    assert jobs.claim("a", -1, alone=False)
    assert jobs.claim("b", 60, alone=False)

    assert jobs.waiting(job.id, 2) == [(1, "{}"), (2, "{}")]
    assert jobs.advance(job.id, [1], {2: "wrong"}, 2.0, 60)
    after = jobs.get(job.id, editor)
    assert (after.done, after.failed, after.rate, after.seconds_left) == (2, 1, 1.0, 1.0)
    assert jobs.failures(job.id) == [(2, "wrong")]
    assert not jobs.advance(job.id, [3], {}, 1.0, 60)
    assert jobs.get(job.id).state == "done"
    jobs.close()


# Webhooks


def signed(secret: str, body: Any, id: str = "msg_1", at: int | None = None) -> dict[str, Any]:
    """A message as Standard Webhooks says, by its text alone."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = str(at if at is not None else int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = base64.b64encode(hmac.new(key, f"{id}.{stamp}.".encode() + raw, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{made}"}
    return {"content": raw, "headers": headers | {"Content-Type": "application/json"}}


def upsert(id: str = "w1", **more: Any) -> dict[str, Any]:
    return {"type": "document.upsert", "timestamp": "2026-05-01T10:00:00Z", "data": DOCUMENT | {"id": id, **more}}


@pytest.fixture
def hooks(house: Any) -> Iterator[Webhooks]:
    made = Webhooks(house.brain.settings)
    yield made
    made.close()


async def test_a_cms_publishes_and_takes_back(house: Any, asking: Any, hooks: Webhooks) -> None:
    secret = hooks.create("cms", tenant="default", audience="public", actor="me")
    key = house.key("search", audience="public")
    async with asking() as asks:
        put = await asks.post("/v1/webhooks/cms", **signed(secret, upsert()))
        there = await found(asks, key, "w1")
        gone = await asks.post(
            "/v1/webhooks/cms", **signed(secret, {"type": "document.delete", "data": {"id": "w1"}}, "msg_2")
        )
        replayed = await asks.post("/v1/webhooks/cms", **signed(secret, upsert()))
        other = await asks.post("/v1/webhooks/cms", **signed(secret, upsert("w2")))
        still = await found(asks, key, "w1")

    assert (put.status_code, put.json()) == (200, {"document_id": "w1", "change": "created"})
    assert there
    assert gone.json() == {"document_id": "w1", "change": "deleted"}
    assert replayed.json() == {"document_id": "w1", "change": "repeated"}
    assert not still, "a replayed message publishes nothing"
    assert (other.status_code, other.json()["type"]) == (409, "urn:problem:brain:repeated")


async def test_messages_that_are_not_signed_now_by_the_webhook_are_refused(
    house: Any, asking: Any, hooks: Webhooks
) -> None:
    secret = hooks.create("cms", tenant="default", audience="public", actor="me")
    another = hooks.create("other", tenant="other", audience="public", actor="me")
    good, now = signed(secret, upsert()), int(time.time())
    headers = good["headers"]
    forged = [
        good | {"content": good["content"].replace(b"5 euros", b"9 euros")},
        good | {"headers": headers | {"webhook-id": "msg_9"}},
        good | {"headers": headers | {"webhook-timestamp": str(now + 1)}},
        good | {"headers": headers | {"webhook-signature": "v1,AAAA"}},
        good | {"headers": headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v1a,")}},
        good | {"headers": {name: value for name, value in headers.items() if name != "webhook-signature"}},
        good | {"headers": {"Content-Type": "application/json"}},
        signed(another, upsert()),
        signed(secret, upsert(), at=now - 1000),
        signed(secret, upsert(), at=now + 1000),
        signed(secret, upsert(), id=""),
    ]
    async with asking() as asks:
        for message in forged:
            response = await asks.post("/v1/webhooks/cms", **message)
            assert (response.status_code, response.json()["type"]) == (401, "urn:problem:brain:key-refused")
        for name in ("nobody", "CMS", "cms%2F..", "other"):
            assert (await asks.post(f"/v1/webhooks/{name}", **good)).status_code in (401, 404)
        assert not await found(asks, house.key("search"), "w1")
        several = headers | {"webhook-signature": f"v1,AAAA {headers['webhook-signature']}"}
        assert (await asks.post("/v1/webhooks/cms", **good | {"headers": several})).status_code == 200


async def test_a_signed_message_is_read_strictly(house: Any, asking: Any, hooks: Webhooks) -> None:
    """Nothing is fetched: there is nowhere to say an address but `url`, which is only shown."""
    secret = hooks.create("cms", tenant="default", audience="public", actor="me")
    wrong = [
        b"{",
        b"[]",
        {"type": "document.publish", "data": {}},
        upsert(tenant="other"),
        upsert(body_url="http://10.0.0.1/"),
    ]
    async with asking() as asks:
        for number, body in enumerate(wrong):
            response = await asks.post("/v1/webhooks/cms", **signed(secret, body, f"m{number}"))
            assert response.status_code == 422, response.text
            assert "10.0.0.1" not in response.text
        for_agents = await asks.post("/v1/webhooks/cms", **signed(secret, upsert(audience=["agent"]), "m9"))
        foreign = await asks.post("/v1/webhooks/cms", **signed(secret, upsert("retours.md"), "m10"))

    assert (for_agents.status_code, foreign.status_code) == (409, 409)


async def test_a_rotated_secret_is_good_for_a_while_and_a_revoked_webhook_never(
    house: Any, asking: Any, hooks: Webhooks
) -> None:
    old = hooks.create("cms", tenant="default", audience="public", actor="me")
    async with asking() as asks:
        new = hooks.rotate("cms", "me", timedelta(hours=1))
        for number, secret in enumerate((old, new)):
            sent = await asks.post("/v1/webhooks/cms", **signed(secret, upsert(), f"r{number}"))
            assert sent.status_code == 200
        last = hooks.rotate("cms", "me", timedelta(0))
        assert (await asks.post("/v1/webhooks/cms", **signed(new, upsert(), "r3"))).status_code == 401
        hooks.revoke("cms", "me")
        assert (await asks.post("/v1/webhooks/cms", **signed(last, upsert(), "r4"))).status_code == 401

    audit = Audit(house.brain.settings)
    acts = audit.acts()
    audit.close()
    told = [act["act"] for act in acts if act["subject"] == "hook_cms"]
    assert told == ["webhook revoked", "webhook rotated", "webhook rotated", "webhook created"]
    assert not any(secret[6:] in json.dumps(acts) for secret in (old, new, last))


async def test_who_guesses_signatures_is_slowed_down(house: Any, asking: Any, hooks: Webhooks) -> None:
    secret = hooks.create("cms", tenant="default", audience="public", actor="me")
    async with asking(limits=LimitSettings(address="3/minute", key="5/minute")) as asks:
        wrong = signed(secret, upsert())
        wrong["headers"]["webhook-signature"] = "v1,AAAA"
        statuses = [(await asks.post("/v1/webhooks/cms", **wrong)).status_code for _ in range(4)]
        right = [(await asks.post("/v1/webhooks/cms", **signed(secret, upsert()))).status_code for _ in range(6)]

    assert statuses == [401, 401, 401, 429]
    assert right == [200] * 5 + [429]


# Isolation


WHO = [(tenant, audience) for tenant in ("alpha", "beta") for audience in ("agent", "public")]
AUDIENCES = st.sampled_from([["public"], ["agent"], ["agent", "public"]])
ACTS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["PUT", "PUT", "DELETE", "GET", "LIST", "JOBS", "IMPORT"]),
        st.sampled_from(["a", "b"]),
        AUDIENCES,
    ),
    max_size=8,
)


@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_nobody_meets_or_touches_what_is_not_theirs(acts: list[Any], house: Any, asking: Any) -> None:
    """Every document says who wrote it; a caller is told of documents of its tenant and audience alone, and changes no others."""

    async def run() -> None:
        model: dict[tuple[str, str], tuple[str, list[str]]] = {}
        async with asking(limits=LimitSettings(key="")) as asks:
            keys = [house.key("ingest", "search", tenant=tenant, audience=audience) for tenant, audience in WHO]
            for number, (who, act, id, audience) in enumerate(acts):
                tenant, reader = WHO[who]
                sees = {"agent", "public"} if reader == "agent" else {"public"}
                word = f"zq{tenant}{''.join(audience)}{number}x"
                body = {"body": f"Les frais {word} sont de {number} euros.", "audience": audience, "language": "fr"}
                known = model.get((tenant, id))
                may = set(audience) <= sees and (not known or set(known[1]) <= sees)
                path = {"LIST": "/v1/documents", "JOBS": "/v1/jobs", "IMPORT": "/v1/imports"}.get(act)
                method = {"LIST": "GET", "JOBS": "GET", "IMPORT": "POST"}.get(act, act)
                sent = {"json": [body | {"id": id}]} if act == "IMPORT" else {"json": body} if act == "PUT" else {}
                response = await asks.request(method, path or f"/v1/documents/{id}", headers=keys[who], **sent)
                told = response.text
                if act == "IMPORT":
                    told += str(await ended(asks, keys[who], response.json()["id"]))
                if act in ("PUT", "IMPORT") and may:
                    model[tenant, id] = word, audience
                if act == "PUT":
                    assert response.status_code == (200 if may else 409)
                if act == "DELETE":
                    theirs = known is not None and set(known[1]) <= sees
                    assert response.status_code == (204 if theirs else 404)
                    if theirs:
                        del model[tenant, id]
                for reader_number, (of_tenant, of_audience) in enumerate(WHO):
                    readable = {"agent", "public"} if of_audience == "agent" else {"public"}
                    own = {w for (t, _), (w, a) in model.items() if t == of_tenant and set(a) & readable}
                    if reader_number == who:
                        hidden = {w for w, _ in model.values()} - own
                        assert not [w for w in hidden if w in told]
                found_now = (await asks.get("/v1/documents", params={"source": "api"}, headers=keys[who])).json()
                ids = {document["document_id"] for document in found_now["documents"]}
                assert ids == {i for (t, i), (_, a) in model.items() if t == tenant and set(a) & sees}
            for tenant, id in list(model):
                await asks.delete(f"/v1/documents/{id}", headers=keys[WHO.index((tenant, "agent"))])

    asyncio.run(run())
