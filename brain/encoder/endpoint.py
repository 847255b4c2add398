"""An OpenAI-compatible `/embeddings` endpoint (vLLM, TEI, Ollama, llama.cpp, OpenAI, Mistral)."""

import time
from collections.abc import Sequence
from functools import cached_property

import httpx
import numpy as np

from brain.encoder.base import Progress, Vectors, longest_first, normalized
from brain.errors import EncoderError
from brain.settings import EncoderSettings, redact_url

BATCH = 32
ATTEMPTS = 3
_RETRIABLE = (429, 500, 502, 503, 504)


class EndpointEncoder:
    """Adapter of the endpoint; retries what may pass, three times in all."""

    def __init__(self, settings: EncoderSettings, client: httpx.Client | None = None) -> None:
        self.name = f"endpoint/{settings.model}|{settings.question_prefix}|{settings.passage_prefix}"
        self._settings = settings
        key = settings.api_key.get_secret_value().strip()  # a file's last newline would end up in an error message
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = client or httpx.Client(timeout=settings.timeout_s, headers=headers)

    @cached_property
    def dimensions(self) -> int:
        return len(self._request(["dimensions"])[0])

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        return self._encode([self._settings.question_prefix + text for text in texts], None)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return self._encode([self._settings.passage_prefix + text for text in texts], progress)

    def _encode(self, texts: list[str], progress: Progress | None) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        out: dict[int, list[float]] = {}
        order = longest_first(texts)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            out.update(zip(rows, self._request([texts[row] for row in rows]), strict=True))
            if progress:
                progress(len(rows))
        return normalized([out[row] for row in range(len(texts))])

    def _request(self, texts: list[str]) -> list[list[float]]:
        url = self._settings.url.rstrip("/") + "/embeddings"
        problem = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(0.5 * 2**attempt)
            try:
                reply = self._client.post(url, json={"model": self._settings.model, "input": texts})
            except httpx.HTTPError as error:
                # Not the message of a protocol error: it quotes the headers.
                protocol = isinstance(error, httpx.LocalProtocolError)
                problem = type(error).__name__ if protocol else f"{type(error).__name__}: {error}"
                continue
            if reply.status_code in _RETRIABLE:
                problem = f"status {reply.status_code}"
                continue
            return _vectors(reply, len(texts), url)
        raise EncoderError(
            f"The encoder at {redact_url(url)} did not answer: {problem}",
            "Check encoder.url and that the server is up.",
        )


def _vectors(reply: httpx.Response, expected: int, url: str) -> list[list[float]]:
    try:
        reply.raise_for_status()
        rows = sorted(reply.json()["data"], key=lambda row: row["index"])
        vectors = [[float(value) for value in row["embedding"]] for row in rows]
    except (httpx.HTTPStatusError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(
            f"The encoder at {redact_url(url)} gave no vectors (status {reply.status_code}).",
            "Check encoder.url, encoder.model and encoder.api_key.",
        ) from error
    if len(vectors) != expected or len({len(vector) for vector in vectors}) != 1:
        raise EncoderError(f"The encoder at {redact_url(url)} gave {len(vectors)} vectors for {expected} texts.")
    return vectors
