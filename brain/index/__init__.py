"""Where passages are stored and found: Qdrant Edge in this process, or a Qdrant server."""

from brain.encoder.base import Encoder
from brain.errors import StoreError
from brain.index.base import Index, Scope
from brain.index.fingerprint import check_manifest, new_manifest
from brain.settings import Settings

__all__ = ["Index", "Scope", "create_index", "drop_index", "open_index", "stored_otherwise"]


def create_index(settings: Settings, encoder: Encoder) -> Index:
    """A new, empty index for this encoder. Raises StoreError where there already is one."""
    manifest = new_manifest(settings, encoder)
    if settings.index.provider == "edge":
        from brain.index.edge import EdgeIndex

        return EdgeIndex.create(settings.home / "index", manifest, settings.index)
    from brain.index.server import ServerIndex

    return ServerIndex.create(settings.index, manifest)


def drop_index(settings: Settings) -> None:
    """Deletes the index; the documents stay in the state. Raises IndexLockedError where another process has it open."""
    if settings.index.provider == "edge":
        from brain.index.edge import EdgeIndex

        EdgeIndex.drop(settings.home / "index")
    else:
        from brain.index.server import ServerIndex

        ServerIndex.drop(settings.index)


def open_index(settings: Settings) -> Index:
    """The index that the settings name. Raises IndexMissingError, IndexLockedError, IndexMismatchError, StoreError."""
    index: Index
    if settings.index.provider == "edge":
        from brain.index.edge import EdgeIndex

        index = EdgeIndex.open(settings.home / "index", settings.index)
    elif settings.index.provider == "server":
        from brain.index.server import ServerIndex

        index = ServerIndex.open(settings.index)
    else:
        raise StoreError(f"Unknown index provider '{settings.index.provider}'.", "Use edge or server.")
    try:
        check_manifest(index.manifest, settings)
    except BaseException:
        index.close()
        raise
    return index


def stored_otherwise(index: Index, settings: Settings) -> list[str]:
    """How a server stores the index where the settings say otherwise. An embedded index takes the settings at its next optimising."""
    if settings.index.provider == "edge":
        return []
    from brain.index.server import ServerIndex

    return index.differences() if isinstance(index, ServerIndex) else []
