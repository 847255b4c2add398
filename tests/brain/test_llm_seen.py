"""What is counted and traced of a call of the language model."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from brain import gen_ai
from brain.answer import answer
from brain.answerers.llm import LLMAnswerer
from brain.brief import BriefModel
from brain.carrier import CARRIER
from brain.metrics import Metrics
from brain.retrieve import Retriever
from brain.settings import AnswerSettings, Settings
from brain.spans import within
from brain.telemetry import Tracer, make_provider
from brain.types import Answer, Passage, Passages, Question, Scores

QUESTION = Question("Combien de temps pour renvoyer un article ? jean@exemple.fr", language="fr")
TEXT = "Le client dispose de 14 jours pour renvoyer un article."
PASSAGES = Passages((Passage("p1", "d1", TEXT, (0, len(TEXT)), Scores(1.0), title="Retours", language="fr"),), "fr")
REPLY = "Le client a 14 jours pour renvoyer un article [1]."


def settings() -> Settings:
    llm = {"url": "https://api.mistral.ai/v1", "model": "m", "price_in": 2, "price_out": 6, "mask": "never"}
    return Settings.model_validate({"answer": {"provider": "llm", "sufficiency": 0}, "llm": llm})


def reply(text: str) -> httpx.Response:
    about = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    usage = {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320}
    events = [
        about | {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]},
        about | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        about | {"choices": [], "usage": usage},
    ]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    return httpx.Response(200, text=body, headers={"Content-Type": "text/event-stream"})


@pytest.fixture
def model() -> Iterator[dict[str, httpx.Response]]:
    """What it answers, under `reply`."""
    script = {"reply": reply(REPLY)}
    token = CARRIER.set(lambda: httpx.MockTransport(lambda _: script["reply"]))
    yield script
    CARRIER.reset(token)


async def asked() -> Answer:
    class Found:
        async def search(self, question: Question, limit: int, **_: Any) -> Passages:
            return PASSAGES

    return await answer(QUESTION, cast(Retriever, Found()), LLMAnswerer(settings()), AnswerSettings(sufficiency=0))


@pytest.fixture
def exporter(model: Any) -> Iterator[Any]:
    """The spans of what is done meanwhile."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    kept.provider = make_provider()  # type: ignore[attr-defined]
    kept.provider.add_span_processor(SimpleSpanProcessor(kept))  # type: ignore[attr-defined]
    return kept


def chat_span(exporter: Any) -> Any:
    (found,) = (span for span in exporter.get_finished_spans() if span.name == "chat m")
    return found


async def test_a_call_is_a_client_s_span_by_the_conventions(exporter: Any) -> None:
    with within(Tracer(exporter.provider).request("POST", {})):
        await asked()

    found = chat_span(exporter)
    told = dict(found.attributes)
    assert found.kind.name == "CLIENT"
    assert told.pop("gen_ai.response.time_to_first_chunk") > 0
    assert told == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "mistral_ai",
        "gen_ai.request.model": "m",
        "gen_ai.request.temperature": 0.0,
        "gen_ai.request.max_tokens": 400,
        "gen_ai.request.stream": True,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 300,
        "gen_ai.usage.output_tokens": 20,
        "server.address": "api.mistral.ai",
        "brain.attempts": 1,
    }


async def test_with_content_the_messages_are_told_masked(exporter: Any) -> None:
    with within(Tracer(exporter.provider, content=True).request("POST", {})):
        await asked()

    told = dict(chat_span(exporter).attributes)
    (sent,), (said,) = (json.loads(told[f"gen_ai.{way}.messages"]) for way in ("input", "output"))
    assert sent["role"] == "user" and "[E-MAIL]" in sent["parts"][0]["content"] and TEXT in sent["parts"][0]["content"]
    assert said == {"role": "assistant", "parts": [{"type": "text", "content": REPLY}], "finish_reason": "stop"}
    assert "jean@" not in "".join(map(str, told.values()))


async def test_a_failure_has_its_kind(exporter: Any, model: dict[str, httpx.Response]) -> None:
    model["reply"] = httpx.Response(401, json={"error": "secret"})
    with within(Tracer(exporter.provider).request("POST", {})):
        await asked()

    found = chat_span(exporter)
    assert found.status.status_code.name == "ERROR"
    assert found.attributes["error.type"] == "status_401"
    assert "secret" not in found.to_json()


async def test_tokens_and_their_cost_are_counted_by_purpose(model: Any) -> None:
    metrics, llm = Metrics(), settings().llm
    metrics.answered(await asked(), llm)
    await BriefModel(llm, 3, metrics.spending(llm, "rewrite")).said(
        "rewrite", "fr", fence="===", history="", question="et après ?"
    )

    value = metrics.registry.get_sample_value
    for purpose in ("answer", "rewrite"):
        own = {"model": "m", "purpose": purpose}
        assert value("brain_llm_tokens_total", own | {"direction": "in"}) == 300
        assert value("brain_llm_tokens_total", own | {"direction": "out"}) == 20
        assert value("brain_llm_cost_total", own) == pytest.approx((300 * 2 + 20 * 6) / 1e6)
    assert value("brain_llm_first_token_seconds_count", {"model": "m"}) == 1
    assert value("brain_sentences_total", {"outcome": "verified"}) == 1


def test_the_names_are_the_conventions_own() -> None:
    attributes = pytest.importorskip("opentelemetry.semconv._incubating.attributes.gen_ai_attributes")
    known = {value for name, value in vars(attributes).items() if name.startswith("GEN_AI_") and isinstance(value, str)}
    used = set(re.findall(r'"(gen_ai\.[a-z_.]+)"', Path(gen_ai.__file__).read_text(encoding="utf-8")))

    assert len(used) > 10
    assert used - known == set()
