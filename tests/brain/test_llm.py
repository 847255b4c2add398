"""The LLM answerer over a real socket, against an endpoint that says, or fails to say, what a test wants."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Literal, cast

import pytest

from brain.answer import answer
from brain.answerers import make_answerer
from brain.answerers.base import Draft
from brain.answerers.llm import LLMAnswerer
from brain.errors import ModelError, PromptError
from brain.retrieve import Retriever
from brain.settings import AnswerSettings, Settings
from brain.types import Answer, Passage, Passages, Question, Reason, Scores, Status

KEY = "sk-very-secret"
LIMIT = 3.0
QUESTION = Question("Combien de temps pour renvoyer un article ?", language="fr")
TEXT = "Le client dispose de 14 jours pour renvoyer un article. Les articles soldés ne sont pas repris."
PASSAGES = (Passage("p1", "d1", TEXT, (0, len(TEXT)), Scores(1.0), title="Retours", language="fr"),)


@dataclass
class Endpoint:
    """A chat endpoint with one scripted answer; `requests` are the headers and bodies that came in."""

    url: str
    status: int = 200
    body: str = ""
    hang: bool = False
    content_type: str = "application/json"
    requests: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    released: Event = field(default_factory=Event)

    def says(self, text: str, finish_reason: str = "stop") -> None:
        """Three characters at a time, as a stream does: markers and words are split."""
        self.content_type = "text/event-stream"
        pieces = [text[start : start + 3] for start in range(0, len(text), 3)]
        deltas = [{"role": "assistant", "content": None}, *({"content": piece} for piece in pieces)]
        events = [chunk([{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
        events.append(chunk([{"index": 0, "delta": {}, "finish_reason": finish_reason}]))
        usage = {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320}
        self.body = "".join([*events, chunk([], usage=usage), "data: [DONE]\n\n"])


def chunk(choices: list[dict[str, Any]], **more: Any) -> str:
    """One event of the stream."""
    about = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return f"data: {json.dumps(about | {'choices': choices} | more)}\n\n"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            script.requests.append((dict(self.headers), json.loads(body)))
            if script.hang:
                script.released.wait(30)
                return
            content = script.body.encode()
            self.send_response(script.status)
            self.send_header("Content-Type", script.content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        script = Endpoint(f"http://127.0.0.1:{server.server_port}/v1")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield script
        script.released.set()
        server.shutdown()
        thread.join()


def settings(url: str, **llm: Any) -> Settings:
    values = {"url": url, "model": "some-model", "api_key": KEY, "timeout_s": LIMIT} | llm
    return Settings.model_validate({"answer": {"provider": "llm", "sufficiency": 0}, "llm": values})


async def asked(
    url: str, answerer: LLMAnswerer | None = None, unsupported: Literal["remove", "mark"] = "remove", **llm: Any
) -> Answer:
    """The whole answer path, the retriever apart."""

    class Found:
        async def search(self, question: Question, limit: int, **_: Any) -> Passages:
            return Passages(PASSAGES, "fr")

        def scope(self, question: Question) -> Any:
            return type("Scope", (), {"valid_on": None})

    used = answerer or make_answerer(settings(url, **llm))
    return await answer(
        QUESTION, cast(Retriever, Found()), used, AnswerSettings(sufficiency=0, unsupported=unsupported)
    )


async def written(answerer: LLMAnswerer) -> Draft:
    """All pieces of the draft together."""
    draft = Draft()
    async for piece in answerer.write(QUESTION, "fr", Passages(PASSAGES, "fr")):
        draft += piece
    return draft


async def failure(url: str, **llm: Any) -> ModelError:
    """The error, which must come within the limit and tell neither key nor prompt."""
    answerer = LLMAnswerer(settings(url, **llm))
    start = time.monotonic()
    with pytest.raises(ModelError) as caught:
        await written(answerer)
    assert time.monotonic() - start < LIMIT + 0.5
    said = f"{caught.value} {caught.value.hint}"
    assert KEY not in said and "renvoyer" not in said and caught.value.__cause__ is None
    return caught.value


async def test_a_good_reply_becomes_a_cited_answer(endpoint: Endpoint) -> None:
    endpoint.says("<think>Hm [3].</think>Le client a 14 jours pour renvoyer un article [1]. Bonne journée !")
    given = await asked(endpoint.url)
    assert (given.status, given.text) == (Status.ANSWERED, "Le client a 14 jours pour renvoyer un article.")
    assert given.sentences[0].citations[0].quote == "Le client dispose de 14 jours pour renvoyer un article."
    assert given.trace.dropped == ({"text": "Bonne journée !", "why": "no citation"},)
    assert given.trace.prompt is not None and given.trace.prompt["name"] == "answer"
    assert given.trace.prompt["language"] == "fr" and len(given.trace.prompt["hash"]) == 64
    assert given.trace.model is not None and given.trace.model["first_token_ms"] > 0
    assert given.trace.timings["first_sentence"] > given.trace.timings["verify"] > 0
    assert given.trace.model == {
        "model": "some-model",
        "temperature": 0,
        "max_tokens": 400,
        "url": endpoint.url,
        "passages": 1,
        "attempts": 1,
        "first_token_ms": given.trace.model["first_token_ms"],
        "usage": {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320},
    }


async def test_what_goes_over_the_wire(endpoint: Endpoint) -> None:
    endpoint.says("[[NO_ANSWER]]")
    await asked(endpoint.url, temperature=0.5)
    headers, body = endpoint.requests[0]
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert {key: body[key] for key in ("model", "temperature", "max_tokens")} == {
        "model": "some-model",
        "temperature": 0.5,
        "max_tokens": 400,
    }
    system, user = body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert TEXT in user["content"] and QUESTION.text in user["content"] and "{{" not in user["content"]


async def test_personal_data_does_not_leave_and_the_number_of_a_page_is_in_the_answer(endpoint: Endpoint) -> None:
    text = "Pour renvoyer un article, appelez le 01 53 73 22 22 sous 14 jours."
    passages = Passages((replace(PASSAGES[0], text=text, span=(0, len(text))),), "fr")
    question = Question("Combien de temps pour renvoyer un article ? Mon numéro : 06 12 34 56 78", language="fr")
    endpoint.says("Pour renvoyer un article, appelez le [TEL_1] sous 14 jours [1]. Nous rappelons le [TEL_2] [1].")

    class Found:
        async def search(self, question: Question, limit: int, **_: Any) -> Passages:
            return passages

        def scope(self, question: Question) -> Any:
            return type("Scope", (), {"valid_on": None})

    answerer = make_answerer(settings(endpoint.url, mask="always"))
    found = await answer(question, cast(Retriever, Found()), answerer, AnswerSettings(sufficiency=0))

    sent = json.dumps(endpoint.requests[0][1], ensure_ascii=False)
    assert "01 53 73" not in sent
    assert "06 12 34" not in sent
    assert "[TEL_1]" in sent
    assert [s.text for s in found.sentences] == [text]  # the caller's own number is in no passage: that sentence falls
    assert found.sentences[0].citations[0].quote == text
    assert found.trace.model is not None
    assert found.trace.model["masked"] is True


async def test_a_sentence_that_its_passage_does_not_bear_out_is_removed(endpoint: Endpoint) -> None:
    endpoint.says("Le client a 14 jours pour renvoyer un article [1]. Les articles soldés sont repris [1].")
    given = await asked(endpoint.url)
    assert (given.status, given.text) == (Status.ANSWERED, "Le client a 14 jours pour renvoyer un article.")
    why = "the passage says the contrary about “repris”"
    assert given.trace.dropped == ({"text": "Les articles soldés sont repris.", "why": why},)
    assert [s.support and s.support.supported for s in given.trace.checked] == [True, False]
    assert given.trace.timings["verify"] > 0


async def test_or_it_is_shown_with_a_mark(endpoint: Endpoint) -> None:
    endpoint.says("Le client a 14 jours pour renvoyer un article [1]. Les articles soldés sont repris [1].")
    given = await asked(endpoint.url, unsupported="mark")
    assert given.status is Status.ANSWERED
    assert [s.support and s.support.supported for s in given.sentences] == [True, False]


@pytest.mark.parametrize("unsupported", ["remove", "mark"])
async def test_where_nothing_that_the_model_wrote_holds_the_passages_answer(
    endpoint: Endpoint, unsupported: Literal["remove", "mark"]
) -> None:
    endpoint.says("Le client a 30 jours pour renvoyer un article [1].")
    given = await asked(endpoint.url, unsupported=unsupported)
    assert (given.status, given.reason) == (Status.DEGRADED, Reason.MODEL_UNSUPPORTED)
    assert given.text == "Le client dispose de 14 jours pour renvoyer un article."
    assert given.message == "La réponse rédigée ne s'appuyait pas sur les articles : voici ce qu'ils disent eux-mêmes."
    assert given.trace.dropped[0]["why"] == "“30 jours” is not in the passage"
    assert given.trace.model


async def test_a_citation_that_does_not_exist_is_recorded_beside_one_that_does(endpoint: Endpoint) -> None:
    endpoint.says("Le client a 14 jours pour renvoyer un article [1][7].")
    given = await asked(endpoint.url)
    assert given.status is Status.ANSWERED and given.trace.dropped[0]["why"] == "there is no passage 7"


async def test_no_answer_is_a_refusal(endpoint: Endpoint) -> None:
    endpoint.says("Les articles soldés sont repris. [[NO_ANSWER]]")
    given = await asked(endpoint.url)
    assert (given.status, given.reason) == (Status.REFUSED, Reason.INSUFFICIENT_EVIDENCE)
    assert given.trace.model is not None and given.trace.model["usage"]["counted_here"]  # it is stopped before it says
    assert given.trace.model["usage"]["prompt_tokens"] > 300 > given.trace.model["usage"]["completion_tokens"] > 0


async def test_a_reply_cut_off_loses_its_last_sentence(endpoint: Endpoint) -> None:
    endpoint.says("Le client dispose de 14 jours [1], sauf", finish_reason="length")
    given = await asked(endpoint.url)
    assert given.trace.dropped[0]["why"] == "cut off at max_tokens"
    assert (given.reason, given.text[-3:]) == (Reason.MODEL_UNSUPPORTED, "le.")  # the passage's own sentence


async def test_a_model_that_fails_leaves_the_passages_own_sentences(endpoint: Endpoint) -> None:
    endpoint.status = 401
    given = await asked(endpoint.url)
    assert (given.status, given.reason) == (Status.DEGRADED, Reason.MODEL_FAILED)
    assert given.sentences and "status 401" in given.trace.dropped[0]["why"]


def test_one_answerer_serves_several_event_loops(endpoint: Endpoint) -> None:
    endpoint.says("Le client a 14 jours pour renvoyer un article [1].")
    answerer = LLMAnswerer(settings(endpoint.url))
    assert all(asyncio.run(asked(endpoint.url, answerer)).sentences for _ in range(2))


async def test_nothing_is_logged(endpoint: Endpoint, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    endpoint.says("[[NO_ANSWER]]")
    await asked(endpoint.url)
    assert [r for r in caplog.records if r.name.split(".")[0] in ("openai", "httpx", "httpcore", "llama_index")] == []


async def test_connection_refused() -> None:
    assert "can't be reached" in str(await failure("http://127.0.0.1:9/v1"))


async def test_an_endpoint_that_hangs(endpoint: Endpoint) -> None:
    endpoint.hang = True
    error = await failure(endpoint.url, timeout_s=1)
    assert "did not answer within its limits (10 s for the first word, 1 s in all)" in str(error)
    assert "llm.timeout_s" in error.hint


async def test_a_failing_endpoint_is_tried_three_times(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.body = 500, json.dumps({"error": {"message": f"bad key {KEY}"}})
    assert "status 500" in str(await failure(endpoint.url))
    assert len(endpoint.requests) == 3


async def test_a_wrong_key(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.body = 401, json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}})
    error = await failure(endpoint.url)
    assert "status 401" in str(error) and "llm.api_key" in error.hint
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("garbage", "interrupted"),
        ("", "interrupted"),
        ("data: garbage\n\n", "unreadable"),
        ("data: null\n\n", "unreadable"),
        ("data: []\n\n", "unreadable"),
        ("data: {}\n\n", "unreadable"),
        ('data: {"choices": null}\n\n', "unreadable"),
        ('data: {"choices": [{"finish_reason": "stop"}]}\n\n', "unreadable"),
        ('data: {"choices": [{"delta": {"content": 7}, "finish_reason": "stop"}]}\n\n', "unreadable"),
        ('data: {"error": {"message": "sk-very-secret renvoyer"}}\n\n', "reported"),
        ('data: {"choices": []}\n\ndata: [DONE]\n\n', "interrupted"),
    ],
)
async def test_a_stream_that_makes_no_sense(endpoint: Endpoint, body: str, kind: str) -> None:
    endpoint.body, endpoint.content_type = body, "text/event-stream"
    assert (await failure(endpoint.url)).kind == kind


async def test_a_page_instead_of_a_reply(endpoint: Endpoint) -> None:
    endpoint.body, endpoint.content_type = "<html>Welcome!</html>", "text/html"
    assert "broke off" in str(await failure(endpoint.url))


@pytest.mark.parametrize("text", ["", " \n", "<think>So much to think about"])
async def test_an_empty_reply(endpoint: Endpoint, text: str) -> None:
    endpoint.says(text)
    assert "empty reply" in str(await failure(endpoint.url))


async def test_a_password_in_the_url_is_not_told() -> None:
    error = await failure("http://me:hunter2@127.0.0.1:9/v1")
    assert "hunter2" not in str(error) and "me:***@127.0.0.1" in str(error)


@pytest.mark.parametrize("url", ["http://[/v1", "nonsense", "http://127.0.0.1:port/v1"])
async def test_a_malformed_url(url: str) -> None:
    assert isinstance(await failure(url), ModelError)


def test_an_answerer_needs_a_model_and_a_prompt() -> None:
    with pytest.raises(ModelError, match="No language model"):
        LLMAnswerer(Settings())
    with pytest.raises(PromptError, match=r"no prompt sing\.en"):
        LLMAnswerer(settings("http://127.0.0.1:9/v1", prompt="sing"))
