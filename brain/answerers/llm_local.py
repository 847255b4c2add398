"""A GGUF file in this process: llama.cpp with its own server on a loopback socket, which only this process has the key of.

So a local model is asked, streamed, limited and cancelled just as any other endpoint is.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from brain.errors import ModelError
from brain.settings import LLMSettings

MARGIN = 64
"""Tokens that a chat template may add to the budget."""


class LocalModel:
    """Loads the file, which takes seconds. `settings` are those of an endpoint. Raises ModelError where it can't."""

    def __init__(self, llm: LLMSettings) -> None:
        file, key = Path(llm.file).expanduser(), secrets.token_urlsafe(24)
        self._server = _served(file, key, llm)
        url: str = self._server.listening_address
        own = {"url": f"{url}/v1", "model": llm.model or file.stem, "api_key": SecretStr(key)}
        self.settings = llm.model_copy(update=own)
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=llm.timeout_s)

    def count(self, text: str) -> int:
        """Tokens, by the model's own tokenizer. Raises ModelError."""
        try:
            return len(self._http.post("/tokenize", json={"content": text}).json()["tokens"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise ModelError(f"The local model can't count tokens: {type(error).__name__}.", kind="local") from None

    def close(self) -> None:
        """Stops the server and frees the model."""
        self._http.close()
        self._server = None


def _served(file: Path, key: str, llm: LLMSettings) -> Any:
    if not file.is_file():
        raise ModelError(f"There is no file {file}.", "Set llm.file to a GGUF file.")
    llama = _package()
    params = llama.CommonParams()
    params.model.path = str(file)
    params.n_ctx, params.n_parallel = llm.context_tokens + MARGIN, 1
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [key]
    params.ui, params.verbosity = False, -1
    threads = llm.threads or os.cpu_count() or 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    try:
        return llama.Server(params)
    except RuntimeError as error:
        raise ModelError(f"llama.cpp can't load {file}: {error}", "Set llm.file to another GGUF file.") from error


def _package() -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelError(
            "A local model needs the package xllamacpp.", "Run: pip install 'brain-answers[local]'"
        ) from error
    return xllamacpp


def opened(
    llm: LLMSettings, count: Callable[[str], int]
) -> tuple[LLMSettings, Callable[[str], int], LocalModel | None]:
    """The endpoint to ask, how its tokens are counted (`count` where it can't say), and what is to be closed afterwards."""
    if llm.provider == "endpoint":
        return llm, count, None
    local = LocalModel(llm)
    return local.settings, local.count, local
