"""The requests that a program can make. One function each: what it takes is what the client's method takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote
from uuid import uuid4

from pydantic import BaseModel

from brain.client.models import Answer, Complaint, Found, Given, KeptAnswer, Token, Turn

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request and what its answer is read as. All may be sent twice: they read, replace, or have a key that makes them one."""

    method: str
    path: str
    answer: type[T]
    body: Mapping[str, Any] | Sequence[Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(
    question: str,
    *,
    turns: Sequence[Turn] = (),
    conversation_id: str | None = None,
    language: str | None = None,
    tags: Sequence[str] = (),
    document_languages: Sequence[str] = (),
    as_of: date | None = None,
) -> Call[Answer]:
    """An answer whose every sentence is cited, or a refusal with its reason. `turns`: what was said before, oldest first.

    Instead of these, `conversation_id` continues a conversation that the service keeps.
    """
    asked = _asked(question, language, tags, document_languages, as_of)
    before = {"turns": [turn.model_dump() for turn in turns], "conversation_id": conversation_id}
    return Call("POST", "/v1/answer", Answer, {**asked, **before})


def search(
    question: str,
    *,
    limit: int = 10,
    per_document: int | None = None,
    language: str | None = None,
    tags: Sequence[str] = (),
    document_languages: Sequence[str] = (),
    as_of: date | None = None,
) -> Call[Found]:
    """The passages closest to a question."""
    asked = _asked(question, language, tags, document_languages, as_of)
    return Call("POST", "/v1/search", Found, {**asked, "limit": limit, "per_document": per_document})


def kept_answer(id: str, *, trace: bool = False) -> Call[KeptAnswer]:
    """An answer given before. `trace` needs a key with the scope `eval` or `admin`."""
    return Call("GET", f"/v1/answers/{quote(id, safe='')}", KeptAnswer, query={"trace": "true"} if trace else {})


def feedback(
    answer_id: str,
    thumbs: Literal["up", "down"],
    *,
    reason: Complaint | None = None,
    comment: str | None = None,
    correction: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Given]:
    """What a person says of an answer; sent twice it is written once."""
    said = {"answer_id": answer_id, "thumbs": thumbs, "reason": reason, "comment": comment, "correction": correction}
    return Call("POST", "/v1/feedback", Given, said, headers={"Idempotency-Key": idempotency_key or uuid4().hex})


def widget_token(site_key: str, origin: str, *, token: str | None = None) -> Call[Token]:
    """What a page of this origin asks with. `token`: the one before, for the visitor to stay the same."""
    return Call("POST", "/v1/widget/token", Token, {"site_key": site_key, "token": token}, headers={"Origin": origin})


def _asked(
    question: str,
    language: str | None,
    tags: Sequence[str],
    document_languages: Sequence[str],
    as_of: date | None,
) -> dict[str, Any]:
    return {
        "question": question,
        "language": language,
        "tags": list(tags),
        "document_languages": list(document_languages),
        "as_of": as_of.isoformat() if as_of else None,
    }
