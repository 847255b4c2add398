"""A question within a conversation that the service keeps: what was said before it, and keeping what comes of it."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime

from starlette.exceptions import HTTPException

from api.caller import Caller, owner_of
from api.conversations import readable_of
from api.known import Known
from brain.answer import Events
from brain.conversations.record import documents_of, record_of, turns_of
from brain.settings import Settings
from brain.types import Answer, Turn

EXCHANGES = 10
"""Of the conversation, before the question: a model and the search look no further back."""


def turns_before(id: str, who: Caller, settings: Settings, known: Known) -> tuple[Turn, ...]:
    """Blocks. Raises HTTPException (404) where it isn't the caller's; StoreError.

    An answer that cites what the caller can't read any more is left out, for no other answer to be made of it.
    """
    records = known.conversations.exchanges(owner_of(who), id, EXCHANGES)
    if records is None:
        raise HTTPException(404)
    there = readable_of(records, who, settings, known)
    return tuple(
        turn
        for record in records
        for turn in turns_of(record, readable=all(document in there for document in documents_of(record)))
    )


async def keeping(events: Events, id: str, who: Caller, known: Known) -> Events:
    """The same events. The answer is passed on once its conversation holds it, so that the next question follows on it."""
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Answer):
                record = record_of(event, datetime.now(UTC))
                await asyncio.to_thread(known.conversations.add, owner_of(who), id, record)
            yield event
