"""The endpoint reranker against a real server on the loopback: what it sends, understands, refuses and keeps to itself."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from brain.errors import RerankError
from brain.rerank import Reranker, make_reranker
from brain.rerank.endpoint import MAX_BYTES
from brain.settings import load_settings

KEY = "sk-very-secret"


class Server:
    """Scores texts by their length; `replies` are given first, each a status and a body."""

    def __init__(self, tei: bool = False) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.replies: list[tuple[int, Any]] = []
        self.hang = threading.Event()
        self.hang.set()
        self.trickle = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.requests.append(request | {"path": self.path})
                outer.keys.append(self.headers.get("authorization"))
                outer.hang.wait()
                status, body = outer.replies.pop(0) if outer.replies else scored(request, tei)
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                try:
                    for start in range(0, len(raw), 1 if outer.trickle else len(raw)):
                        self.wfile.write(raw[start : start + 1] if outer.trickle else raw)
                        time.sleep(0.05 if outer.trickle else 0)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # who asked has gone

            def log_message(self, *_: object) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1/"


def scored(request: dict[str, Any], tei: bool) -> tuple[int, Any]:
    field, score = ("texts", "score") if tei else ("documents", "relevance_score")
    if field not in request:
        return 422, {"error": f"missing field {field}"}
    rows = [{"index": n, score: len(text) / 10} for n, text in enumerate(request[field])]
    rows.sort(key=lambda row: -row[score])
    return 200, rows if tei else {"model": "m", "results": rows}


@pytest.fixture
def server() -> Iterator[Server]:
    yield from served(Server())


def served(made: Server) -> Iterator[Server]:
    thread = threading.Thread(target=made.http.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.hang.set()
    made.http.shutdown()
    made.http.server_close()
    thread.join()


def opened(url: str, **more: Any) -> Reranker:
    given = {"provider": "endpoint", "url": url, "model": "m", "api_key": KEY, "timeout_s": 5}
    made = make_reranker(load_settings(rerank=given | more))
    assert made
    return made


@pytest.fixture
def reranker(server: Server) -> Iterator[Reranker]:
    made = opened(server.url)
    yield made
    made.close()


def refused(reranker: Reranker) -> RerankError:
    with pytest.raises(RerankError) as error:
        reranker.score("q", ["un", "deux"]).result(20)
    return error.value


def test_each_text_gets_its_own_score_whatever_the_order_of_the_reply(server: Server, reranker: Reranker) -> None:
    assert reranker.score("q", ["xx", "xxxx", "x"]).result(20) == [0.2, 0.4, 0.1]
    assert server.requests == [
        {"path": "/v1/rerank", "model": "m", "query": "q", "documents": ["xx", "xxxx", "x"], "top_n": 3}
    ]
    assert server.keys == [f"Bearer {KEY}"]
    assert reranker.name == "endpoint/m"


def test_the_url_may_end_with_rerank(server: Server) -> None:
    made = opened(f"{server.url}rerank")
    made.score("q", ["x"]).result(20)
    made.close()

    assert server.requests[0]["path"] == "/v1/rerank"


def test_tei_is_asked_in_its_own_form_once_it_has_said_so() -> None:
    for server in served(Server(tei=True)):
        made = opened(server.url)
        assert made.score("q", ["xx", "xxxx", "x"]).result(20) == [0.2, 0.4, 0.1]
        assert made.score("q", ["x"]).result(20) == [0.1]
        made.close()

        assert ["texts" in request for request in server.requests] == [False, True, True]


@pytest.mark.parametrize("status", [302, 400, 401, 404, 422, 429, 500, 503])
def test_a_status_that_is_no_success_is_an_error_and_not_tried_again(
    server: Server, reranker: Reranker, status: int
) -> None:
    server.replies = [(status, {"error": f"no {KEY}"})] * 2

    error = refused(reranker)

    assert f"status {status}" in str(error)
    assert "rerank.url" in error.hint
    assert len(server.requests) == (2 if status == 422 else 1)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"",
        b"[" * 100_000,
        b"\xff",
        None,
        "results",
        {},
        {"results": None},
        {"results": [1, 2]},
        {"results": [{"index": 0, "relevance_score": 1.0}, {"relevance_score": 1.0}]},
        {"results": [{"index": 0, "relevance_score": 1.0}, {"index": 1}]},
        {"results": [{"index": 0, "relevance_score": 1.0}, {"index": 1, "relevance_score": None}]},
        {"results": [{"index": 0, "relevance_score": 1.0}, {"index": [1], "relevance_score": 1.0}]},
        {"results": [{"index": 0, "relevance_score": 1.0}, {"index": 0, "relevance_score": 2.0}]},
        {"results": [{"index": 0, "relevance_score": 1.0}, {"index": 2, "relevance_score": 2.0}]},
    ],
)
def test_a_reply_without_a_score_for_each_text_is_an_error(server: Server, reranker: Reranker, body: Any) -> None:
    server.replies = [(200, body)]

    assert "did not give a score for each text" in str(refused(reranker))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_wrong_number_of_scores_is_an_error(server: Server, reranker: Reranker, count: int) -> None:
    server.replies = [(200, {"results": [{"index": n, "relevance_score": 1.0} for n in range(count)]})]

    assert f"gave {count} scores for 2 texts" in str(refused(reranker))


@pytest.mark.parametrize("number", ["NaN", "Infinity", '"nan"', "1e999"])
def test_a_score_that_is_no_number_is_an_error(server: Server, reranker: Reranker, number: str) -> None:
    rows = f'[{{"index": 0, "relevance_score": 1}}, {{"index": 1, "relevance_score": {number}}}]'
    server.replies = [(200, f'{{"results": {rows}}}'.encode())]

    assert "not a finite number" in str(refused(reranker))


def test_a_reply_without_end_is_not_read_to_its_end(server: Server, reranker: Reranker) -> None:
    server.replies = [(200, b" " * (MAX_BYTES + 1))]

    assert f"more than {MAX_BYTES}" in str(refused(reranker))


def test_a_server_that_hangs_or_trickles_is_given_up(server: Server) -> None:
    made = opened(server.url, timeout_s=0.2)
    server.hang.clear()
    assert "ReadTimeout" in str(refused(made))

    server.hang.set()
    server.trickle = True
    assert "ReadTimeout" in str(refused(made))
    made.close()


def test_a_server_that_is_not_there_is_an_error() -> None:
    made = opened("http://127.0.0.1:9/v1")

    assert "127.0.0.1:9/v1/rerank did not answer: ConnectError" in str(refused(made))
    made.close()


def test_a_text_that_has_no_utf_8_is_an_error(reranker: Reranker) -> None:
    with pytest.raises(RerankError, match="UnicodeEncodeError"):
        reranker.score("\ud800", ["un"]).result(20)


@pytest.mark.parametrize("reply", [(401, {"error": f"bad key {KEY}"}), (500, {}), (200, {"results": []})])
@pytest.mark.parametrize("key", [KEY, f"{KEY}\n", f"{KEY}\nX: y"])
def test_the_key_is_in_no_error(server: Server, reply: tuple[int, Any], key: str) -> None:
    server.replies = [reply]
    made = opened(server.url.replace("//", "//me:hidden@"), api_key=key)

    error = refused(made)

    made.close()
    told = f"{error!s} {error.hint} {made.name} {error.__cause__}"
    assert KEY not in told
    assert "hidden" not in told
