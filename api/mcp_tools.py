"""What agents may call by the Model Context Protocol: `ask`, `search`, `get_document`. The same requests and answers as over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pydantic import BaseModel

from api.answers import AskRequest
from api.caller import Caller, readable
from api.chat_text import whole_text
from api.documents import DocumentRequest, DocumentResponse, shown_document
from api.errors import ForbiddenError
from api.known import Known
from api.search import SearchRequest, SearchResponse, found_of
from api.shown import AnswerResponse, shown
from brain.errors import AccessError
from brain.session import Brain


@dataclass(frozen=True, slots=True)
class Desk:
    """Who calls, and what answers."""

    who: Caller
    brain: Brain
    known: Known


@dataclass(frozen=True, slots=True)
class Said:
    """A result for whoever reads, and for whoever computes."""

    text: str
    value: BaseModel


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, and the scope that a key needs for it."""

    name: str
    description: str
    right: str
    takes: type[BaseModel]
    gives: type[BaseModel]
    run: Callable[[Any, Desk], Awaitable[Said]]

    async def call(self, arguments: dict[str, Any], desk: Desk) -> Said:
        """Raises ForbiddenError, pydantic's ValidationError, or what the work raises."""
        if self.right not in desk.who.rights:
            raise ForbiddenError(f"This key has not the scope '{self.right}'.", "Use a key that has it.")
        return await self.run(self.takes.model_validate(arguments), desk)


async def _ask(asked: AskRequest, desk: Desk) -> Said:
    most = desk.brain.settings.service.max_question_chars
    answer = shown(await desk.brain.ask(asked.question_of(desk.who, most, asked.before()), desk.who.recorded))
    return Said(whole_text(answer), answer)


async def _search(asked: SearchRequest, desk: Desk) -> Said:
    question = asked.question_of(desk.who, desk.brain.settings.service.max_question_chars)
    found = found_of(await desk.brain.search(question, asked.limit, asked.per_document))
    parts = [f"{' > '.join([p.title, *p.heading_path])} ({p.document_id})\n{p.text}" for p in found.passages]
    return Said("\n\n".join(parts) or "Nothing was found.", found)


async def _get_document(asked: DocumentRequest, desk: Desk) -> Said:
    scope = replace(readable(desk.who, desk.brain.settings), valid_on=date.today())
    document = await asyncio.to_thread(desk.known.document, asked.document_id, scope)
    if document is None:
        # The same whether it doesn't exist or isn't for this caller.
        raise AccessError("There is no such document.", "Use an id that ask or search gave.")
    return Said(document.body, shown_document(document))


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "ask",
            "Answer a question from the company's knowledge, in the question's language. Every sentence cites its documents; "
            "where the knowledge does not hold the answer, it says so. Earlier turns of the conversation go into `turns`.",
            "ask",
            AskRequest,
            AnswerResponse,
            _ask,
        ),
        Tool(
            "search",
            "Find the passages of the company's knowledge that are closest to a question, best first.",
            "search",
            SearchRequest,
            SearchResponse,
            _search,
        ),
        Tool(
            "get_document",
            "Read a whole document as Markdown, by the id that ask or search gave.",
            "search",
            DocumentRequest,
            DocumentResponse,
            _get_document,
        ),
    )
}
