"""Answers from passages: the passages' own sentences, or written by a language model."""

from brain.answerers.base import Answerer
from brain.answerers.extractive import ExtractiveAnswerer
from brain.errors import ModelError
from brain.settings import Settings

__all__ = ["Answerer", "ExtractiveAnswerer", "make_answerer"]


def make_answerer(settings: Settings) -> Answerer:
    """The answerer that the settings name. Raises ModelError or PromptError where it can't be made."""
    if settings.answer.provider == "extractive":
        return ExtractiveAnswerer(settings.answer.max_sentences)
    if settings.answer.provider == "llm":
        from brain.answerers.llm import LLMAnswerer

        return LLMAnswerer(settings)
    raise ModelError(f"Unknown answer provider '{settings.answer.provider}'.", "Use extractive or llm.")
