"""Keys and acts as people read them: a line each, never cut, since ids are to be copied."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from brain.keys.audit import stamp
from brain.keys.secret import WEBHOOK_PREFIX, new_site_id
from brain.keys.sites import Site
from brain.keys.store import Key
from brain.keys.webhooks import Webhook

ID_WIDTH = len(new_site_id())
_STYLES = {"expired": "dim", "revoked": "dim"}


def show_keys(keys: Iterable[Key], sites: Iterable[Site], webhooks: Iterable[Webhook], out: Console) -> None:
    """One line each."""
    now = stamp(datetime.now(UTC))
    lines = [(_key(key, state), state) for key in keys for state in (key.state_at(now),)]
    lines += [(_site(site), "revoked" if site.revoked_at else "valid") for site in sites]
    lines += [(_webhook(hook), "revoked" if hook.revoked_at else "valid") for hook in webhooks]
    for line, state in lines:
        out.print(Text(line, style=_STYLES.get(state, "")), soft_wrap=True)
    if not lines:
        out.print("no keys yet; make one: brain keys create NAME")


def show_acts(acts: Iterable[dict[str, Any]], out: Console) -> None:
    """One line each."""
    for act in acts:
        line = f"{act['at'][:19]}  {act['actor']}  {act['act']}  {act['subject']}  {_details(act['details'])}"
        out.print(Text(line), soft_wrap=True)


def _key(key: Key, state: str) -> str:
    until = f"until {key.expires_at[:10]}" if key.expires_at else "for ever"
    used = f"last used {key.last_used[:16]}" if key.last_used else "never used"
    when = until if state == "valid" else state.upper()
    return f"{key.id:{ID_WIDTH}}  {key.name}: {key.audience} of {key.tenant}; {', '.join(key.scopes)}; {when}; {used}"


def _site(site: Site) -> str:
    when = "; REVOKED" if site.revoked_at else ""
    return f"{site.id:{ID_WIDTH}}  {site.name}: public of {site.tenant}; {', '.join(site.origins)}{when}"


def _webhook(hook: Webhook) -> str:
    when = "; REVOKED" if hook.revoked_at else ""
    return f"{WEBHOOK_PREFIX + hook.name:{ID_WIDTH}}  writes for {hook.audience} of {hook.tenant}{when}"


def _details(details: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in details.items() if value)
