"""The requests of what the service keeps: conversations, documents and imports. As in `calls.py`."""

from collections.abc import Iterable
from datetime import date
from urllib.parse import quote
from uuid import uuid4

from brain.client.calls import Call
from brain.client.conversation_models import Conversation, Conversations, WholeConversation
from brain.client.document_models import DocumentPage, DocumentWhole, Job, Jobs, NewDocument, Put
from brain.client.models import Nothing

CONVERSATIONS, DOCUMENTS, JOBS = "/v1/conversations", "/v1/documents", "/v1/jobs"


def begin_conversation(title: str | None = None, *, idempotency_key: str | None = None) -> Call[Conversation]:
    """A conversation that the service keeps, to be continued by its id; without a title it has that of its first question.

    Sent twice it is one.
    """
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    return Call("POST", CONVERSATIONS, Conversation, {"title": title}, headers=headers)


def conversations(*, limit: int = 20, after: str | None = None) -> Call[Conversations]:
    """This caller's own. `after`: `next` of the page before."""
    return Call("GET", CONVERSATIONS, Conversations, query={"limit": str(limit)} | ({"after": after} if after else {}))


def conversation(id: str) -> Call[WholeConversation]:
    """One of this caller's own, with what was said in it."""
    return Call("GET", f"{CONVERSATIONS}/{_part(id)}", WholeConversation)


def delete_conversation(id: str) -> Call[Nothing]:
    """With all that was said in it. NotFoundError where there is none, or it went by a request whose answer was lost."""
    return Call("DELETE", f"{CONVERSATIONS}/{_part(id)}", Nothing)


def documents(
    *, after: str = "", limit: int = 100, source: str | None = None, updated_since: date | None = None
) -> Call[DocumentPage]:
    """The documents that this key may read, by id, those of folders too. `after`: `next` of the page before."""
    query = {"after": after, "limit": str(limit), "source": source, "updated_since": updated_since}
    return Call("GET", DOCUMENTS, DocumentPage, query={name: str(value) for name, value in query.items() if value})


def document(id: str) -> Call[DocumentWhole]:
    """A document with its text."""
    return Call("GET", f"{DOCUMENTS}/{_path(id)}", DocumentWhole)


def put_document(document: NewDocument) -> Call[Put]:
    """Creates or replaces it; the next question finds it. ConflictError where the id is a folder's document."""
    body = document.model_dump(mode="json", exclude={"id"})
    return Call("PUT", f"{DOCUMENTS}/{_path(document.id)}", Put, body)


def delete_document(id: str) -> Call[Nothing]:
    """No question is answered from it any more. NotFoundError where there is none, or it went by a request whose answer was lost."""
    return Call("DELETE", f"{DOCUMENTS}/{_path(id)}", Nothing)


def import_documents(documents: Iterable[NewDocument], *, idempotency_key: str | None = None) -> Call[Job]:
    """Begins a job that puts them all, one request; sent twice it is one job. See `progress`."""
    rows = [document.model_dump(mode="json") for document in documents]
    return Call("POST", "/v1/imports", Job, rows, headers={"Idempotency-Key": idempotency_key or uuid4().hex})


def jobs(*, limit: int = 20) -> Call[Jobs]:
    """The newest imports that this key could have begun, without their failures."""
    return Call("GET", JOBS, Jobs, query={"limit": str(limit)})


def job(id: str) -> Call[Job]:
    """How far an import got, and which rows failed."""
    return Call("GET", f"{JOBS}/{_part(id)}", Job)


def progress(id: str) -> Call[Job]:
    """The import as it is now, and again every second until it has ended; the last one is how it ended."""
    return job(id)


def cancel_job(id: str) -> Call[Job]:
    """It stops after the rows that are being put; what was put stays."""
    return Call("DELETE", f"{JOBS}/{_part(id)}", Job)


def _part(id: str) -> str:
    return quote(id, safe="")


def _path(id: str) -> str:
    if {"", ".", ".."} & set(id.split("/")):  # what would be resolved on the way
        return quote(id, safe="").replace(".", "%2E")
    return quote(id, safe="/")  # not every proxy passes an encoded slash on
