"""The answer written by a language model from the passages, each sentence tied to the words that support it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import prompts
from brain.answerers.base import Draft
from brain.answerers.llm_citations import read_reply
from brain.answerers.llm_client import ChatClient, Reply
from brain.answerers.llm_prompt import INPUTS, build
from brain.errors import PromptError
from brain.serving_prompts import prompt_for
from brain.settings import LLMSettings, Settings, redact_url
from brain.tokens import tokenizer
from brain.types import Passage, Question
from prompts.prompt import difference


class LLMAnswerer:
    """Asks an OpenAI-compatible endpoint. Safe to share between tasks and event loops.

    Making one raises ModelError where no model is set, PromptError where its prompt is missing or malformed.
    """

    name = "llm"

    def __init__(self, settings: Settings) -> None:
        self._llm, self._max_sentences = settings.llm, settings.answer.max_sentences
        self._client = ChatClient(settings.llm)
        _load(settings.llm, "en")  # the language that every other falls back to
        tokenizer()  # loaded here rather than while a question waits

    async def write(self, question: Question, language: str, passages: Sequence[Passage]) -> Draft:
        """The model's sentences that hold; none where it says that the passages do not answer. Raises ModelError."""
        if not passages:
            return Draft(())
        prompt = _load(self._llm, language, question)
        budget = self._llm.context_tokens - self._llm.max_tokens
        request = build(prompt, question, passages, self._max_sentences, budget)
        reply = await self._client.ask(request.rendered.system, request.rendered.user)
        draft = read_reply(reply.text, request.passages, language, cut=reply.cut)
        return replace(draft, prompt=prompt.reference(), model=self._trace(reply, len(request.passages)))

    def _trace(self, reply: Reply, passages: int) -> dict[str, Any]:
        return {
            "model": self._llm.model,
            "temperature": self._llm.temperature,
            "max_tokens": self._llm.max_tokens,
            "url": redact_url(self._llm.url),
            "passages": passages,
            **({"usage": reply.usage} if reply.usage else {}),
        }


def _load(llm: LLMSettings, language: str, question: Question | None = None) -> prompts.Prompt:
    prompt = prompt_for(llm, language, question)
    if problem := difference(set(INPUTS), set(prompt.inputs)):
        raise PromptError(f"{prompt.filename} can't be used to answer: {problem}.", "Choose another llm.prompt.")
    return prompt
