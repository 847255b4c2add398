"""One call of an OpenAI-compatible chat endpoint through LlamaIndex's OpenAILike. Imported only for a model."""

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import Any

import httpx
import openai
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

from brain.carrier import carried
from brain.errors import ModelError
from brain.settings import LLMSettings, redact_url

RETRIES = 2
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_END_OF_THINKING = re.compile(r".*</think(?:ing)?>", re.DOTALL)
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)
_HINTS = {
    400: "Check llm.model, and that llm.context_tokens is within the model's context.",
    401: "Check llm.api_key.",
    403: "Check llm.api_key.",
    404: "Check llm.url and llm.model.",
    429: "The endpoint's rate limit is reached: wait, or raise it.",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote, its thinking left out. `cut`: it reached max_tokens. `usage`: tokens, where given."""

    text: str
    cut: bool
    usage: dict[str, int]


class ChatClient:
    """Asks, retries what may pass, and gives up after `timeout_s` in all."""

    def __init__(self, settings: LLMSettings) -> None:
        if not (settings.url and settings.model):
            # Without a URL the openai package would send the passages to OpenAI.
            raise ModelError("No language model is set.", "Set llm.url and llm.model.")
        _quieten()
        self._settings = settings
        self._tls = httpx.create_ssl_context()  # 30 ms: once, not for each question

    async def ask(self, system: str, user: str) -> Reply:
        """Raises ModelError, whose message holds neither the key nor the prompt."""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                reply = await self._chat(system, user)
        except (openai.OpenAIError, httpx.HTTPError, httpx.InvalidURL, TimeoutError, *_UNREADABLE) as error:
            # Not from it: what the endpoint says may repeat the key or the prompt.
            raise _explained(error, self._settings) from None
        if not reply.text:
            raise ModelError(
                f"{_who(self._settings)} gave an empty reply.", "Raise llm.max_tokens if the model thinks."
            )
        return reply

    async def _chat(self, system: str, user: str) -> Reply:
        # A client for each call: its connections belong to one event loop, an answerer may be used from several.
        async with self._client() as client:
            response = await self._model(client).achat(
                [ChatMessage(role="system", content=system), ChatMessage(role="user", content=user)]
            )
        raw: Any = response.raw
        usage = {name: count for name, count in response.additional_kwargs.items() if isinstance(count, int)}
        return Reply(without_thinking(response.message.content or ""), raw.choices[0].finish_reason == "length", usage)

    def _client(self) -> openai.AsyncOpenAI:
        settings = self._settings
        return openai.AsyncOpenAI(
            base_url=settings.url,
            api_key=settings.api_key.get_secret_value() or "none",
            timeout=settings.timeout_s,
            max_retries=RETRIES,
            http_client=openai.DefaultAsyncHttpxClient(verify=self._tls, transport=carried()),
        )

    def _model(self, client: openai.AsyncOpenAI) -> OpenAILike:
        settings = self._settings
        return OpenAILike(
            model=settings.model,
            api_base=settings.url,
            api_key="none",  # the client has the key
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
            timeout=settings.timeout_s,
            context_window=settings.context_tokens,
            is_chat_model=True,
            max_retries=0,  # the client retries: LlamaIndex's own would multiply with it
            async_openai_client=client,  # OpenAI's __init__ takes it
        )


def without_thinking(text: str) -> str:
    """The text less `<think>` blocks; some models' templates open the block, so that the reply only closes it."""
    return _END_OF_THINKING.sub("", _THINKING.sub("", text)).strip()


def _who(settings: LLMSettings) -> str:
    return f"The language model at {redact_url(settings.url)}"


def _explained(error: Exception, settings: LLMSettings) -> ModelError:
    who = _who(settings)
    if isinstance(error, openai.APIStatusError):
        hint = _HINTS.get(error.status_code, "Look into the endpoint's log.")
        return ModelError(f"{who} answered with status {error.status_code}.", hint)
    if isinstance(error, (TimeoutError, openai.APITimeoutError)):
        hint = "Raise llm.timeout_s, or use a faster model."
        return ModelError(f"{who} did not answer within {settings.timeout_s:g} s.", hint)
    if isinstance(error, (openai.APIConnectionError, httpx.HTTPError, httpx.InvalidURL)):
        return ModelError(f"{who} can't be reached.", "Check llm.url and that the server is up.")
    hint = "Check that llm.url is the base of an OpenAI-compatible API, such as http://localhost:8080/v1."
    return ModelError(f"{who} gave a reply that can't be read ({type(error).__name__}).", hint)


def _quieten() -> None:
    """At INFO these packages log each URL, at DEBUG whole prompts. A level that the user set is respected."""
    for name in ("openai", "httpx", "httpcore", "llama_index"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)
