"""What is indexed, from the state and the index's manifest; the index itself isn't opened, so a running service can be looked at."""

import json
from typing import Any

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
    manifest = manifest_of(settings)
    where = str(settings.home / "index") if settings.index.provider == "edge" else settings.shown()["index"]["url"]
    return {
        "provider": settings.index.provider,
        "where": where,
        "built": manifest is not None,
        "encoder": (manifest or {}).get("encoder"),
        "dimensions": (manifest or {}).get("dimensions"),
    }


def manifest_of(settings: Settings) -> dict[str, Any] | None:
    """What the index was built with; None where there is no index."""
    if settings.index.provider == "edge":
        path = settings.home / "index" / "manifest.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    from brain.errors import IndexMissingError
    from brain.index.server import ServerIndex

    try:
        index = ServerIndex.open(settings.index)
    except IndexMissingError:
        return None
    index.close()
    return index.manifest
