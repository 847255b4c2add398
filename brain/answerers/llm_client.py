"""Calls of an OpenAI-compatible chat endpoint through LlamaIndex's OpenAILike, streamed. Imported only for a model."""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from time import perf_counter

import httpx
import openai
import openai.resources.chat  # half a second that the first question would otherwise wait for
from llama_index.core.llms import ChatMessage, ChatResponse
from llama_index.llms.openai_like import OpenAILike

from brain import gen_ai
from brain.answerers.llm_errors import FAILURES, OF_THE_REQUEST, Interrupted, explained, wait_before_retry
from brain.answerers.llm_limits import MOST_BYTES, Budget, Limited
from brain.breaker import PAUSE_S, Breaker
from brain.carrier import carried
from brain.errors import ModelError
from brain.settings import LLMSettings, redact_url
from brain.spans import span
from prompts import Rendered


@dataclass
class Call:
    """What is to be recorded of one call, filled while it goes on."""

    attempts: int = 0
    first_token_ms: float | None = None
    cut: bool = False
    """The reply reached its limit of tokens, or was ended by a filter."""
    usage: dict[str, int] = field(default_factory=dict)
    """Tokens, where the endpoint says."""
    said: str = ""
    """The whole reply."""


class ChatClient:
    """Asks within the time limits, tries again what may pass, and leaves alone for a while what keeps failing."""

    def __init__(self, settings: LLMSettings, breaker: Breaker) -> None:
        if not (settings.url and settings.model):
            # Without a URL the openai package would send the passages to OpenAI.
            raise ModelError("No language model is set.", "Set llm.url and llm.model.")
        _quieten()
        self._settings, self._breaker = settings, breaker
        self._tls = httpx.create_ssl_context()  # 30 ms: once, not for each question
        self._counts = True  # until the endpoint refuses to be asked for counts of tokens

    async def stream(self, prompt: Rendered, call: Call, how: LLMSettings | None = None) -> AsyncGenerator[str, None]:
        """The reply in pieces, as they come. Close it early, and the lost connection tells the endpoint to stop.

        `how`: the settings with another temperature or limit of tokens.
        Raises ModelError, whose message holds neither the key nor the prompt.
        """
        how = how or self._settings
        with span(f"chat {how.model}", calls=True) as step:
            step.set(gen_ai.asked(how, prompt if step.content else None))
            try:
                async with aclosing(self._tried(prompt, call, how)) as pieces:
                    async for piece in pieces:
                        yield piece
            finally:
                step.set(gen_ai.replied(call, tell=step.content))

    async def _tried(self, prompt: Rendered, call: Call, how: LLMSettings) -> AsyncGenerator[str, None]:
        if not self._breaker.allows():
            who = f"The language model at {redact_url(self._settings.url)}"
            raise ModelError(f"{who} failed too often and is left alone for {PAUSE_S:g} s.", kind="paused")
        budget, counts = Budget(self._settings.timeout_s), self._counts
        while True:
            call.attempts += 1
            try:
                async with aclosing(self._attempt(prompt, call, budget, how, counts)) as pieces:
                    async for piece in pieces:
                        yield piece
                self._breaker.succeeded()
                self._counts = counts
                return
            except GeneratorExit:
                if call.first_token_ms is not None:
                    self._breaker.succeeded()  # it spoke, and who listened has heard enough
                raise
            except FAILURES as error:
                # Some endpoints refuse what they don't know.
                wait = 0.0 if counts and _of_the_request(error) else self._wait(error, call, budget)
                counts = counts and not _of_the_request(error)
            await asyncio.sleep(wait)
            budget.left -= wait

    def _wait(self, error: Exception, call: Call, budget: Budget) -> float:
        """Seconds until the next try. Raises ModelError where there is none."""
        wait = wait_before_retry(error, call.attempts) if call.first_token_ms is None else None
        if wait is not None and wait < budget.left:
            return wait
        if not _of_the_request(error):
            self._breaker.failed()
        # Not from it: what the endpoint says may repeat the key or the prompt.
        raise explained(error, self._settings) from None

    async def _attempt(
        self, prompt: Rendered, call: Call, budget: Budget, how: LLMSettings, counts: bool
    ) -> AsyncGenerator[str, None]:
        start, ended = perf_counter(), None
        messages = [ChatMessage(role="system", content=prompt.system), ChatMessage(role="user", content=prompt.user)]
        # A client for each call: its connections belong to one event loop, an answerer may be used from several.
        async with (
            self._client() as client,
            aclosing(await self._model(client, how, counts).astream_chat(messages)) as replies,
        ):
            while True:
                waited = perf_counter() - start
                most = self._settings.first_token_s - waited if call.first_token_ms is None else math.inf
                async with budget.spent(most):
                    reply = await anext(replies, None)
                if reply is None:
                    break
                ended = _noted(reply, call) or ended
                if call.first_token_ms is None and (reply.delta or reply.additional_kwargs.get("thinking_delta")):
                    call.first_token_ms = 1e3 * (perf_counter() - start)
                if reply.delta:
                    call.said += reply.delta
                    yield reply.delta
        if ended is None:
            raise Interrupted("no finish_reason")

    def _client(self) -> openai.AsyncOpenAI:
        settings = self._settings
        return openai.AsyncOpenAI(
            base_url=settings.url,
            api_key=settings.api_key.get_secret_value() or "none",
            timeout=httpx.Timeout(settings.timeout_s, connect=settings.connect_s),
            max_retries=0,  # tried again here, where the limits are known
            http_client=openai.DefaultAsyncHttpxClient(
                verify=self._tls, transport=carried(), event_hooks={"response": [self._limit]}
            ),
        )

    async def _limit(self, response: httpx.Response) -> None:
        response.stream = Limited(response.stream, MOST_BYTES)

    def _model(self, client: openai.AsyncOpenAI, settings: LLMSettings, counts: bool) -> OpenAILike:
        return OpenAILike(
            model=settings.model,
            api_base=settings.url,
            api_key="none",  # the client has the key
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
            timeout=settings.timeout_s,
            context_window=settings.context_tokens,
            is_chat_model=True,
            max_retries=0,
            additional_kwargs={"stream_options": {"include_usage": True}} if counts else {},
            async_openai_client=client,  # OpenAI's __init__ takes it
        )


def _of_the_request(error: Exception) -> bool:
    """The endpoint is well, what it was sent is not."""
    return isinstance(error, openai.APIStatusError) and error.status_code in OF_THE_REQUEST


def _noted(reply: ChatResponse, call: Call) -> str | None:
    """How the reply ended, where it says so; keeps counts of tokens."""
    call.usage |= {name: n for name, n in reply.additional_kwargs.items() if name.endswith("_tokens") and n}
    choices = getattr(reply.raw, "choices", None)
    reason: str | None = choices[0].finish_reason if choices else None
    call.cut = call.cut or reason in ("length", "content_filter")
    return reason


def _quieten() -> None:
    """At INFO these packages log each URL, at DEBUG whole prompts. A level that the user set is respected."""
    for name in ("openai", "httpx", "httpcore", "llama_index"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)
