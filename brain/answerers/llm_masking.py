"""Personal data stays here: what goes to a model holds placeholders, what comes back has the values again."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from ipaddress import ip_address
from urllib.parse import urlsplit

from brain.answerers.llm_client import Call, ChatClient
from brain.breaker import Breaker
from brain.privacy import Pseudonyms
from brain.settings import LLMSettings
from prompts import Rendered

_BEGUN = re.compile(r"(?:\[|(?<![\w\[]))[A-Z-]{0,7}(?:_\d{0,4})?\Z")
"""What a placeholder may begin with, at the end of a piece."""
_INSIDE = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".intranet", ".corp")


class MaskingClient:
    """Asks as ChatClient does. Every request has its own placeholders: the same value, the same one."""

    def __init__(self, client: ChatClient) -> None:
        self._client = client

    async def stream(self, prompt: Rendered, call: Call, how: LLMSettings | None = None) -> AsyncGenerator[str, None]:
        """As ChatClient.stream, the values put back; a piece waits where it may be the beginning of a placeholder."""
        names = Pseudonyms()
        # In a thread: a prompt takes milliseconds, hostile figures in it longer.
        masked, held = await asyncio.to_thread(_masked, names, prompt), ""
        async with aclosing(self._client.stream(masked, call, how)) as pieces:
            async for piece in pieces:
                held += piece
                begun = _BEGUN.search(held)
                ready, held = (held[: begun.start()], held[begun.start() :]) if begun else (held, "")
                if ready:
                    yield names.restore(ready)
        if held:
            yield names.restore(held)


def _masked(names: Pseudonyms, prompt: Rendered) -> Rendered:
    return Rendered(names.mask(prompt.system), names.mask(prompt.user))


def client_of(llm: LLMSettings, breaker: Breaker) -> ChatClient | MaskingClient:
    """What asks the model, masking what has to be."""
    client = ChatClient(llm, breaker)
    return MaskingClient(client) if masks(llm) else client


def masks(llm: LLMSettings) -> bool:
    """Whether what is sent to this model is masked."""
    if llm.mask == "auto":
        return llm.provider == "endpoint" and not inside(llm.url)
    return llm.mask == "always"


def inside(url: str) -> bool:
    """Whether a URL is of this machine or of a private network, as far as its name tells."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:  # no address that can be asked
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_INSIDE)
    return address.is_private or address.is_loopback or address.is_link_local
