"""Spans of a request by OpenTelemetry: its steps, what they say, and what they don't."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from brain.errors import SettingsError
from brain.settings import TelemetrySettings, load_settings
from brain.spans import span
from brain.telemetry import Tracer, configured, make_provider, make_tracer

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

ASKED = {"question": "Sous combien de jours renvoyer un article ? jean@exemple.fr"}
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Traced:
    """A service whose spans stay here."""

    def __init__(self, house: Any, monkeypatch: pytest.MonkeyPatch, *, content: bool) -> None:
        self._exporter = InMemorySpanExporter()
        provider = make_provider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        monkeypatch.setattr("api.app.make_tracer", lambda _: Tracer(provider, content=content))
        self._house = house

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        async with self._house.asking() as asks:
            return await asks.post(path, json=body, headers=self._house.key() | headers)

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def only(self, name: str) -> ReadableSpan:
        (found,) = (span for span in self.spans if span.name == name)
        return found

    def parent(self, of: ReadableSpan) -> str:
        """Its name."""
        return next(s.name for s in self.spans if of.parent and s.context.span_id == of.parent.span_id)

    def told(self) -> str:
        return "\n".join(span.to_json() for span in self.spans)


@pytest.fixture
def traced(house: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Traced]:
    return lambda content=False: Traced(house, monkeypatch, content=content)


async def test_the_steps_of_an_answer_are_spans_of_one_trace(traced: Callable[..., Traced]) -> None:
    here = traced()
    answer = (await here.post("/v1/answer", ASKED, **{"X-Request-ID": "mine"})).json()

    encode = next(s.name for s in here.spans if s.name.startswith("embeddings "))
    tree = {span.name: here.parent(span) for span in here.spans if span.parent}
    assert tree == {
        "ask": "POST /v1/answer",
        "retrieval": "ask",
        encode: "retrieval",
        "write": "ask",
        "verify": "write",
    }
    assert len({span.context.trace_id for span in here.spans}) == 1
    request, ask = here.only("POST /v1/answer"), here.only("ask")
    assert request.kind is SpanKind.SERVER
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/v1/answer",
        "http.response.status_code": 200,
        "brain.request_id": "mine",
    }
    assert ask.attributes and ask.attributes["brain.answer.id"] == answer["id"]
    found = here.only("retrieval").attributes or {}
    assert (found["gen_ai.operation.name"], found["gen_ai.request.top_k"]) == ("retrieval", 8)
    encoded = here.only(encode).attributes or {}
    assert (encoded["gen_ai.operation.name"], encoded["gen_ai.embeddings.dimension.count"]) == ("embeddings", 64)


@pytest.mark.parametrize("stream", [True, False])
async def test_nothing_of_the_question_or_the_answer_is_told(traced: Callable[..., Traced], stream: bool) -> None:
    here = traced()
    reply = await here.post("/v1/answer", ASKED, **({"Accept": "text/event-stream"} if stream else {}))

    assert reply.status_code == 200 and "renvoie" in reply.text
    assert {"ask", "write"} <= {span.name for span in here.spans}
    assert [word for word in ("jean", "renvoyer", "renvoie", "14 jours") if word in here.told()] == []


async def test_with_content_it_is_told_without_personal_data(traced: Callable[..., Traced]) -> None:
    here = traced(content=True)
    await here.post("/v1/answer", ASKED)

    assert (here.only("ask").attributes or {})[
        "brain.question"
    ] == "Sous combien de jours renvoyer un article ? [E-MAIL]"
    assert "14 jours" in str((here.only("ask").attributes or {})["brain.answer.text"])
    assert "jean@" not in here.told()


async def test_a_caller_s_trace_is_continued(traced: Callable[..., Traced]) -> None:
    here = traced()
    await here.post("/v1/search", {"question": "Retours"}, traceparent=PARENT)

    request = here.only("POST /v1/search")
    assert f"{request.context.trace_id:032x}" == PARENT.split("-")[1]
    assert request.parent and f"{request.parent.span_id:016x}" == PARENT.split("-")[2]
    assert here.parent(here.only("retrieval")) == "POST /v1/search"


async def test_a_failure_is_told_by_its_kind_alone(
    traced: Callable[..., Traced], house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("Où ? secret")

    here = traced()
    async with house.asking() as asks:
        while (await asks.get("/readyz")).status_code != 200:
            pass
        monkeypatch.setattr(house.brain.index, "search", fail)
        await asks.post("/v1/search", json=ASKED, headers=house.key())

    for name, kind in (("retrieval", "ValueError"), ("POST /v1/search", "500")):
        failed = here.only(name)
        assert failed.status.status_code is StatusCode.ERROR
        assert (failed.attributes or {})["error.type"] == kind
    assert "secret" not in here.told()


class Collector(ThreadingHTTPServer):
    """Takes traces as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: list[tuple[str, ExportTraceServiceRequest]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def names(self) -> set[str]:
        return {s.name for _, sent in self.taken for r in sent.resource_spans for c in r.scope_spans for s in c.spans}


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        import gzip

        body = self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        self.server.taken.append((self.path, ExportTraceServiceRequest.FromString(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its name
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@asynccontextmanager
async def asking(house: Any, url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = house.brain.settings.model_copy(update={"telemetry": TelemetrySettings(url=url)})
    async with house.asking(settings) as asks:
        yield asks


async def test_a_collector_gets_them_over_http(house: Any, collector: Collector) -> None:
    async with asking(house, f"{collector.url}/") as asks:
        await asks.post("/v1/answer", json=ASKED, headers=house.key())

    assert {path for path, _ in collector.taken} == {"/v1/traces"}
    assert {"POST /v1/answer", "ask", "retrieval", "write", "verify"} <= collector.names
    resource = {a.key: a.value.string_value for a in collector.taken[0][1].resource_spans[0].resource.attributes}
    assert resource["service.name"] == "brain" and resource["service.version"]


async def test_the_usual_variables_configure_it_too(
    house: Any, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "answers")
    async with house.asking() as asks:
        await asks.get("/healthz")

    sent = collector.taken[0][1].resource_spans[0].resource.attributes
    assert {a.key: a.value.string_value for a in sent}["service.name"] == "answers"
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert not configured(house.brain.settings)


async def test_a_collector_that_is_away_disturbs_nobody(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brain.telemetry.SEND_S", 0.5)
    async with asking(house, "http://127.0.0.1:9") as asks:
        assert (await asks.post("/v1/answer", json=ASKED, headers=house.key())).status_code == 200


def test_off_nothing_of_opentelemetry_s_sdk_is_imported() -> None:
    script = (
        "import sys\nfrom api.app import create_app\nfrom brain.settings import load_settings\n"
        "create_app(load_settings(service={'mcp': False}))\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"
    with span("ask") as step:
        assert not step.content
    assert make_tracer(load_settings()) is None


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brain.telemetry.find_spec", lambda _: None)

    with pytest.raises(SettingsError, match="not installed") as refused:
        make_tracer(load_settings(telemetry={"url": "http://localhost:4318"}))
    assert "brain-answers[otel]" in refused.value.hint
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
    assert make_tracer(load_settings()) is None  # the machine's variable: a warning, and no trace
