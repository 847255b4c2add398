"""The Python client against the service, on a real socket; and against services that misbehave as no real one can be made to."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any, get_args

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from api.app import create_app
from brain import client as client_module
from brain.client import (
    Answer,
    AnswerStatus,
    AsyncClient,
    CitedDocument,
    Client,
    Event,
    ForbiddenError,
    FoundPassages,
    InvalidError,
    KeyRefusedError,
    LimitedError,
    NewDocument,
    NotFoundError,
    NotReadyError,
    Patience,
    ProblemError,
    Restart,
    Sentence,
    Turn,
    UnreachableError,
    UnreadableError,
    calls,
    conversation_models,
    document_models,
    keeping,
    models,
)
from brain.client.retrying import Reading
from brain.feedback import Feedbacks
from brain.settings import load_settings

Serve = Callable[[FastAPI], AbstractContextManager[str]]
ASKED = "Combien de jours pour renvoyer un article ?"
ONCE = Patience(tries=1)


def key_of(house: Any, *scopes: Any, **more: Any) -> str:
    return str(house.key(*scopes, **more)["Authorization"].removeprefix("Bearer "))


@pytest.fixture
def url(house: Any, serve: Serve) -> Iterator[str]:
    with serve(create_app(house.brain.settings, house.brain)) as url:
        yield url


def check_stream(found: Event, sentences: list[Event], status: Event, whole: Event) -> None:
    """That the events make the answer."""
    assert isinstance(found, FoundPassages) and isinstance(status, AnswerStatus) and isinstance(whole, Answer)
    assert [event for event in sentences if isinstance(event, Sentence)] == whole.sentences
    cited = [event for event in sentences if isinstance(event, CitedDocument)]
    assert [source.model_dump(exclude={"newer"}) for source in whole.sources] == [one.model_dump() for one in cited]
    assert whole.model_dump().items() >= status.model_dump().items()
    texts = {passage.id: passage.text for passage in found.passages}
    assert all(texts[quoted.id] == quoted.text for quoted in whole.quoted)


def test_all_that_can_be_asked(house: Any, url: str) -> None:
    with Client(url, key_of(house, "ask", "search", "feedback", "eval")) as client:
        answer = client.answer(ASKED, turns=[Turn(role="user", text="Bonjour")], language="fr")
        assert answer.status == "answered" and answer.sentences[0].citations[0].quote in answer.quoted[0].text
        found, *sentences, status, whole = client.stream(ASKED)
        check_stream(found, sentences, status, whole)
        found = client.search(ASKED, limit=1)
        assert [passage.document_id for passage in found.passages] == ["retours.md"]
        kept = client.kept_answer(answer.id, trace=True)
        assert kept.text == answer.text and kept.trace and kept.sentences == answer.sentences
        assert client.feedback(answer.id, "down", reason="wrong", correction="30 jours").id
        token = client.widget_token(house.site().id, house.page)
    with Client(url, token.token, headers={"Origin": house.page}) as visitor:
        assert visitor.answer(ASKED).status == "answered"
        with pytest.raises(ForbiddenError):
            visitor.search(ASKED)


async def test_all_that_can_be_awaited(house: Any, url: str) -> None:
    async with AsyncClient(url, key_of(house, "ask", "search", "feedback")) as client:
        answer, again = await asyncio.gather(client.answer(ASKED), client.answer(ASKED))
        assert answer.sentences == again.sentences
        told, *sentences, status, whole = [event async for event in client.stream(ASKED)]
        check_stream(told, sentences, status, whole)
        assert isinstance(whole, Answer) and whole.sentences == answer.sentences
        assert (await client.search(ASKED)).passages and (await client.kept_answer(answer.id)).text == answer.text
        assert (await client.feedback(answer.id, "up")).id
        assert (await client.widget_token(house.site().id, house.page)).expires_in == 900
        with pytest.raises(InvalidError):
            await client.answer(" ")


def test_both_clients_can_do_the_same() -> None:
    names = [name for name, method in vars(Client).items() if hasattr(method, "_build")]
    assert len(names) == 19
    for name in names:
        assert getattr(Client, name)._build is getattr(AsyncClient, name)._build
        assert getattr(Client, name).__doc__


def test_what_is_refused_says_why(house: Any, url: str) -> None:
    with Client(url, key_of(house, "ask", rate="2/hour")) as client:
        with pytest.raises(
            InvalidError, match=r"^422: .* \(question: String should have at least 1 character\)$"
        ) as wrong:
            client.answer(" ")
        assert wrong.value.fields.keys() == {"question"} and wrong.value.request_id
        with pytest.raises(NotFoundError):
            client.kept_answer("0" * 32)
        with pytest.raises(LimitedError) as late:
            client.answer(ASKED)
        assert late.value.retry_after and late.value.retry_after > 30
    with Client(url, "brain_wrong") as client, pytest.raises(KeyRefusedError):
        list(client.stream(ASKED))
    with Client(url, key_of(house, "ask")) as client, pytest.raises(ForbiddenError, match="scope 'search'"):
        client.search(ASKED)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_lost_stream_is_taken_up(cable: Any, slow: Any, asynchronous: bool) -> None:
    slow.may_say[0].set()

    def after(event: Any) -> None:
        if isinstance(event, Sentence) and not slow.may_say[1].is_set():
            cable.pull()
            slow.may_say[1].set()

    def sync() -> Iterator[Any]:
        with Client(cable.url) as client:
            for event in client.stream(slow.question):
                after(event)
                yield event

    async def awaited() -> list[Any]:
        heard = []
        async with AsyncClient(cable.url) as client:
            async for event in client.stream(slow.question):
                after(event)
                heard.append(event)
        return heard

    _, first, cited, second, _, whole = asyncio.run(awaited()) if asynchronous else sync()
    assert [first, second] == whole.sentences and cited.number == 1 and whole.text == slow.text and slow.times == 1


class Loses(httpx.BaseTransport):
    """Sends a request and loses its answer, so many times."""

    def __init__(self, times: int) -> None:
        self.times, self.sent, self._through = times, list[httpx.Request](), httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        response = self._through.handle_request(request)
        if len(self.sent) <= self.times:
            response.read()
            response.close()
            raise httpx.ReadError("lost")
        return response

    def close(self) -> None:
        self._through.close()


def test_an_opinion_of_which_the_receipt_was_lost_is_written_once(
    house: Any, url: str, no_waiting: list[float]
) -> None:
    key = key_of(house, "ask", "feedback")
    lossy = Loses(2)
    with Client(url, key) as client, httpx.Client(transport=lossy) as http:
        answer = client.answer(ASKED)
        Client(url, key, http=http).feedback(answer.id, "up")
    feedbacks = Feedbacks(house.brain.settings)
    assert len(feedbacks.newest()) == 1 and len(lossy.sent) == 3
    assert len({request.headers["Idempotency-Key"] for request in lossy.sent}) == 1
    feedbacks.close()
    assert 0.25 <= no_waiting[0] <= 0.5 <= no_waiting[1] <= 1


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr("brain.client.clients.time", SimpleNamespace(sleep=waited.append))
    return waited


def scripted(
    *answers: httpx.Response | Exception, patience: Patience | None = None
) -> tuple[Client, list[httpx.Request]]:
    """A client of a service that gives these answers, one after another."""
    left, asked = list(answers), list[httpx.Request]()

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    http = httpx.Client(transport=httpx.MockTransport(handle))
    return Client("http://brain", patience=patience, http=http), asked


def problem(status: int, retry_after: str | None = None) -> httpx.Response:
    body = {"type": "urn:problem:brain:x", "title": "X.", "status": status, "detail": "Why.", "request_id": "r"}
    return httpx.Response(status, json=body, headers={"Retry-After": retry_after} if retry_after else {})


FOUND = {"language": "fr", "passages": [], "degraded": [], "facets": [], "new in the next version": 1}


def test_it_waits_as_long_as_it_is_told(no_waiting: list[float]) -> None:
    client, asked = scripted(problem(429, "7"), problem(503, "2"), httpx.Response(200, json=FOUND))
    assert client.search("?").language == "fr" and no_waiting == [7, 2] and len(asked) == 3


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([problem(429, "31")], LimitedError),
        ([problem(503, "1")] * 3, NotReadyError),
        ([problem(500)], ProblemError),
        ([problem(502)], ProblemError),
        ([httpx.Response(502, text="<html>")] * 3, ProblemError),
        ([httpx.ConnectError("refused")] * 3, UnreachableError),
        ([httpx.ReadTimeout("")] * 3, UnreachableError),
        ([httpx.Response(200, text="<html>a portal")], UnreadableError),
        ([httpx.Response(302, headers={"Location": "http://elsewhere"})], ProblemError),
    ],
)
def test_it_gives_up(answers: list[Any], error: type[Exception], no_waiting: list[float]) -> None:
    client, asked = scripted(*answers)
    with pytest.raises(error) as caught:
        client.search("?")
    assert type(caught.value) is error or issubclass(caught.type, error)
    assert len(asked) == len(answers) and len(no_waiting) == len(answers) - 1
    assert "portal" not in str(caught.value)


def test_as_often_as_one_wants(no_waiting: list[float]) -> None:
    client, asked = scripted(problem(503), patience=ONCE)
    with pytest.raises(NotReadyError):
        client.search("?")
    assert len(asked) == 1 and no_waiting == []


SENTENCE = {"text": "Un\u2028deux\x85 trois.", "citations": [], "supported": True, "problems": []}
"""With what Python takes for line breaks."""
ANSWER: dict[str, Any] = {
    **dict.fromkeys(("reason", "message", "contact")),
    **{name: [] for name in ("sources", "quoted", "closest", "choices")},
    **{"id": "a", "status": "answered", "language": "fr", "text": "x", "sentences": [SENTENCE]},
}


def lines(*events: tuple[str, str, Any]) -> str:
    return "".join(
        f"id: {id}\n" + (f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n" if name else "") + "\n"
        for id, name, data in events
    )


def stream(*events: tuple[str, str, Any]) -> httpx.Response:
    return httpx.Response(200, text=lines(*events), headers={"Content-Type": "text/event-stream; charset=utf-8"})


def test_a_stream_goes_on_or_begins_anew(no_waiting: list[float]) -> None:
    client, asked = scripted(
        stream(("a-0", "", None), ("a-1", "sentence", SENTENCE)),
        problem(503, "1"),
        stream(("b-0", "restart", {}), ("b-1", "sentence", SENTENCE), ("b-2", "done", ANSWER)),
    )
    first, restart, again, whole = client.stream("?")
    assert isinstance(restart, Restart) and first == again == Sentence(**SENTENCE)
    assert isinstance(whole, Answer) and whole.sentences == [first]
    assert [request.headers.get("Last-Event-ID") for request in asked] == [None, "a-1", "a-1"]


def test_what_is_told_within_a_stream_ends_it(no_waiting: list[float]) -> None:
    told = {"type": "urn:problem:brain:store-failed", "title": "T", "status": 503, "detail": "D.", "request_id": "r"}
    client, asked = scripted(stream(("a-0", "", None), ("a-1", "sentence", SENTENCE), ("a-2", "problem", told)))
    heard = []
    with pytest.raises(NotReadyError, match=r"503: D\."):
        for event in client.stream("?"):
            heard.append(event)
    assert len(heard) == len(asked) == 1


def test_a_stream_that_breaks_off_every_time_is_given_up(no_waiting: list[float]) -> None:
    client, asked = scripted(*[stream(("a-0", "", None))] * 3)
    with pytest.raises(UnreachableError, match="ended before the answer"):
        list(client.stream("?"))
    assert len(asked) == 3


def test_pieces_of_any_size_make_the_same_events() -> None:
    text = ": \n\n" + lines(("a-0", "", None), ("a-1", "sentence", SENTENCE), ("a-2", "done", ANSWER))
    for size in (1, 2, 7, len(text)):
        reading = Reading()
        heard = [e for at in range(0, len(text), size) for e in reading.events(text[at : at + size])]
        assert [type(event) for event in heard] == [Sentence, Answer] and reading.done
        assert reading.begin()["Last-Event-ID"] == "a-2"


# ------------------------------------------------------------- what the client knows is what the service says


NAMES = {
    **{"Answer": "AnswerResponse", "Found": "SearchResponse", "Given": "FeedbackResponse", "Token": "TokenResponse"},
    **{"Put": "PutResponse", "Job": "JobResponse", "Jobs": "JobsResponse", "NewDocument": "ImportRow"},
}
SCHEMAS: dict[str, Any] = create_app(load_settings()).openapi()["components"]["schemas"]
KNOWN = [
    model
    for module in (models, conversation_models, document_models)
    for model in vars(module).values()
    if isinstance(model, type)
    and issubclass(model, BaseModel)
    and model.__module__ == module.__name__
    and model not in {Restart, models.Nothing}
    and not model.__name__.startswith("_")
]


def form(schema: Any) -> Any:
    """A schema's forms alone; enumerations have names on one side only."""
    if isinstance(schema, list):
        return [form(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return {"type": "string", "enum": list(get_args(models.Status))} if name == "Status" else NAMES.get(name, name)
    kept = ("type", "anyOf", "items", "prefixItems", "enum", "format", "additionalProperties")
    return {key: form(schema[key]) for key in kept if key in schema}


@pytest.mark.parametrize("model", KNOWN, ids=lambda model: model.__name__)
def test_models_are_as_the_service_documents_them(model: type[BaseModel]) -> None:
    theirs = SCHEMAS[NAMES.get(model.__name__, model.__name__)]["properties"]
    ours = model.model_json_schema(mode="serialization")["properties"]
    assert ours.keys() == theirs.keys()
    # A turn is sent, not read, and a reason that a newer service knows must not make an answer unreadable.
    same = [name for name in ours if name != "reason"] if model is not Turn else []
    assert [form(ours[name]) for name in same] == [form(theirs[name]) for name in same]


@pytest.mark.parametrize(
    ("call", "schema"),
    [
        (calls.answer("?"), "AnswerRequest"),
        (calls.search("?"), "SearchRequest"),
        (calls.feedback("x", "up"), "FeedbackRequest"),
        (calls.widget_token("x", "https://x"), "TokenRequest"),
        (keeping.begin_conversation(), "ConversationRequest"),
        (keeping.put_document(NewDocument(id="x", body="X.")), "Draft"),
    ],
)
def test_requests_name_every_field_that_the_service_takes(call: calls.Call[Any], schema: str) -> None:
    assert isinstance(call.body, Mapping) and call.body.keys() == SCHEMAS[schema]["properties"].keys()


def test_all_names_are_there() -> None:
    for name in client_module.__all__:
        assert hasattr(client_module, name)
