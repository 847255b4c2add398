"""The answer written by a language model from the passages, each sentence tied to the words that support it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import prompts
from brain.answerers.base import Draft
from brain.answerers.llm_client import Call
from brain.answerers.llm_local import opened
from brain.answerers.llm_masking import client_of, masks
from brain.answerers.llm_prompt import INPUTS, OVERHEAD, Budget, Request, build
from brain.answerers.llm_reply import ReplyReader
from brain.breaker import Breaker
from brain.brief import as_prompted
from brain.errors import ModelError, PromptError
from brain.serving_prompts import prompt_for
from brain.settings import LLMSettings, Settings, redact_url
from brain.tokens import count_tokens, tokenizer
from brain.types import Around, Passages, Question
from prompts.prompt import difference


class LLMAnswerer:
    """Asks an OpenAI-compatible endpoint, or a local model. Safe to share between tasks and event loops.

    Making one raises ModelError where no model is set or it can't be loaded, PromptError where its prompt is missing or malformed.
    """

    name = "llm"

    def __init__(self, settings: Settings) -> None:
        _load(settings.llm, "en")  # the language that every other falls back to
        tokenizer()  # loaded here rather than while a question waits
        self._llm, self._count, self._local = opened(settings.llm, count_tokens)
        self._max_sentences, self.breaker = settings.answer.max_sentences, Breaker()
        self._client = client_of(self._llm, self.breaker)

    def reads(self, question: Question) -> Around:
        """What stands before and after each passage, to fill the prompt with."""
        return "neighbours"

    @property
    def endpoint(self) -> LLMSettings:
        """Where the model is asked: of a local one, its own server."""
        return self._llm

    async def write(self, question: Question, language: str, passages: Passages) -> AsyncGenerator[Draft, None]:
        """The model's sentences that can be cited, as they come; none where it says that the passages do not answer."""
        prompt = _load(self._llm, language, question)
        llm = as_prompted(self._llm, prompt)
        budget = Budget(llm.context_tokens - llm.max_tokens, self._count)
        # In a thread: counting takes milliseconds, and a local model is asked for it.
        request = await asyncio.to_thread(build, prompt, question, passages, self._max_sentences, budget)
        yield Draft(prompt=prompt.reference())
        call, failure = Call(), None
        try:
            async with aclosing(self._read(request, language, call, llm)) as pieces:
                async for piece in pieces:
                    yield piece
        except ModelError as error:
            failure = error
        if call.said and not call.usage:
            call.usage = await asyncio.to_thread(self._counted, request, call)
        yield Draft(model=_trace(llm, call, len(request.numbered), failure))
        if failure:
            raise failure

    def _counted(self, request: Request, call: Call) -> dict[str, int]:
        """Tokens, where the endpoint does not say, or was stopped before it could."""
        sent = OVERHEAD + self._count(request.rendered.system) + self._count(request.rendered.user)
        return {"prompt_tokens": sent, "completion_tokens": self._count(call.said), "counted_here": 1}

    def close(self) -> None:
        if self._local:
            self._local.close()

    async def _read(self, request: Request, language: str, call: Call, llm: LLMSettings) -> AsyncGenerator[Draft, None]:
        reader = ReplyReader(request.numbered, language)
        async with aclosing(self._client.stream(request.rendered, call, llm)) as pieces:
            async for piece in pieces:
                yield reader.feed(piece)
                if reader.no_answer:
                    return  # nothing more is wanted of the model
        if reader.empty:
            hint = "Raise llm.max_tokens if the model thinks."
            raise ModelError(f"The language model at {redact_url(self._llm.url)} gave an empty reply.", hint, "empty")
        yield reader.end(cut=call.cut)


def _trace(llm: LLMSettings, call: Call, passages: int, failure: ModelError | None) -> dict[str, Any]:
    found = {
        "model": llm.model,
        "temperature": llm.temperature,
        "max_tokens": llm.max_tokens,
        "url": redact_url(llm.url),
        "passages": passages,
        "attempts": call.attempts,
        "first_token_ms": call.first_token_ms,
        "usage": call.usage,
        "masked": masks(llm) or None,
        "failure": failure.kind if failure else None,
    }
    return {name: value for name, value in found.items() if value not in (None, {})}


def _load(llm: LLMSettings, language: str, question: Question | None = None) -> prompts.Prompt:
    prompt = prompt_for(llm, language, question)
    if problem := difference(set(INPUTS), set(prompt.inputs)):
        raise PromptError(f"{prompt.filename} can't be used to answer: {problem}.", "Choose another llm.prompt.")
    return prompt
