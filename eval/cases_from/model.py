"""Drafts that a language model words: a question as a customer would ask it, and its short answer, from one passage."""

import asyncio
import random
import re
import secrets
from collections.abc import Callable
from typing import Any

import httpx

import prompts
from brain.errors import ModelError
from brain.index import Index
from eval.cases import Case
from eval.cases_from.drafts import Draft, draft_id
from eval.experiment import Judge
from eval.running.meter import ASKING, Asking, Usage
from eval.scoring.asking_judge import client_of, said_by

_REPLY = re.compile(
    r"^\W*QUESTION\s*:\s*(?P<question>.+?)\s*^\W*(?:ANSWER|R[ÉE]PONSE)\s*:\s*(?P<answer>.+)", re.M | re.S | re.I
)
LEAST_CHARACTERS = 200
"""Shorter passages say too little to be asked about."""


async def drafts_by_model(
    index: Index,
    model: Judge,
    count: int,
    transport: httpx.AsyncBaseTransport,
    *,
    seed: int = 0,
    concurrency: int = 4,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[list[Draft], list[str]]:
    """At most one draft of each page drawn by `seed`; and why some gave none."""
    pages: dict[str, dict[str, Any]] = {}
    for id, payload in index.points():
        if len(payload["text"]) >= LEAST_CHARACTERS:
            pages.setdefault(payload["document_id"], payload | {"passage_id": id})
    drawn = random.Random(seed).sample(sorted(pages), min(count, len(pages)))
    client, free, failed = client_of(model, transport), asyncio.Semaphore(concurrency), list[str]()

    async def one(payload: dict[str, Any]) -> Draft | None:
        async with free:
            ASKING.set(Asking(0, Usage()))
            rendered = _rendered(payload)
            try:
                reply = await said_by(client, model, rendered.system, rendered.user)
            except ModelError as error:
                failed.append(f"{payload['document_id']}: {error}")
                return None
        progress(1)
        draft = read(reply, payload)
        if not draft:
            failed.append(f"{payload['document_id']}: the reply is not a question and an answer")
        return draft

    made = await asyncio.gather(*(one(pages[document]) for document in drawn))
    return [draft for draft in made if draft], failed


def read(reply: str, payload: dict[str, Any]) -> Draft | None:
    """None where the reply has not the form that was asked for."""
    match = _REPLY.search(reply)
    if not match:
        return None
    question, document = " ".join(match["question"].split()), payload["document_id"]
    made = {
        "id": draft_id("model", document, question),
        "question": question,
        "language": payload["language"],
        "cluster": document,
        "tags": ["drafted"],
        "expect": {"status": "answered", "documents": [document], "reference": " ".join(match["answer"].split())},
        "filters": {} if "public" in payload["audience"] else {"audience": payload["audience"][0]},
    }
    return Draft(Case.model_validate(made), "model", f"passage {payload['passage_id']}")


def _rendered(payload: dict[str, Any]) -> prompts.Rendered:
    prompt = prompts.load_prompt("draft_case", "fr" if payload["language"] == "fr" else "en")
    return prompt.render(passage=payload["text"], title=payload["title"], fence=secrets.token_hex(4))
