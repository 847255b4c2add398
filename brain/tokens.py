"""Counting tokens with tiktoken, from the vocabulary file that llama-index ships: nothing is downloaded."""

import os
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from brain.errors import BrainError

ENCODING = "o200k_base"


@lru_cache(maxsize=1)
def tokenizer() -> Callable[[str], list[int]]:
    """A function from text to token numbers."""
    import tiktoken

    spec = find_spec("llama_index.core") if find_spec("llama_index") else None
    if spec is None or spec.origin is None:
        raise BrainError("llama-index-core, which carries tiktoken's vocabulary, is missing.", "Run: make install")
    # tiktoken reads the variable when it loads; a folder that the user set is respected.
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(Path(spec.origin).parent / "_static" / "tiktoken_cache"))
    encoding = tiktoken.get_encoding(ENCODING)
    return lambda text: encoding.encode(text, disallowed_special=())


def count_tokens(text: str) -> int:
    return len(tokenizer()(text))
