"""What is indexed, from the state and the index's manifest; the index itself isn't opened, so a running service can be looked at."""

from collections.abc import Callable
from typing import Any, TypeVar

from brain.errors import IndexMissingError
from brain.index.generations import current_name, generations_of
from brain.settings import Settings
from brain.state import State
from brain.state.engine import is_there

T = TypeVar("T")


def status_of(settings: Settings) -> dict[str, Any]:
    """Plain values for people and machines. Raises StoreError where state or server can't be reached."""
    empty = {"sources": [], "languages": {}, "unindexed": 0, "problems": [], "flags": {}}
    summary = _asked(settings, State.summary) or empty
    return {"home": str(settings.home), "index": _index(settings), **summary}


def flags_of(settings: Settings) -> list[dict[str, Any]]:
    """The documents in which something was noticed, with the words. Raises StoreError."""
    return _asked(settings, State.flags) or []


def _asked(settings: Settings, what: Callable[[State], T]) -> T | None:
    """What the state answers; None where there is no state yet."""
    if not is_there(settings):
        return None
    state = State(settings)
    try:
        return what(state)
    finally:
        state.close()


def _index(settings: Settings) -> dict[str, Any]:
    generations = generations_of(settings)
    roles = generations.roles()
    manifest = manifest_of(settings)
    where = str(settings.home / "index") if settings.index.provider == "edge" else settings.shown()["index"]["url"]
    return {
        "provider": settings.index.provider,
        "where": where,
        "built": manifest is not None,
        "encoder": (manifest or {}).get("encoder"),
        "dimensions": (manifest or {}).get("dimensions"),
        "indexes": roles,
    }


def manifest_of(settings: Settings) -> dict[str, Any] | None:
    """What the current index was built with; None where there is no index."""
    generations = generations_of(settings)
    try:
        return generations.manifest(current_name(generations))
    except IndexMissingError:
        return None
