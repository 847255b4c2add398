"""BERT encoders (a folder whose config says `BertModel`, mean pooling) run straight on torch.

Importing sentence-transformers takes 4 to 5 s, torch 1 s: a command that encodes one question or one changed page would
spend most of its life importing. This module reads the same folder and computes the same vectors (a test holds
it to sentence-transformers' own); every other model goes through sentence-transformers.
Devlin et al., 2019 (1810.04805).
"""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file
from tokenizers import Tokenizer

from brain.encoder.base import Progress, Vectors, normalized

Weights = dict[str, torch.Tensor]
TOKENS_PER_BATCH = 4096
LENGTH_STEP = 16
"""Lengths are padded to a multiple: oneDNN keeps a plan and buffers for every shape that it has seen, gigabytes of them."""


def native_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 matrices itself; elsewhere float32 is faster."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16") or capabilities.get("bf16"))


class BertEncoder:
    """A BERT encoder with mean pooling. Thread-safe.

    All torch work, loading included, is done by one thread of its own: each thread that calls torch gets a team of OpenMP
    threads, and with more threads than cores the teams sleep between steps (a question took 21 ms instead of 10).
    """

    def __init__(
        self, folder: Path, name: str, question_prefix: str = "", passage_prefix: str = "", precision: str = "auto"
    ) -> None:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.name = name
        self.dimensions: int = config["hidden_size"]
        self.prefixes = (question_prefix, passage_prefix)
        self._heads: int = config["num_attention_heads"]
        self._epsilon: float = config["layer_norm_eps"]
        bfloat16 = precision == "bfloat16" or (precision == "auto" and native_bfloat16())
        self.precision = "bfloat16" if bfloat16 else "float32"
        self._dtype = torch.bfloat16 if bfloat16 else torch.float32
        self._layers = range(config["num_hidden_layers"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(config["max_position_embeddings"])
        self._thread = ThreadPoolExecutor(1, "encoder")
        self._words, self._weights = self._thread.submit(self._load, folder).result()

    def _load(self, folder: Path) -> tuple[torch.Tensor, Weights]:
        # The file is mapped: of the vocabulary only the rows that are looked up are ever read.
        stored = load_file(folder / "model.safetensors")
        words = stored.pop("embeddings.word_embeddings.weight")
        return words, _prepare(stored, len(self._layers), self._dtype)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        return self._encode([self.prefixes[0] + text for text in texts], None)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return self._encode([self.prefixes[1] + text for text in texts], progress)

    def _encode(self, texts: list[str], progress: Progress | None) -> Vectors:
        out = np.zeros((len(texts), self.dimensions), np.float32)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts)]
        for rows in _batches(tokens):
            out[rows] = self._thread.submit(self._mean_states, [tokens[row] for row in rows]).result()
            if progress:
                progress(len(rows))
        return normalized(out)

    def _mean_states(self, tokens: list[list[int]]) -> Vectors:
        with torch.inference_mode():
            return self._forward(tokens).float().numpy()

    def _forward(self, tokens: list[list[int]]) -> torch.Tensor:
        """Mean-pooled last hidden states, shape (texts, dimensions)."""
        w, size = self._weights, len(tokens)
        length = _rounded(max(map(len, tokens)))
        ids = torch.zeros((size, length), dtype=torch.long)
        real = torch.zeros((size, length), dtype=torch.bool)
        for row, line in enumerate(tokens):
            ids[row, : len(line)] = torch.tensor(line)
            real[row, : len(line)] = True
        x = F.embedding(ids, self._words).to(self._dtype) + w["positions"][:length]
        x = self._norm(x, "embeddings.LayerNorm")
        mask = None if bool(real.all()) else real[:, None, None, :]
        for layer in self._layers:
            at = f"encoder.layer.{layer}"
            heads = F.linear(x, w[f"{at}.qkv.weight"], w[f"{at}.qkv.bias"])
            q, k, v = heads.view(size, length, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            attended = attended.transpose(1, 2).reshape(size, length, self.dimensions)
            x = self._norm(
                x + self._linear(attended, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm"
            )
            inner = F.gelu(self._linear(x, f"{at}.intermediate.dense"))
            x = self._norm(x + self._linear(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        weight = real[:, :, None].to(torch.float32)
        return (x.float() * weight).sum(1) / weight.sum(1)

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return F.layer_norm(x, (self.dimensions,), weight, bias, self._epsilon)


def _prepare(stored: Weights, layers: int, dtype: torch.dtype) -> Weights:
    """Casts the weights, joins query, key and value into one product, adds the only token type to the positions."""
    weights = {name: tensor.to(dtype) for name, tensor in stored.items()}
    positions = stored["embeddings.position_embeddings.weight"] + stored["embeddings.token_type_embeddings.weight"][0]
    weights["positions"] = positions.to(dtype)
    for layer in range(layers):
        at = f"encoder.layer.{layer}"
        for kind in ("weight", "bias"):
            parts = [weights.pop(f"{at}.attention.self.{part}.{kind}") for part in ("query", "key", "value")]
            weights[f"{at}.qkv.{kind}"] = torch.cat(parts)
    return weights


def _rounded(length: int) -> int:
    return max(1, -(-length // LENGTH_STEP)) * LENGTH_STEP


def _batches(tokens: list[list[int]]) -> Iterator[list[int]]:
    """Row numbers, longest texts first, each batch under the token budget."""
    order = sorted(range(len(tokens)), key=lambda row: -len(tokens[row]))
    while order:
        count = max(1, TOKENS_PER_BATCH // _rounded(len(tokens[order[0]])))
        yield order[:count]
        order = order[count:]
