"""What carries the calls to models that are made for a question: the network, unless someone puts a transport of their own below.

`eval` keeps replies there, so that the same request is paid once. A context variable: whatever a question asks of models (an
answer, a rewriting, a judgement) is carried the same way, in tasks and threads too, and no other question's calls are.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

CARRIER: ContextVar["Callable[[], httpx.AsyncBaseTransport] | None"] = ContextVar("carrier", default=None)
"""Makes a transport for one client, which closes it."""


def carried() -> "httpx.AsyncBaseTransport | None":
    """A transport for a new client; None: the client's own."""
    make = CARRIER.get()
    return make() if make else None
