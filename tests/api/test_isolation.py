"""Nobody meets a document of another tenant or of an audience that is not theirs, whatever they ask, in whatever order.

Every document holds a word of its own, in its text, title, address, tags and headings. All documents share the words that are
asked for, so that each would be found if it could be. What a caller gets, and what the log says, may hold words of the caller's
own documents alone; and where something is counted, it counts those alone.
"""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from brain.answerers.extractive import ExtractiveAnswerer
from brain.keys.sites import Sites
from brain.keys.store import RIGHTS, Keys
from brain.keys.tokens import issue
from brain.session import Brain
from brain.settings import AnswerSettings, LimitSettings
from brain.testing import HashEncoder

LAST = "/v1/answers/LAST?trace=true"
"""Stands for the last answer that anybody was given."""
TALK = "TALK"
"""Stands for the last conversation that anybody began."""
TALKS = "/v1/conversations"
_HOUR = timedelta(hours=1)
PAGE = "https://help.example.com"
TENANTS = ("alpha", "beta")
AUDIENCES = (("public",), ("agent",), ("agent", "public"))
ENDS = ("", "valid_until: 2020-01-31\n")
WORDS = "délai retour article remboursement carte jours combien sous garantie".split()


@dataclass(frozen=True)
class Page:
    """A document whose `word` no other has; several share an `id` and a title, one of each tenant."""

    tenant: str
    audience: tuple[str, ...]
    ends: str
    number: int

    @property
    def word(self) -> str:
        over = "ancien" if self.ends else "actuel"
        return f"zq{self.tenant}{''.join(self.audience)}{over}{self.number}x"

    @property
    def id(self) -> str:
        return f"page-{self.number}-{'-'.join(self.audience)}{bool(self.ends)}"

    @property
    def text(self) -> str:
        front = f"id: {self.id}\naudience: {json.dumps(self.audience)}\n"
        tags = f'tags: ["pays:{self.word}", "theme"]\nurl: https://x.example.com/{self.word}\n{self.ends}'
        body = "Sous 14 jours, un article en retour donne droit au remboursement sur la carte."
        title = f"# Délai de retour {self.word if self.number else ''}"
        return f"---\n{front}{tags}---\n{title}\n\n## {self.word}\n\n{body} {self.word}.\n"


PAGES = [Page(t, a, e, n) for t in TENANTS for a in AUDIENCES for e in ENDS for n in range(2)]


@dataclass
class Reader:
    """A caller, and what it may meet."""

    tenant: str
    audience: str
    headers: dict[str, str]
    widget: bool = False
    own: list[Page] = field(init=False)

    def __post_init__(self) -> None:
        sees = {"agent", "public"} if self.audience == "agent" else {"public"}
        self.own = [page for page in PAGES if page.tenant == self.tenant and sees & set(page.audience)]
        self.others = [page.word for page in PAGES if page not in self.own]


