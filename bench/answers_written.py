"""Questions of acceptance sets answered with a real model: Brain's whole path, and LlamaIndex's citation query engine beside it."""

import json
import re
from argparse import Namespace
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, cast

from bench.measure import step
from brain import Question, load_settings
from brain.answerers.llm import LLMAnswerer
from brain.session import Brain
from brain.settings import Settings
from brain.types import Answer, Passage, Passages
from eval.cases import Case, load_cases

PATIENCE = {"connect_s": 10, "first_token_s": 600, "timeout_s": 900}
"""Seconds: on two cores a prompt takes half a minute, on busy ones more."""
MOST_WRITTEN = 250


def settings_of(home: Path, given: Namespace) -> Settings:
    llm = {"url": given.url, "model": "served"} if given.url else {"provider": "local", "file": str(given.file)}
    llm |= {"max_tokens": MOST_WRITTEN, "context_tokens": given.context}
    answer = {"provider": "llm", "passages": given.passages}
    if given.sufficiency is not None:
        answer |= {"sufficiency": given.sufficiency}
    return load_settings(home=home, answer=answer, llm=llm | PATIENCE)


def done(out: Path) -> list[dict[str, Any]]:
    """The answers that are there."""
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] if out.exists() else []


def keep(out: Path, line: dict[str, Any]) -> None:
    with out.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


@asynccontextmanager
async def opened(home: Path, given: Namespace) -> AsyncIterator[Brain]:
    with Brain.open(settings_of(home, given)) as brain:
        yield brain


async def run(given: Namespace) -> None:
    """Asks what is not answered yet; with `--peer` each question of the peer too, right after Brain."""
    for named in given.sets:
        name, home, cases = named.split("=")
        async with opened(Path(home), given) as brain:
            peer = Peer(brain) if given.peer else None
            had = {(line["set"], line["id"], line["system"]) for line in done(given.out)}
            for number, case in enumerate(evenly(load_cases(Path(cases)), given.questions), 1):
                step(f"{name} {number}/{given.questions}")
                question = case.to_question("agent", "default")
                about = {"set": name, "id": case.id, "question": case.text} | expected(case)
                if (name, case.id, "brain") not in had:
                    keep(
                        given.out,
                        about | {"system": "brain"} | await _brain(brain, question),
                    )
                if peer and (name, case.id, "citation engine") not in had:
                    keep(
                        given.out,
                        about | {"system": "citation engine"} | await peer.ask(question, given.passages),
                    )


def evenly(cases: Sequence[Case], number: int) -> list[Case]:
    """Cases that have an answer, spread over the set."""
    usable = [case for case in cases if case.expect.documents and case.expect.status in (None, "answered")]
    number = min(number, len(usable))
    return [usable[at * len(usable) // number] for at in range(number)]


def expected(case: Case) -> dict[str, Any]:
    e = case.expect
    return {"gold": e.documents, "reference": e.reference, "must": e.must_include, "must_not": e.must_not_include}


async def _brain(brain: Brain, question: Question) -> dict[str, Any]:
    start, first, found = perf_counter(), None, None
    async for event in brain.stream(question):
        if isinstance(event, Answer):
            found = event
        if not isinstance(event, Passages):
            first = first or perf_counter() - start
    assert found
    return {
        "status": found.status,
        "reason": found.reason,
        "language": found.language,
        "text": found.text,
        "sentences": [
            {"text": s.text, "citations": [[c.document_id, c.quote] for c in s.citations]} for s in found.sentences
        ],
        "cited": [sorted({c.document_id for c in s.citations}) for s in found.sentences],
        "dropped": found.trace.dropped,
        "checked": len(found.trace.checked),
        "model": found.trace.model,
        "first_s": first if found.sentences else None,
        "total_s": perf_counter() - start,
    }


class Peer:
    """LlamaIndex's CitationQueryEngine as it comes, on the passages that Brain finds, with Brain's model."""

    def __init__(self, brain: Brain) -> None:
        self._brain, self._llm = brain, cast(LLMAnswerer, brain._answerer).endpoint

    async def ask(self, question: Question, passages: int) -> dict[str, Any]:
        found = await self._brain.search(question, passages)
        start = perf_counter()
        reply = await self._engine(found).aquery(question.text)
        text = str(reply)
        nodes = reply.source_nodes
        cited = [
            sorted({nodes[n - 1].node.metadata["document"] for n in numbers(sentence) if 0 < n <= len(nodes)})
            for sentence in re.split(r"(?<=[.!?])\s+(?=[^\[])", text)
        ]
        answered = any(cited)
        return {
            "status": "answered" if answered else "refused",
            "text": text,
            "cited": cited,
            "total_s": perf_counter() - start,
        }

    def _engine(self, found: Passages) -> Any:
        from llama_index.core.query_engine import CitationQueryEngine
        from llama_index.core.retrievers import BaseRetriever
        from llama_index.core.schema import NodeWithScore, TextNode
        from llama_index.llms.openai_like import OpenAILike

        def node(passage: Passage) -> NodeWithScore:
            about = {"document": passage.document_id}
            text = f"{passage.title}\n\n{passage.text}"
            hidden = TextNode(text=text, metadata=about, excluded_llm_metadata_keys=["document"])
            return NodeWithScore(node=hidden, score=passage.score)

        class Given(BaseRetriever):
            def _retrieve(self, _: Any) -> list[NodeWithScore]:
                return [node(passage) for passage in found]

        llm = OpenAILike(
            model=self._llm.model,
            api_base=self._llm.url,
            api_key=self._llm.api_key.get_secret_value() or "none",
            is_chat_model=True,
            temperature=0,
            max_tokens=self._llm.max_tokens,
            context_window=self._llm.context_tokens,
            timeout=PATIENCE["timeout_s"],
            max_retries=0,
        )
        return CitationQueryEngine.from_args(index=None, llm=llm, retriever=Given())  # type: ignore[arg-type]


def numbers(text: str) -> list[int]:
    """[1], [1, 2], and "[Source 1]" or "Source 1", as small models write it there."""
    marks = re.findall(r"\[(?:sources?\s*)?([\d, ]+)\]|\bsources?\s+(\d+)", text, re.IGNORECASE)
    return [int(n) for mark in marks for n in re.findall(r"\d+", " ".join(mark))]
