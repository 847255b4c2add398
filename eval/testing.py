"""For tests of what is built on evaluations: a Brain that says what it is told, and a chat endpoint on loopback that counts."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from brain.types import Answer, Citation, Passage, Question, Reason, Scores, Sentence, Status, Support, Trace
from eval.cases import Case

Reply = tuple[int, dict[str, str], str]


@dataclass
class Chat:
    """`answers` gives the reply to a request's body; `asked` are the bodies that came in, `busiest` the most at once.

    A reply with the header `X-Cut` breaks off half way.
    """

    url: str = ""
    answers: Callable[[dict[str, Any]], Reply] = lambda body: (200, {}, completion("ok"))
    asked: list[dict[str, Any]] = field(default_factory=list)
    busiest: int = 0
    hang: bool = False
    released: Event = field(default_factory=Event)


def completion(text: str, tokens: tuple[int, int] = (300, 20)) -> str:
    """A chat completion's body."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    return json.dumps(
        {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    )


def _streamed(headers: dict[str, str], text: str) -> tuple[dict[str, str], str]:
    """A whole completion as server-sent events, as an endpoint gives it that is asked for a stream; anything else as it is."""
    try:
        whole = json.loads(text)
        said = whole["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError):
        return headers, text
    chunk = whole | {"object": "chat.completion.chunk", "usage": None}
    parts = [said[: len(said) // 2], said[len(said) // 2 :]]
    events = [chunk | {"choices": [{"index": 0, "delta": {"content": part}, "finish_reason": None}]} for part in parts]
    events.append(chunk | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    events.append(chunk | {"choices": [], "usage": whole["usage"]})
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return headers | {"Content-Type": "text/event-stream"}, "".join([*lines, "data: [DONE]\n\n"])


@contextmanager
def chat_endpoint() -> Iterator[Chat]:
    """A real server on loopback, that serves while the context is open."""
    script, lock, under_way = Chat(), Lock(), [0]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                script.asked.append(body)
                under_way[0] += 1
                script.busiest = max(script.busiest, under_way[0])
            if script.hang:
                script.released.wait(30)
            status, headers, text = script.answers(body)
            with lock:
                under_way[0] -= 1
            if body.get("stream") and status == 200:
                headers, text = _streamed(headers, text)
            content = text.encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(ConnectionError):  # who gave up waiting is gone
                self.wfile.write(content[: len(content) // 2] if "X-Cut" in headers else content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield script
    finally:
        script.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


TEXT = "Le client dispose de 14 jours pour renvoyer un article. La livraison en Corse coûte 16,90 €."


def an_answer(
    question: Question, text: str | None = "Le client dispose de 14 jours pour renvoyer un article."
) -> Answer:
    """Cited from document `d1`; a refusal where `text` is None."""
    passage = Passage("d1#0", "d1", TEXT, (0, len(TEXT)), Scores(1.0), title="Retours", language="fr")
    trace = Trace(question, "fr", "test")
    if text is None:
        return Answer("1", Status.REFUSED, "fr", (), (passage,), trace, Reason.INSUFFICIENT_EVIDENCE, "Non.")
    start = max(TEXT.find(text), 0)
    end = start + len(text) if text in TEXT else 20
    citation = Citation("d1#0", "d1", (start, end), TEXT[start:end])
    sentence = Sentence(text, (citation,), support=Support(True, 1.0))
    return Answer(
        "1", Status.ANSWERED, "fr", (sentence,), (passage,), Trace(question, "fr", "test", checked=(sentence,))
    )


class SayingBrain:
    """Answers by `says`; `asked` are the questions, in order."""

    def __init__(self, says: Callable[[Question], Answer] = an_answer) -> None:
        self.says, self.asked = says, list[str]()

    async def ask(self, question: Question) -> Answer:
        self.asked.append(question.text)
        return self.says(question)


def cases_of(count: int, per_cluster: int = 1, **expect: Any) -> tuple[Case, ...]:
    """Cases `c000`, `c001`, … that expect `14 jours`, `per_cluster` to a cluster."""
    wanted = {"status": "answered", "documents": ["d1"], "must_include": ["14 jours"]} | expect
    return tuple(
        Case.model_validate(
            {
                "id": f"c{n:03}",
                "question": f"Question {n} ?",
                "language": "fr" if n % 2 else "en",
                "cluster": f"article-{n // per_cluster}",
                "expect": wanted,
            }
        )
        for n in range(count)
    )


def write_cases(path: Path, cases: tuple[Case, ...]) -> Path:
    rows = (case.model_dump_json(exclude_defaults=True) for case in cases)
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path
