"""A client of the service for Python programs, sync and async; it needs httpx and pydantic alone.

from brain.client import Client
with Client("https://brain.example.com", "brain_…") as client:
    print(client.answer("Combien de temps pour un remboursement ?").text)
"""

from brain.client.clients import AsyncClient, Client
from brain.client.conversation_models import Conversation, Exchange, WholeConversation
from brain.client.document_models import DocumentItem, DocumentWhole, Job, NewDocument, Put
from brain.client.errors import (
    ClientError,
    ConflictError,
    FailedError,
    ForbiddenError,
    InvalidError,
    KeyRefusedError,
    LimitedError,
    NotFoundError,
    NotReadyError,
    ProblemError,
    UnreachableError,
    UnreadableError,
)
from brain.client.models import (
    Answer,
    AnswerStatus,
    CitedDocument,
    Event,
    Found,
    FoundPassages,
    KeptAnswer,
    Passage,
    Restart,
    Sentence,
    Turn,
)
from brain.client.retrying import Patience

__all__ = [
    "Answer",
    "AnswerStatus",
    "AsyncClient",
    "CitedDocument",
    "Client",
    "ClientError",
    "ConflictError",
    "Conversation",
    "DocumentItem",
    "DocumentWhole",
    "Event",
    "Exchange",
    "FailedError",
    "ForbiddenError",
    "Found",
    "FoundPassages",
    "InvalidError",
    "Job",
    "KeptAnswer",
    "KeyRefusedError",
    "LimitedError",
    "NewDocument",
    "NotFoundError",
    "NotReadyError",
    "Passage",
    "Patience",
    "ProblemError",
    "Put",
    "Restart",
    "Sentence",
    "Turn",
    "UnreachableError",
    "UnreadableError",
    "WholeConversation",
]
