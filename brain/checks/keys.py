"""API keys and site keys: whether there are any, and which end soon."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from brain.checks.base import Check
from brain.settings import Settings

SOON = timedelta(days=14)


def keys(settings: Settings) -> Iterator[Check]:
    """Raises StoreError."""
    from brain.keys.audit import stamp
    from brain.keys.sites import Sites
    from brain.keys.store import Keys

    if not settings.state_url and not (settings.home / "state.db").exists():
        yield from _none(settings)
        return
    held, sites = Keys(settings), Sites(settings)
    try:
        now, known, pages = datetime.now(UTC), held.all(), sites.all()
    finally:
        held.close()
        sites.close()
    if not known and not pages:
        yield from _none(settings)
        return
    valid = [key for key in known if key.state_at(stamp(now)) == "valid"]
    open_pages = [site for site in pages if not site.revoked_at]
    found = f"{len(valid)} valid of {len(known)}, {len(open_pages)} site keys"
    if not valid and not open_pages:
        yield Check("keys", "attention", f"{found}: nobody can ask", "Make one: brain keys create NAME")
    else:
        yield Check("keys", "well", found)
    for key in valid:
        if key.expires_at and key.expires_at <= stamp(now + SOON):
            mend = "Make the holder another one in time: brain keys create NAME"
            yield Check("keys", "attention", f"{key.id} ({key.name}) ends on {key.expires_at[:10]}", mend)
    for audience in sorted({key.audience for key in valid} - set(settings.access.readers)):
        mend = "Add it to access.readers, or revoke those keys."
        yield Check("keys", "wrong", f"keys of audience '{audience}', which is no reader", mend)


def _none(settings: Settings) -> Iterator[Check]:
    if settings.service.keys == "off":
        yield Check(
            "keys", "attention", "service.keys is off: whoever reaches the service may ask", "See docs/service.md."
        )
    elif settings.service.keys == "required":
        yield Check("keys", "attention", "none yet, and service.keys requires one", "Run: brain keys create NAME")
    else:
        yield Check("keys", "well", "none yet: only callers of this machine are answered")
