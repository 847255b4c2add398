"""The indexes of one home: the one that is asked, the one before it, the one that is being built.

They lie side by side, in folders of their own or as collections of a server; which is which is said in one place that changes
at once: a small file, or the server's aliases.
"""

from contextlib import AbstractContextManager
from typing import Any, Protocol

from brain.errors import StoreError
from brain.index.base import Index
from brain.settings import Settings

CURRENT, PREVIOUS, NEXT = "current", "previous", "next"
Roles = dict[str, str]
"""Names of indexes by CURRENT, PREVIOUS, NEXT."""


class Generations(Protocol):
    """Every method raises a StoreError where the store fails."""

    earlier: str
    """The name of an index made before there were generations."""

    def roles(self) -> Roles: ...

    def assign(self, roles: Roles) -> None:
        """All at once. What has no role any more is deleted; where another process has it open, by a later call."""
        ...

    def create(self, manifest: dict[str, Any]) -> tuple[str, Index]:
        """A new, empty index, still without a role, and its name."""
        ...

    def open(self, name: str, *, apart: bool = False) -> Index:
        """With `apart`, in a process of its own where it is embedded."""
        ...

    def beside(self, name: str) -> AbstractContextManager[Index]:
        """For reading, also where another process has it open; while nobody changes it (`brain.index.lock.changing`)."""
        ...

    def manifest(self, name: str) -> dict[str, Any]:
        """Without opening the index. Raises IndexMissingError."""
        ...


def generations_of(settings: Settings) -> Generations:
    """Those of the store that the settings name."""
    if settings.index.provider == "edge":
        from brain.index.folders import EdgeGenerations

        return EdgeGenerations(settings.home / "index")
    if settings.index.provider == "server":
        from brain.index.aliases import ServerGenerations

        return ServerGenerations(settings.index)
    raise StoreError(f"Unknown index provider '{settings.index.provider}'.", "Use edge or server.")


def current_name(generations: Generations) -> str:
    """The index that is to be asked, whether or not it is there."""
    return generations.roles().get(CURRENT, generations.earlier)


def switched(roles: Roles, name: str) -> Roles:
    """The roles once this index is the current one."""
    kept = {NEXT: roles[NEXT]} if roles.get(NEXT, name) != name else {}
    return kept | {CURRENT: name} | ({PREVIOUS: roles[CURRENT]} if CURRENT in roles else {})
