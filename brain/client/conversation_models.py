"""Conversations that the service keeps, typed."""

from datetime import datetime

from brain.client.models import KeptAnswer, _Model


class Conversation(_Model):
    """To be continued with its `id` as `conversation_id`; without a `title` where nothing was asked yet."""

    id: str
    title: str | None
    created_at: datetime
    updated_at: datetime


class Conversations(_Model):
    """The one that was continued last first; `next`: `after` of the next page."""

    conversations: list[Conversation]
    next: str | None


class Exchange(_Model):
    """A question and its answer; None where it cites a document that this key can't read any more."""

    question: str
    asked_at: datetime
    answer: KeptAnswer | None


class WholeConversation(Conversation):
    """With what was said in it, oldest first."""

    exchanges: list[Exchange]
