"""One client of a judge's endpoint, for the rubric judge and for ragas: our transport below, with its cache, limits and retries."""

import os
import re
from typing import TYPE_CHECKING

import httpx

from brain.errors import EvaluationError, ModelError
from eval.experiment import Judge

if TYPE_CHECKING:
    import openai

_THINKING = re.compile(r"\A.*</think(?:ing)?>|<think(?:ing)?>.*\Z", re.DOTALL)


def client_of(judge: Judge, transport: httpx.AsyncBaseTransport | None) -> "openai.AsyncOpenAI":
    """Raises EvaluationError where the judge's key is not set."""
    import openai

    key = os.environ.get(judge.api_key_env, "") if judge.api_key_env else "none"
    if not key:
        raise EvaluationError(f"The judge's key is not set: {judge.api_key_env} is empty.", "Set that variable.")
    carried = httpx.AsyncClient(transport=transport) if transport else None
    # The transport tries again: the client's own tries would multiply with it.
    return openai.AsyncOpenAI(
        base_url=judge.url, api_key=key, timeout=judge.timeout_s, max_retries=0, http_client=carried
    )


async def said_by(client: "openai.AsyncOpenAI", judge: Judge, system: str, user: str) -> str:
    """The judge's reply, its thinking left out. Raises ModelError, whose message holds neither the key nor the prompt."""
    import openai

    try:
        reply = await client.chat.completions.create(
            model=judge.model,
            messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
            temperature=judge.temperature,
            max_tokens=judge.max_tokens,
        )
        text = _THINKING.sub("", reply.choices[0].message.content or "").strip()
    except openai.APIStatusError as error:
        raise ModelError(f"it answered with status {error.status_code}") from None
    except openai.APITimeoutError:
        raise ModelError(f"it did not answer within {judge.timeout_s:g} s") from None
    except (openai.APIConnectionError, httpx.HTTPError, httpx.InvalidURL):
        raise ModelError("it can't be reached") from None
    except (openai.OpenAIError, ValueError, TypeError, AttributeError, LookupError) as error:
        raise ModelError(f"its reply can't be read ({type(error).__name__})") from None
    if not text:
        raise ModelError("it gave an empty reply")
    return text
