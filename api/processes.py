"""How many processes may serve one home: with an embedded index one, else as many as one likes, if they share all that they keep."""

from contextlib import AbstractContextManager, nullcontext

from brain.errors import SettingsError
from brain.index.lock import FolderLock
from brain.settings import Settings

SHARED = "Several processes need a Qdrant server, PostgreSQL and Redis: see docs/state.md."
_SERVING = (
    "Another service{who} answers from {folder}, whose index is embedded: one process owns it.",
    f"Ask that one, stop it, or give another --home. {SHARED}",
)


def alone(settings: Settings) -> AbstractContextManager[object]:
    """Held while a service runs on an embedded index.

    Raises IndexLockedError where another process serves it, or has it open: this one would never be ready.
    """
    if settings.index.provider != "edge":
        return nullcontext()
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(settings.home, "serving-", _SERVING)
    try:
        _check_free(settings)
    except BaseException:
        lock.release()
        raise
    return lock


def check_workers(settings: Settings, workers: int) -> None:
    """Raises SettingsError that names what the processes of one service would not share."""
    if workers == 1:
        return
    apart = {
        "the index is embedded, and one process owns it (index.provider)": settings.index.provider == "edge",
        "the state is a SQLite file (state_url)": not settings.state_url or settings.state_url.startswith("sqlite"),
        "each would count requests for itself (limits.url)": settings.limits.url.startswith("memory"),
    }
    if why := [reason for reason, is_so in apart.items() if is_so]:
        raise SettingsError(f"{workers} processes can't serve this: {'; '.join(why)}.", f"Leave --workers. {SHARED}")


def _check_free(settings: Settings) -> None:
    from brain.index.generations import current_name, generations_of

    folder = settings.home / "index" / current_name(generations_of(settings))
    if folder.exists():
        FolderLock(folder).release()
