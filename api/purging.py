"""Deletes what is too old, while the service runs: once a day, whichever replica comes first."""

import asyncio
import logging

from brain.errors import BrainError
from brain.settings import Settings

LOOK_S = 3600
"""Seconds between looks whether it is due."""
_log = logging.getLogger(__name__)


async def purge_daily(settings: Settings) -> None:
    """Until it is cancelled. A failure is logged and tried again."""
    while True:
        try:
            await asyncio.to_thread(_purge, settings)
        except BrainError as error:
            _log.warning("What is too old could not be deleted: %s", error)
        await asyncio.sleep(LOOK_S)


def _purge(settings: Settings) -> None:
    from brain.retention.purging import purge_when_due  # SQLAlchemy takes a moment to load

    for one in purge_when_due(settings, "service"):
        if one.count:
            _log.info("deleted %d %s, older than %d days", one.count, one.name, one.days)