class Log(logging.Handler):
    """All that any part says."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


class Service:
    """The app with a real index of all pages, and its callers."""

    def __init__(self, brain: Brain) -> None:
        self.log, self._runner = Log(), asyncio.Runner()
        self._started, self._ending = asyncio.Event(), asyncio.Event()
        self.talks: dict[str, Reader] = {}
        self.readers = list(self._readers(brain))
        app = create_app(brain.settings, brain)
        self._asks = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
        self._lifespan = self._runner.get_loop().create_task(self._live(app))
        self._runner.run(self._started.wait())
        logging.getLogger().addHandler(self.log)
        logging.getLogger("api").setLevel(logging.DEBUG)

    def _readers(self, brain: Brain) -> Iterator[Reader]:
        keys, sites = Keys(brain.settings), Sites(brain.settings)
        for tenant in TENANTS:
            for audience in ("public", "agent"):
                made = keys.create("x", RIGHTS, tenant=tenant, audience=audience, actor="me")
                yield Reader(tenant, audience, {"Authorization": f"Bearer {made}"})
            site = sites.create("x", [PAGE], tenant=tenant, actor="me")
            token = issue(site, PAGE, _HOUR)
            yield Reader(tenant, "public", {"Authorization": f"Bearer {token}", "Origin": PAGE}, widget=True)
        keys.close()
        sites.close()

    def send(self, reader: Reader, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        return self._runner.run(self._asks.request(method, path, json=body, headers=headers | reader.headers))

    async def _live(self, app: FastAPI) -> None:
        """One task: what it enters must be left by the same."""
        async with app.router.lifespan_context(app), self._asks:
            self._started.set()
            await self._ending.wait()

    async def _end(self) -> None:
        self._ending.set()
        await self._lifespan

    def close(self) -> None:
        logging.getLogger("api").setLevel(logging.NOTSET)
        logging.getLogger().removeHandler(self.log)
        self._runner.run(self._end())
        self._runner.close()


@pytest.fixture
def service(make_workspace: Callable[[Path], Any], quick_path: Path) -> Iterator[Service]:
    workspace = make_workspace(quick_path)
    for tenant in TENANTS:
        folder = quick_path / tenant
        folder.mkdir()
        for page in PAGES:
            if page.tenant == tenant:
                (folder / f"{page.word}.md").write_text(page.text, encoding="utf-8")
        workspace.run(source=tenant, folder=folder, tenant=tenant)
    changed = {
        "answer": AnswerSettings(sufficiency=0),
        "limits": LimitSettings(key="", address="", visitor="", site=""),
    }
    with Brain(
        workspace.index, HashEncoder(), ExtractiveAnswerer(), workspace.settings.model_copy(update=changed)
    ) as brain:
        service = Service(brain)
        yield service
        service.close()
    workspace.state.close()


_some = st.lists(st.sampled_from([*WORDS, *(page.word for page in PAGES)]), min_size=1, max_size=6).map(" ".join)
_tags = st.lists(st.sampled_from(["theme", *(f"pays:{page.word}" for page in PAGES)]), max_size=2)
_turns = st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "text": _some}), max_size=3)
_asked = {"question": _some, "tags": _tags, "as_of": st.sampled_from([None, "2019-06-01", "2026-06-01"])}
_stream = {"Accept": "text/event-stream"}
_pretence = {"X-Tenant": "beta", "X-Audience": "agent", "X-Forwarded-For": "127.0.0.1"}
_searches = st.fixed_dictionaries(
    _asked | {"limit": st.sampled_from([1, 50]), "per_document": st.sampled_from([1, 50])}
)
_answers = st.fixed_dictionaries(_asked | {"turns": _turns})
_messages = _turns.map(lambda turns: [{"role": turn["role"], "content": turn["text"]} for turn in turns])
_chats = st.builds(
    lambda before, asked, stream: {"messages": [*before, {"role": "user", "content": asked}], "stream": stream},
    _messages,
    _some,
    st.booleans(),
)
_read = st.sampled_from([page.id for page in PAGES]).map(lambda id: {"document_id": id})
_tools = st.one_of(
    st.tuples(st.just("ask"), _answers),
    st.tuples(st.just("search"), _searches),
    st.tuples(st.just("search"), _searches.map(lambda body: body | {"audience": "agent"})),
    st.tuples(st.just("get_document"), _read),
)
_calls = _tools.map(
    lambda tool: {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool[0], "arguments": tool[1]}}
)
_rpc = {"Accept": "application/json, text/event-stream"}
_documents = st.sampled_from(["", *(f"/{page.id}" for page in PAGES)]).map(lambda id: f"/v1/documents{id}")
_insights = st.sampled_from([f"/v1/insights{path}" for path in ("", "/articles", "/articles.csv", "/unused.csv")])
"""What shows no question: those hold whatever words were typed. For the others see test_insights."""
_looks = st.tuples(st.just("GET"), st.just(LAST), st.none(), st.just({}))
_resumes = st.tuples(
    st.just("POST"),
    st.just("/v1/answer"),
    st.just({"question": "retour"}),
    st.just(_stream | {"Last-Event-ID": "LAST"}),
)
"""The last stream that anybody was given, its question asked again."""
_says = st.fixed_dictionaries({"answer_id": st.just(""), "thumbs": st.sampled_from(["up", "down"]), "comment": _some})
_talks = st.one_of(
    st.tuples(
        st.just("POST"), st.just(TALKS), st.one_of(st.just({}), _some.map(lambda title: {"title": title})), st.just({})
    ),
    st.tuples(st.just("GET"), st.just(TALKS), st.none(), st.sampled_from([{}, _pretence])),
    st.tuples(
        st.sampled_from(["GET", "GET", "DELETE"]),
        st.just(f"{TALKS}/{TALK}"),
        st.none(),
        st.sampled_from([{}, _pretence]),
    ),
    st.tuples(
        st.just("POST"),
        st.just("/v1/answer"),
        st.fixed_dictionaries(_asked | {"conversation_id": st.just(TALK)}),
        st.sampled_from([{}, _stream, _pretence]),
    ),
    st.tuples(st.just("POST"), st.just("/v1/erasures"), _some.map(lambda text: {"text": text}), st.just({})),
)
_requests = st.one_of(
    _looks,
    _talks,
    _talks,
    st.tuples(st.just("GET"), _documents, st.none(), st.just({})),
    _resumes,
    st.tuples(st.just("POST"), st.just("/v1/feedback"), _says, st.just({})),
    st.tuples(st.just("POST"), st.just("/mcp"), _calls, st.just(_rpc)),
    st.tuples(st.just("POST"), st.just("/v1/answer"), _answers, st.sampled_from([{}, _stream, _pretence])),
    st.tuples(st.just("POST"), st.just("/v1/search"), _searches, st.sampled_from([{}, _pretence])),
    st.tuples(
        st.just("POST"), st.just("/v1/search"), _searches.map(lambda body: body | {"tenant": "beta"}), st.just({})
    ),
    st.tuples(st.just("POST"), st.just("/v1/chat/completions"), _chats, st.sampled_from([{}, _pretence])),
    st.tuples(st.just("GET"), st.sampled_from(["/readyz", "/v1/models"]), st.none(), st.just({})),
    st.tuples(st.just("GET"), _insights, st.none(), st.just(_pretence)),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.tuples(st.integers(0, 5), _requests), min_size=1, max_size=6))
def test_nobody_meets_what_is_not_theirs(service: Service, asked: list[tuple[int, Any]]) -> None:
    last, typed, talk = "0" * 32, "", "0" * 32
    stream, streamed = "x-0", {"question": "retour"}
    for who, (method, path, body, headers) in asked:
        reader = service.readers[who]
        service.log.said.clear()
        sent, more = body | {"answer_id": last} if path == "/v1/feedback" else body, {}
        within = TALK in f"{path}{body}"
        if body and "conversation_id" in body:
            sent = body | {"conversation_id": talk}
        if "Last-Event-ID" in headers:
            sent, more = streamed, {"Last-Event-ID": stream}

        response = service.send(reader, method, path.replace("LAST", last).replace(TALK, talk), sent, headers | more)

        if within:
            own = service.talks.get(talk) is reader
            assert response.status_code in ({204 if method == "DELETE" else 200} if own else {404})
        else:
            none = path == LAST or path.startswith("/v1/documents/")
            allowed = {200, 201, 403 if reader.widget else 200, 404 if none else 200, 422}
            assert response.status_code in allowed
        if (method, path, response.status_code) == ("POST", TALKS, 201):
            talk = response.json()["id"]
            service.talks[talk] = reader
        elif (method, response.status_code) == ("DELETE", 204):
            del service.talks[talk]
        if id := given_id(response):
            last, typed = (id, str(sent)) if body else (last, typed)
        if not within and (begun := re.match(r"id: (\w+-0)\n", response.text)):
            stream, streamed = begun[1], sent
        told = f"{shown_of(response, method, path)} {response.headers}"
        # An answer that is looked at again shows what was typed then.
        known = typed if path == LAST else ""
        assert not [word for word in reader.others if word in told and word not in known]
        assert not [page.word for page in PAGES if page.word in " ".join(service.log.said)]
        if response.status_code == 200:
            check_counts(reader, path, body, response)
            check_talks(service, reader, path, response)


def shown_of(response: httpx.Response, method: str, path: str) -> str:
    """What a response says beyond what its reader typed in a conversation of its own."""
    if not response.content or "json" not in response.headers["content-type"]:
        return response.text
    found = response.json()
    if path.startswith(TALKS) and response.is_success:
        for one in (found, *found.get("conversations", []), *found.get("exchanges", [])):
            one.pop("title", None)
            one.pop("question", None)
        for exchange in found.get("exchanges", []):
            (exchange["answer"] or {}).pop("question", None)
    return json.dumps(found, ensure_ascii=False)


def check_talks(service: Service, reader: Reader, path: str, response: httpx.Response) -> None:
    if path == TALKS:
        listed = [one["id"] for one in response.json()["conversations"]]
        assert all(service.talks[id] is reader for id in listed)
    if path == "/v1/erasures":
        sees = {"agent": ("agent", "public"), "public": ("public",)}[reader.audience]
        near = [one for one in service.talks.values() if one.tenant == reader.tenant and one.audience in sees]
        assert response.json()["conversations"] <= len(near)


def given_id(response: httpx.Response) -> str:
    """Of the answer in the response, wherever it stands there."""
    found = re.search(r'"id": ?"([0-9a-f]{32})", ?"status"', response.text)
    return found[1] if found else ""


def check_counts(reader: Reader, path: str, body: dict[str, Any], response: httpx.Response) -> None:
    if path == "/readyz":
        assert response.json()["passages"] == len(reader.own)
    if path in {"/v1/search", "/v1/answer"} and "json" in response.headers["content-type"]:
        day = body["as_of"] or "2026-06-01"
        valid = {page.word for page in reader.own if not page.ends or day < "2020"}
        for facet in response.json().get("facets", []):
            assert all(value["value"] in valid and value["count"] == 1 for value in facet["values"])
        for choice in response.json().get("choices", []):
            assert all(option["value"] in valid and option["documents"] == 1 for option in choice["options"])
            assert choice["total"] <= len(valid)


def test_each_reader_does_find_its_own(service: Service) -> None:
    """The test above would pass if nobody found anything."""
    for reader in service.readers:
        for page in reader.own:
            body = {"question": f"délai de retour {page.word}", "as_of": "2019-06-01", "tags": [f"pays:{page.word}"]}
            response = service.send(reader, "POST", "/v1/answer", body, {})
            assert response.json()["status"] == "answered" and page.word in response.text


def test_each_document_is_read_by_its_readers_alone(service: Service) -> None:
    for reader in service.readers:
        for page in PAGES:
            asked = {"name": "get_document", "arguments": {"document_id": page.id}}
            call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked}
            told = service.send(reader, "POST", "/mcp", call, _rpc).text

            there = [own for own in reader.own if own.id == page.id and not own.ends and not reader.widget]
            assert [own.word for own in PAGES if own.word in told] == [own.word for own in there]


def test_each_conversation_is_its_makers_alone(service: Service) -> None:
    made = []
    for maker in service.readers:
        id = service.send(maker, "POST", TALKS, {}, {}).json()["id"]
        word = next(page.word for page in maker.own if not page.ends)
        body = {"question": f"délai de retour {word}", "tags": [f"pays:{word}"], "conversation_id": id}
        assert service.send(maker, "POST", "/v1/answer", body, {}).json()["status"] == "answered"
        made.append((id, maker, word))
    for id, maker, word in made:
        for reader in service.readers:
            looked = service.send(reader, "GET", f"{TALKS}/{id}", None, {})
            assert (looked.status_code, word in looked.text) == ((200, True) if reader is maker else (404, False))


def test_each_answer_is_looked_at_by_its_readers_alone(service: Service) -> None:
    for giver in service.readers:
        word = next(page.word for page in giver.own if not page.ends)
        body = {"question": f"délai de retour {word}", "tags": [f"pays:{word}"]}
        response = service.send(giver, "POST", "/v1/answer", body, {})
        id = response.json()["id"]
        assert (response.json()["status"], id) == ("answered", given_id(response))
        for reader in service.readers:
            may = reader.tenant == giver.tenant and reader.audience in {giver.audience, "agent"}
            looked = service.send(reader, "GET", f"/v1/answers/{id}", None, {})
            says = service.send(reader, "POST", "/v1/feedback", {"answer_id": id, "thumbs": "up"}, {})
            assert (looked.status_code, says.status_code) == ((200, 201) if may else (404, 422))
