"""Answers from passages: the passages' own sentences, or written by a language model."""

from typing import TYPE_CHECKING

from brain.answerers.base import Answerer
from brain.answerers.extractive import ExtractiveAnswerer
from brain.errors import ModelError
from brain.settings import Settings

if TYPE_CHECKING:
    import httpx

__all__ = ["Answerer", "ExtractiveAnswerer", "make_answerer"]


def make_answerer(settings: Settings, transport: "httpx.AsyncBaseTransport | None" = None) -> Answerer:
    """The answerer that the settings name. `transport`: what carries a model's calls. Raises ModelError or PromptError."""
    if settings.answer.provider == "extractive":
        return ExtractiveAnswerer(settings.answer.max_sentences)
    if settings.answer.provider == "llm":
        from brain.answerers.llm import LLMAnswerer

        return LLMAnswerer(settings, transport)
    raise ModelError(f"Unknown answer provider '{settings.answer.provider}'.", "Use extractive or llm.")
