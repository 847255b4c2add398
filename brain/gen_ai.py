"""Spans' attributes by OpenTelemetry's conventions for generative AI (`gen_ai.*`, in development; those of its Python package 0.66).

No message, question or answer unless `telemetry.content` says so, and then with personal data masked.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from brain.privacy import mask
from brain.settings import LLMSettings
from brain.types import Answer, Passages

if TYPE_CHECKING:
    from brain.answerers.llm_client import Call
    from brain.spans import Value
    from prompts import Rendered

_PROVIDERS = {"openai.com": "openai", "mistral.ai": "mistral_ai", "azure.com": "azure.ai.openai", "groq.com": "groq"}
OTHER_PROVIDER = "openai_compatible"
"""Of an endpoint that speaks OpenAI's API and is none of the conventions' own."""


def retrieved(passages: Passages, wanted: int, asked: str | None) -> "Mapping[str, Value | None]":
    """`asked`: the question where it may be told."""
    return {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.request.top_k": wanted,
        "gen_ai.retrieval.query.text": asked and mask(asked),
        "brain.passages": len(passages),
        "brain.documents": tuple(passages.by_document()),
        "brain.language": passages.language,
        "brain.degraded": passages.degraded or None,
    }


def encoded(model: str, dimensions: int) -> "Mapping[str, Value | None]":
    return {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.request.model": model,
        "gen_ai.embeddings.dimension.count": dimensions,
    }


def asked(llm: LLMSettings, prompt: "Rendered | None") -> "Mapping[str, Value | None]":
    """`prompt`: where it may be told."""
    host, port = _place(llm.url)
    known = (name for end, name in _PROVIDERS.items() if f".{host}".endswith(f".{end}"))
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": next(known, OTHER_PROVIDER),
        "gen_ai.request.model": llm.model,
        "gen_ai.request.temperature": float(llm.temperature),
        "gen_ai.request.max_tokens": llm.max_tokens,
        "gen_ai.request.stream": True,
        "server.address": host,
        "server.port": port,
        "gen_ai.system_instructions": _parts(prompt.system) if prompt else None,
        "gen_ai.input.messages": _message("user", prompt.user) if prompt else None,
    }


def replied(call: "Call", *, tell: bool) -> "Mapping[str, Value | None]":
    """What is known of the reply at its end. `tell`: whether its words may be told."""
    first = call.first_token_ms
    reason = "length" if call.cut else "stop"
    return {
        "gen_ai.usage.input_tokens": call.usage.get("prompt_tokens"),
        "gen_ai.usage.output_tokens": call.usage.get("completion_tokens"),
        "gen_ai.response.time_to_first_chunk": first / 1e3 if first is not None else None,
        "gen_ai.response.finish_reasons": (reason,) if call.said else None,
        "gen_ai.output.messages": _message("assistant", call.said, finish_reason=reason)
        if tell and call.said
        else None,
        "brain.attempts": call.attempts,
    }


def answered(answer: Answer, *, tell: bool) -> "Mapping[str, Value | None]":
    """How a question ended."""
    return {
        "brain.answer.id": answer.id,
        "brain.answer.status": answer.status.value,
        "brain.answer.reason": answer.reason.value if answer.reason else None,
        "brain.answer.sentences": len(answer.sentences),
        "brain.answer.removed": len(answer.trace.checked) - len(answer.sentences) if answer.trace.checked else 0,
        "brain.language": answer.language,
        "brain.question": mask(answer.trace.question.text) if tell else None,
        "brain.answer.text": mask(answer.text) if tell else None,
    }


def _place(url: str) -> tuple[str | None, int | None]:
    """Host and port; what is wrong with an address is for who calls it to say."""
    try:
        place = urlsplit(url)
        return place.hostname, place.port
    except ValueError:
        return None, None


def _message(role: str, text: str, **more: str) -> str:
    part = {"type": "text", "content": mask(text)}
    return json.dumps([{"role": role, "parts": [part], **more}], ensure_ascii=False)


def _parts(text: str) -> str:
    return json.dumps([{"type": "text", "content": mask(text)}], ensure_ascii=False)
