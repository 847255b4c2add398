"""A past answer's question asked again."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from brain.traces.compare import compared
from brain.traces.record import question_of, record_of

if TYPE_CHECKING:
    from brain.session import Brain


def replayed(brain: "Brain", record: Mapping[str, Any]) -> dict[str, Any]:
    """Asks it of this Brain, as it is now, and says what differs; see `brain.traces.compare`."""
    answer = asyncio.run(brain.ask(question_of(record)))
    return compared(record, record_of(answer, brain.served()))
