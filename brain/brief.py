"""Short calls of the language model beside the answer: a word or a line, within seconds, and nothing lost where it fails."""

from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

import prompts
from brain.breaker import Breaker
from brain.errors import ModelError
from brain.settings import LLMSettings

if TYPE_CHECKING:
    from brain.answerers.llm_client import Call


class Brief(Protocol):
    """A model that is asked something small."""

    async def said(self, prompt: str, language: str, **inputs: str | int) -> str | None:
        """What it replies to the named prompt in this language; None where it fails. Never raises ModelError."""
        ...


class BriefModel:
    """An OpenAI-compatible endpoint, asked for at most `seconds`."""

    def __init__(self, llm: LLMSettings, seconds: float, done: "Callable[[Call], None]" = lambda _: None) -> None:
        """`done` gets each call at its end."""
        from brain.answerers.llm_masking import client_of

        limits = {"timeout_s": seconds, "first_token_s": seconds, "connect_s": min(seconds, llm.connect_s)}
        self._llm = llm.model_copy(update=limits)
        self._client, self._done = client_of(self._llm, Breaker()), done

    async def said(self, prompt: str, language: str, **inputs: str | int) -> str | None:
        from brain.answerers.llm_client import Call

        loaded = prompts.load_prompt(prompt, language)
        how = as_prompted(self._llm, loaded)
        reply, call = "", Call()
        try:
            async with aclosing(self._client.stream(loaded.render(**inputs), call, how)) as pieces:
                async for piece in pieces:
                    reply += piece
        except ModelError:
            return None
        finally:
            self._done(call)
        return reply


def as_prompted(llm: LLMSettings, prompt: prompts.Prompt) -> LLMSettings:
    """The settings as the prompt's file has them, where it says."""
    own = {"temperature": prompt.temperature, "max_tokens": prompt.max_tokens}
    return llm.model_copy(update={name: value for name, value in own.items() if value is not None})
