"""What is indexed, from the state and the index's manifest; the index itself isn't opened, so a running service can be looked at."""

from typing import Any

from brain.errors import IndexMissingError
from brain.index.generations import current_name, generations_of
from brain.settings import Settings
from brain.state import State


def status_of(settings: Settings) -> dict[str, Any]:
    """Plain values for people and machines. Raises StoreError where state or server can't be reached."""
    state = State(settings) if settings.state_url or (settings.home / "state.db").exists() else None
    try:
        summary = state.summary() if state else {"sources": [], "languages": {}, "unindexed": 0, "problems": []}
    finally:
        if state:
            state.close()
    return {"home": str(settings.home), "index": _index(settings), **summary}


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
