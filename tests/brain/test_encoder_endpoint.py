"""The endpoint encoder against a real server on the loopback: what it sends, retries, refuses and keeps to itself."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from brain.encoder import make_encoder
from brain.encoder.endpoint import BATCH
from brain.errors import EncoderError
from brain.settings import load_settings

KEY = "sk-very-secret"


class Server:
    """Answers with one-hot vectors by the text's length; `replies` are given first, each a status and a body."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.replies: list[tuple[int, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.requests.append(request | {"path": self.path})
                outer.keys.append(self.headers.get("authorization"))
                status, body = outer.replies.pop(0) if outer.replies else (200, embeddings(request["input"]))
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1/"


def embeddings(texts: list[str]) -> dict[str, Any]:
    """In another order than asked, as the `index` of each allows."""
    rows = [
        {"index": n, "embedding": [3.0 if len(text) % 8 == i else 0.0 for i in range(8)]}
        for n, text in enumerate(texts)
    ]
    return {"data": rows[::-1]}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr("brain.encoder.endpoint.time.sleep", lambda seconds: None)
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()


@pytest.fixture
def encoder(server: Server) -> Iterator[Any]:
    yield from opened(server)


def opened(server: Server, **more: Any) -> Iterator[Any]:
    made = make_encoder(load_settings(encoder=given(server.url) | more))
    yield made
    made._client.close()  # type: ignore[attr-defined]


def given(url: str) -> dict[str, Any]:
    return {
        "provider": "endpoint",
        "url": url,
        "model": "m",
        "api_key": KEY,
        "question_prefix": "q: ",
        "passage_prefix": "p: ",
        "timeout_s": 5,
    }


def test_texts_are_sent_with_prefix_model_and_key(server: Server, encoder: Any) -> None:
    encoder.encode_questions(["un"])
    encoder.encode_passages(["deux"])

    assert server.requests == [
        {"path": "/v1/embeddings", "model": "m", "input": ["q: un"]},
        {"path": "/v1/embeddings", "model": "m", "input": ["p: deux"]},
    ]
    assert server.keys == [f"Bearer {KEY}"] * 2


def test_each_text_gets_its_own_vector_of_length_one(encoder: Any) -> None:
    texts = ["x" * length for length in (1, 5, 2, 7, 3)]

    vectors = encoder.encode_passages(texts)

    assert vectors.dtype == np.float32
    assert [int(np.argmax(row)) for row in vectors] == [(len(text) + 3) % 8 for text in texts]
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5))


def test_many_texts_go_in_batches_and_keep_their_order(server: Server, encoder: Any) -> None:
    done: list[int] = []
    texts = ["x" * (n % 50) for n in range(2 * BATCH + 3)]

    vectors = encoder.encode_passages(texts, done.append)

    assert [len(request["input"]) for request in server.requests] == [BATCH, BATCH, 3]
    assert done == [BATCH, BATCH, 3]
    assert [int(np.argmax(row)) for row in vectors] == [(len(text) + 3) % 8 for text in texts]


def test_dimensions_are_asked_for_once(server: Server, encoder: Any) -> None:
    assert (encoder.dimensions, encoder.dimensions) == (8, 8)
    assert encoder.encode_passages([]).shape == (0, 8)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(server: Server, encoder: Any, status: int) -> None:
    server.replies = [(status, {}), (status, {})]

    assert encoder.encode_questions(["un"]).shape == (1, 8)
    assert len(server.requests) == 3


def test_three_failures_are_an_error(server: Server, encoder: Any) -> None:
    server.replies = [(500, {})] * 3

    with pytest.raises(EncoderError, match="did not answer: status 500") as error:
        encoder.encode_questions(["un"])

    assert len(server.requests) == 3
    assert "encoder.url" in error.value.hint


@pytest.mark.parametrize("status", [400, 401, 404])
def test_what_will_not_pass_is_not_tried_again(server: Server, encoder: Any, status: int) -> None:
    server.replies = [(status, {"error": "no"})]

    with pytest.raises(EncoderError, match=f"status {status}"):
        encoder.encode_questions(["un"])
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        [],
        {"data": None},
        {"data": [{"index": 0}]},
        {"data": [{"index": 0, "embedding": "x"}]},
        {"data": []},
        {"data": [{"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]},
    ],
)
def test_a_reply_that_holds_no_vectors_is_an_error(server: Server, encoder: Any, body: Any) -> None:
    server.replies = [(200, body)]

    with pytest.raises(EncoderError):
        encoder.encode_questions(["un", "deux"])


def test_a_server_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brain.encoder.endpoint.time.sleep", lambda seconds: None)
    encoder = make_encoder(load_settings(encoder=given("http://127.0.0.1:9/v1")))

    with pytest.raises(EncoderError, match=r"127\.0\.0\.1:9.*ConnectError"):
        encoder.encode_questions(["un"])

    encoder._client.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("reply", [(401, {"error": f"bad key {KEY}"}), (500, {}), (200, {"data": []})])
@pytest.mark.parametrize("key", [KEY, f"{KEY}\n", f"{KEY}\nX: y"])
def test_the_key_is_in_no_error(server: Server, reply: tuple[int, Any], key: str) -> None:
    server.replies = [reply] * 3
    url = server.url.replace("//", "//me:hidden@")
    for encoder in opened(server, api_key=key, url=url):
        with pytest.raises(EncoderError) as error:
            encoder.encode_questions(["un"])

        told = f"{error.value!s} {error.value.hint} {encoder.name}"
        assert KEY not in told
        assert "hidden" not in told


def test_a_key_may_end_with_a_newline(server: Server) -> None:
    """As it does when it is read from a file."""
    for encoder in opened(server, api_key=f"{KEY}\n"):
        encoder.encode_questions(["un"])

    assert server.keys == [f"Bearer {KEY}"]


def test_the_name_tells_models_and_prefixes_apart(server: Server) -> None:
    def name(**more: Any) -> str:
        (made,) = (encoder.name for encoder in opened(server, **more))
        return made

    assert len({name(), name(model="n"), name(question_prefix="x"), name(passage_prefix="x")}) == 4
