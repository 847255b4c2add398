"""Keys and acts as people read them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from brain.keys.audit import stamp
from brain.keys.sites import Site
from brain.keys.store import Key


def show_keys(keys: Iterable[Key], sites: Iterable[Site], out: Console) -> None:
    """One line each."""
    now = stamp(datetime.now(UTC))
    table = Table(
        "id", "name", "tenant", "reads as", "good for", "until", "last used", "", box=None, padding=(0, 2, 0, 0)
    )
    for key in keys:
        state = key.state_at(now)
        until, used = (key.expires_at or "for ever")[:10], (key.last_used or "never")[:16]
        row = (key.id, key.name, key.tenant, key.audience, ", ".join(key.scopes), until, used, _mark(state))
        table.add_row(*(Text(cell) for cell in row))
    for site in sites:
        row = (
            site.id,
            site.name,
            site.tenant,
            "public",
            ", ".join(site.origins),
            "",
            "",
            "revoked" * bool(site.revoked_at),
        )
        table.add_row(*(Text(cell) for cell in row))
    out.print(table if table.rows else "no keys yet; make one: brain keys create NAME")


def show_acts(acts: Iterable[dict[str, Any]], out: Console) -> None:
    """One line each."""
    for act in acts:
        line = f"{act['at'][:19]}  {act['actor']}  {act['act']}  {act['subject']}  {_details(act['details'])}"
        out.print(Text(line), soft_wrap=True)


def _mark(state: str) -> str:
    return "" if state == "valid" else state


def _details(details: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in details.items() if value)
