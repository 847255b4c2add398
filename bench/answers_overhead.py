"""What an answer of three sentences takes beside search and model: prompt, reading the stream, citations, verification.

The endpoint is real, on a loopback socket, and says at once what it has to say.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, cast

from bench.measure import Others, busy, percentiles, show
from brain.answer import answer_events
from brain.answerers.llm import LLMAnswerer
from brain.encoder import BatchingEncoder, make_encoder
from brain.retrieve import Retriever
from brain.settings import AnswerSettings, Settings, load_settings
from brain.types import Answer, Passage, Passages, Question, Scores
from brain.verify import Verifier

ROUNDS, WARM = 100, 10
TARGET_MS = 40
QUESTION = Question("Combien de temps pour renvoyer un article, et quand suis-je remboursé ?", language="fr")
TEXTS = (
    "Le client dispose de 14 jours pour renvoyer un article, à compter de sa réception. Les articles soldés ne sont pas repris.",
    "Le remboursement est versé sous 30 jours sur le moyen de paiement de la commande, sauf pour les cartes cadeaux.",
    "Un retour standard coûte 4,90 €. Le dépôt en magasin est gratuit. Les frais sont déduits du remboursement.",
)
REPLY = (  # the second-best passage is the last in the prompt
    "Vous avez 14 jours après la réception du colis pour renvoyer un article [1]. L'argent vous est versé sous 30 jours sur le "
    "moyen de paiement de la commande, sauf pour les cartes cadeaux [4]. Le retour standard coûte 4,90 € et le dépôt en magasin "
    "est gratuit [2]."
)


class Found:
    """The retriever's part: eight passages of about 240 tokens."""

    async def search(self, question: Question, limit: int, **_: Any) -> Passages:
        filler = (
            " Pour toute autre demande, le service client répond du lundi au samedi, de neuf heures à dix-neuf heures."
            * 8
        )
        texts = [TEXTS[n % 3] + filler for n in range(8)]
        found = (
            Passage(f"p{n}", f"d{n}", t, (0, len(t)), Scores(1.0), "Retours", language="fr")
            for n, t in enumerate(texts)
        )
        return Passages(tuple(found), "fr")


async def run() -> None:
    """Prints the table."""
    encoder = BatchingEncoder(make_encoder(load_settings()))
    others = Others()
    async with _endpoint() as url:
        whole, bare = await _times(url, encoder)
    encoder.close()
    own = percentiles([a - b for a, b in zip(whole, bare, strict=True)])
    rows = [
        ["the whole answer, the model says everything at once", *_shown(percentiles(whole)), ""],
        ["of it the call alone: client, socket, stream", *_shown(percentiles(bare)), ""],
        ["all but the model's call", *_shown(own), f"< {TARGET_MS}"],
    ]
    show("Three sentences, ms", ["", "p50", "p95", "target, p50"], rows, busy([others.share()]))


def _shown(figures: dict[str, float]) -> list[str]:
    return [f"{figures['p50']:.1f}", f"{figures['p95']:.1f}"]


async def _times(url: str, encoder: BatchingEncoder) -> tuple[list[float], list[float]]:
    """Milliseconds of whole answers, and of the same call read by LlamaIndex alone, in turn."""
    llm = {"url": url, "model": "m"}
    answerer = LLMAnswerer(Settings.model_validate({"answer": {"provider": "llm"}, "llm": llm}))
    settings, verifier, retriever = (
        AnswerSettings(sufficiency=0),
        Verifier(encoder.encode_questions),
        cast(Retriever, Found()),
    )
    whole, bare = [], []
    for at in range(ROUNDS + WARM):
        start = perf_counter()
        async for event in answer_events(QUESTION, retriever, answerer, settings, verifier):
            if isinstance(event, Answer) and len(event.sentences) != 3:
                raise SystemExit(f"not three sentences: {event.trace.dropped}")
        between = perf_counter()
        client = answerer._client._client()
        async with client:
            async for _ in await answerer._client._model(client, answerer.endpoint, True).astream_complete("x"):
                pass
        if at >= WARM:
            whole.append(1e3 * (between - start))
            bare.append(1e3 * (perf_counter() - between))
    return whole, bare


@asynccontextmanager
async def _endpoint() -> AsyncIterator[str]:
    def event(delta: dict[str, str], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        about = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        return b"data: " + json.dumps(about).encode() + b"\n\n"

    words = [event({"content": word + " "}) for word in REPLY.split()]
    body = b"".join([event({"role": "assistant", "content": ""}), *words, event({}, "stop"), b"data: [DONE]\n\n"])
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(said.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
        writer.write(head + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
