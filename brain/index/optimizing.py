"""Optimising an index that no process has open: after a big ingestion, and by `brain optimize`."""

from typing import TYPE_CHECKING

from brain.errors import StoreError
from brain.index.base import Index
from brain.index.generations import current_name, generations_of
from brain.settings import Settings

if TYPE_CHECKING:
    from brain.index.process import Optimized


def grown(index: Index, settings: Settings) -> bool:
    """Whether so many passages lie outside the graph that the settings ask for an optimisation."""
    if settings.index.provider != "edge" or not settings.upkeep.optimize_at:
        return False
    from brain.index.edge import EdgeIndex

    return isinstance(index, EdgeIndex) and index.unindexed() >= settings.upkeep.optimize_at


def optimize_index(settings: Settings, name: str = "") -> "Optimized":
    """Optimises the current index, or the one of that name. Raises IndexLockedError where a process has it open."""
    if settings.index.provider != "edge":
        raise StoreError("A Qdrant server optimises its collections by itself.", "There is nothing to do.")
    from brain.index.process import EdgeProcess

    generations = generations_of(settings)
    index = generations.open(name or current_name(generations), apart=True)
    assert isinstance(index, EdgeProcess)
    try:
        return index.optimize()
    finally:
        index.close()
