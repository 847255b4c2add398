"""Whose a conversation is, and where it stands among the others of that owner."""

from typing import NamedTuple


class Owner(NamedTuple):
    """Who may see a conversation: who made it, as a reader of this tenant and audience. `id` is what that caller is recorded as."""

    tenant: str
    audience: str
    id: str


class Place(NamedTuple):
    """Where a page of a list ends."""

    updated_at: str
    id: str
