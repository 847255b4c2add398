"""Where passages are stored and found: Qdrant Edge in this process or one beside it, or a Qdrant server."""

from brain.encoder.base import Encoder
from brain.index.base import Index, Scope
from brain.index.fingerprint import check_manifest, new_manifest
from brain.index.generations import CURRENT, current_name, generations_of
from brain.settings import Settings

__all__ = ["Index", "Scope", "create_index", "open_index"]


def create_index(settings: Settings, encoder: Encoder) -> Index:
    """A new, empty index for this encoder, from now on the one that is asked."""
    generations = generations_of(settings)
    name, index = generations.create(new_manifest(settings, encoder))
    generations.assign(generations.roles() | {CURRENT: name})
    return index


def open_index(settings: Settings, name: str = "", *, apart: bool = False) -> Index:
    """The current index, or the one of that name; `apart`, where it is embedded, in a process of its own.

    Raises IndexMissingError, IndexLockedError, IndexMismatchError, StoreError.
    """
    generations = generations_of(settings)
    index = generations.open(name or current_name(generations), apart=apart)
    try:
        check_manifest(index.manifest, settings)
    except BaseException:
        index.close()
        raise
    return index
