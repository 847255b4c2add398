"""What went wrong with a model's endpoint, in words that hold neither the key nor the prompt, and whether to try again."""

from email.utils import parsedate_to_datetime
from random import uniform
from time import time

import httpx
import openai

from brain.errors import ModelError
from brain.settings import LLMSettings, redact_url

ATTEMPTS = 3
FIRST_WAIT_S = 0.25
"""Twice as long with each further try, less up to half of it by chance: clients that failed together don't return together."""
PASSING = frozenset({408, 429, 500, 502, 503, 504, 529})
OF_THE_REQUEST = frozenset({400, 413, 422})
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)
FAILURES = (openai.OpenAIError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError, *UNREADABLE)
"""All that the packages below raise where an endpoint fails; anything else is a bug."""
_HINTS = {
    400: "Check llm.model, and that llm.context_tokens is within the model's context.",
    401: "Check llm.api_key.",
    403: "Check llm.api_key.",
    404: "Check llm.url and llm.model.",
    429: "The endpoint's rate limit is reached: wait, or raise it.",
}
_LOG = "Look into the endpoint's log."


class TooLarge(httpx.StreamError):
    """A reply beyond all that was asked for."""


class Interrupted(httpx.StreamError):
    """A stream that ends without saying that it is complete."""


_WORDS: tuple[tuple[tuple[type[Exception], ...], tuple[str, str, str]], ...] = (
    ((TooLarge,), ("sent far more than was asked for", _LOG, "too_large")),
    ((Interrupted, httpx.ReadError, httpx.RemoteProtocolError), ("broke off", _LOG, "interrupted")),
    (
        (openai.APIConnectionError, httpx.HTTPError, httpx.InvalidURL),
        ("can't be reached", "Check llm.url and that the server is up.", "unreachable"),
    ),
    ((openai.APIError,), ("reported an error", _LOG, "reported")),
)
"""The first that fits: what it did, what to do, and the word to count by."""


def wait_before_retry(error: Exception, attempt: int) -> float | None:
    """Seconds until the next try after `attempt` tries; None where another would fail too, or there were enough."""
    passing = isinstance(error, openai.APIStatusError) and error.status_code in PASSING
    dropped = isinstance(error, (httpx.TransportError, openai.APIConnectionError)) and not _timed_out(error)
    if attempt >= ATTEMPTS or not (passing or dropped):
        return None
    backoff: float = FIRST_WAIT_S * 2 ** (attempt - 1) * uniform(0.5, 1)
    asked = _retry_after(error.response.headers) if isinstance(error, openai.APIStatusError) else 0.0
    return max(backoff, asked)


def _retry_after(headers: httpx.Headers) -> float:
    """Seconds; 0 where the endpoint asks for nothing that can be read."""
    value = headers.get("Retry-After", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except (ValueError, TypeError):
        return 0.0


def explained(error: Exception, settings: LLMSettings) -> ModelError:
    """As a ModelError."""
    said, hint, kind = _words(error, settings)
    return ModelError(f"The language model at {redact_url(settings.url)} {said}.", hint, kind)


def _words(error: Exception, settings: LLMSettings) -> tuple[str, str, str]:
    """What it did, what to do, and the word to count by."""
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        return f"answered with status {status}", _HINTS.get(status, _LOG), f"status_{status}"
    if _timed_out(error):
        limits = f"{settings.first_token_s:g} s for the first word, {settings.timeout_s:g} s in all"
        hint = "Raise llm.first_token_s or llm.timeout_s, or use a faster model."
        return f"did not answer within its limits ({limits})", hint, "timeout"
    for kinds, words in _WORDS:
        if isinstance(error, kinds):
            return words
    hint = "Check that llm.url is the base of an OpenAI-compatible API, such as http://localhost:8080/v1."
    return f"gave a reply that can't be read ({type(error).__name__})", hint, "unreadable"


def _timed_out(error: Exception) -> bool:
    """No answer in time, though there was a connection."""
    cause = error.__cause__ if isinstance(error, openai.APITimeoutError) else error
    if isinstance(cause, (httpx.ConnectTimeout, httpx.PoolTimeout)):
        return False
    return isinstance(error, (TimeoutError, httpx.TimeoutException, openai.APITimeoutError))
