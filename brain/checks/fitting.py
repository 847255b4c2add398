"""Settings that are each right and don't go together, and what is installed for them."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import urlsplit

from brain.checks.base import Check
from brain.settings import Settings
from brain.telemetry import configured

EXTRAS = {
    "eval": "ragas",
    "local": "xllamacpp",
    "mcp": "mcp",
    "otel": "opentelemetry.sdk",
    "postgres": "psycopg",
    "redis": "redis",
}
"""The module by which an extra is known to be installed."""


def extras(settings: Settings) -> Iterator[Check]:
    """Those that are installed; wrong where the settings need one that is not."""
    there = [name for name, module in EXTRAS.items() if _installed(module)]
    yield Check("extras", "well", f"installed: {', '.join(there) or 'none'}")
    needed = {
        "postgres": settings.state_url.startswith("postgresql"),
        "redis": settings.limits.url.startswith("redis"),
        "local": settings.answer.provider == "llm" and settings.llm.provider == "local",
        "otel": configured(settings),
    }
    for name in (name for name, wanted in needed.items() if wanted and name not in there):
        mend = f"pip install 'brain-answers[{name}]'"
        yield Check("extras", "wrong", f"the settings need '{name}', which is not installed", mend)


def fitting(settings: Settings) -> Iterator[Check]:
    """What does not go together; one line that all is well where nothing is found."""
    found = [*_replicas(settings), *_doors(settings), *_models(settings)]
    yield from found
    if not found:
        yield Check("settings", "well", "nothing that does not go together")


def _replicas(settings: Settings) -> Iterator[Check]:
    servers = {"index": settings.index.provider == "server", "state": bool(settings.state_url)}
    shared = servers["index"] and servers["state"] and not settings.state_url.startswith("sqlite")
    if shared and settings.limits.url.startswith("memory"):
        found = "limits are counted in each process alone (limits.url), index and state are shared"
        yield _attention(found, "With several replicas set limits.url to Redis, or each allows the whole limit.")
    if servers["index"] and (not servers["state"] or settings.state_url.startswith("sqlite")):
        found = "the index is on a server, the state in a file of this machine"
        yield _attention(found, "Several replicas need one state: set state_url to PostgreSQL.")
    workers = os.environ.get("WEB_CONCURRENCY", "1")
    if settings.index.provider == "edge" and workers.isdecimal() and int(workers) > 1:
        found = f"WEB_CONCURRENCY is {workers}, but an embedded index has one owner"
        yield Check("settings", "wrong", found, "Unset it, or use a Qdrant server (index.provider).")


def _doors(settings: Settings) -> Iterator[Check]:
    service = settings.service
    if service.keys == "off" and not _private(service.host):
        found = f"without keys (service.keys) on {service.host}: whoever reaches it may ask"
        yield _attention(found, "Set service.keys to auto or required, unless something else guards the network.")
    if "*" in service.proxies:
        found = "service.proxies is *: a caller may state any address, and evade limits by address"
        yield _attention(found, "Name the proxy's address.")
    if settings.metrics.open_to and "/0" in settings.metrics.open_to:
        yield _attention("metrics.open_to is everyone", "Name Prometheus' address.")
    for name, url, key in (
        ("index", settings.index.url, settings.index.api_key.get_secret_value()),
        ("llm", settings.llm.url, settings.llm.api_key.get_secret_value()),
        ("encoder", settings.encoder.url, settings.encoder.api_key.get_secret_value()),
    ):
        place = urlsplit(url)
        if place.scheme == "http" and key and not _private(place.hostname or ""):
            yield _attention(f"{name}.url is http://, and its key goes over it in the clear", "Use https://.")


def _models(settings: Settings) -> Iterator[Check]:
    answer, llm = settings.answer, settings.llm
    if answer.judge == "llm" and not (llm.url and llm.model) and llm.provider == "endpoint":
        found = "answer.judge is llm, and no model is set"
        yield Check("settings", "wrong", found, "Set llm.url and llm.model, or answer.judge to none.")
    if answer.provider == "llm" and llm.mask == "never" and not _private(urlsplit(llm.url).hostname or ""):
        yield _attention("llm.mask is never: personal data is sent to the model as it is", "Set llm.mask to auto.")
    if answer.provider == "llm" and llm.first_token_s >= llm.timeout_s:
        found = "llm.first_token_s leaves nothing of llm.timeout_s for the answer"
        yield _attention(found, "Raise llm.timeout_s.")


def _attention(found: str, mend: str) -> Check:
    return Check("settings", "attention", found, mend)


def _private(host: str) -> bool:
    """Of this machine, of a private network, or a plain name as compose files have them."""
    try:
        return not ip_address(host).is_global and host != "0.0.0.0"
    except ValueError:
        return "." not in host


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
