"""A `/rerank` endpoint: Jina, Cohere, vLLM and llama.cpp give `{"results": [{"index", "relevance_score"}]}`, TEI a bare
list of `{"index", "score"}`."""

import json
from collections.abc import Sequence
from concurrent.futures import Future
from time import monotonic
from typing import Any

import httpx

from brain.errors import RerankError
from brain.rerank.base import checked_scores
from brain.rerank.worker import Worker
from brain.settings import RerankSettings, redact_url

THREADS = 8
MAX_BYTES = 4_000_000
"""Far above any honest reply (some servers send the documents back)."""
MISSING_FIELD = 422
"""What TEI says to a request without `texts`; the others want `documents`, and some refuse fields that they don't know."""
_SCORE = {False: "relevance_score", True: "score"}
HINT = "Check rerank.url, rerank.model, rerank.api_key and that the server is up."


class EndpointReranker:
    """Adapter of the endpoint. Nothing is tried again: a late order is worth less than none."""

    def __init__(self, settings: RerankSettings) -> None:
        self.name = f"endpoint/{settings.model}"
        self._settings = settings
        self._url = settings.url.rstrip("/").removesuffix("/rerank") + "/rerank"
        self._shown = f"The reranker at {redact_url(self._url)}"
        key = settings.api_key.get_secret_value().strip()  # a file's last newline would end up in an error message
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(timeout=settings.timeout_s, headers=headers)
        self._tei = False  # until the server asks for it
        self._worker: Worker[list[float]] = Worker("rerank", THREADS)

    def score(self, question: str, texts: Sequence[str]) -> Future[list[float]]:
        given = list(texts)
        return self._worker.submit(lambda: self._ask(question, given))

    def close(self) -> None:
        self._worker.close()
        self._client.close()

    def _ask(self, question: str, texts: list[str]) -> list[float]:
        try:
            status, raw = self._post(self._body(question, texts, self._tei))
            if status == MISSING_FIELD and not self._tei:
                status, raw = self._post(self._body(question, texts, tei=True))
                self._tei = status < 300
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
            # Not the message: that of a protocol error quotes the headers.
            raise RerankError(f"{self._shown} did not answer: {type(error).__name__}", HINT) from None
        if status >= 300:
            raise RerankError(f"{self._shown} did not answer: status {status}", HINT)
        return self._scores(raw, len(texts))

    def _body(self, question: str, texts: list[str], tei: bool) -> dict[str, Any]:
        if tei:
            return {"query": question, "texts": texts}
        return {"model": self._settings.model, "query": question, "documents": texts, "top_n": len(texts)}

    def _post(self, body: dict[str, Any]) -> tuple[int, bytes]:
        """Read piece by piece: httpx's timeout is for each piece, and a server that trickles would never end."""
        end, raw = monotonic() + self._settings.timeout_s, b""
        with self._client.stream("POST", self._url, json=body) as reply:
            for piece in reply.iter_bytes():
                raw += piece
                if monotonic() > end:
                    raise httpx.ReadTimeout("the whole reply took too long")
                if len(raw) > MAX_BYTES:
                    raise RerankError(f"{self._shown} sent more than {MAX_BYTES} bytes.", HINT)
            return reply.status_code, raw

    def _scores(self, raw: bytes, expected: int) -> list[float]:
        """In the order of the texts; replies are in the order of the scores."""
        try:
            reply = json.loads(raw)
            rows = reply if isinstance(reply, list) else reply["results"]
            pairs = [(row["index"], float(row[_SCORE[isinstance(reply, list)]])) for row in rows]
            checked_scores([score for _, score in pairs], expected, self._shown)
            scores = dict(pairs)
            return [scores[index] for index in range(expected)]
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise RerankError(f"{self._shown} did not give a score for each text.", HINT) from error
