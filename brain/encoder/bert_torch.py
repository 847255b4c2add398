"""BERT's forward pass on torch: the engine for passages where the CPU multiplies bfloat16."""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file

from brain.encoder.base import Vectors
from brain.encoder.padding import Tokens, padded

Weights = dict[str, torch.Tensor]


def native_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 matrices itself; elsewhere float32 is faster."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16") or capabilities.get("bf16"))


class TorchBert:
    """An Engine. Belongs to the thread that made it."""

    length_step = 16
    """oneDNN keeps a plan and buffers for every shape that it has seen, gigabytes of them."""

    def __init__(self, folder: Path, config: dict[str, Any], precision: str = "auto") -> None:
        self._dimensions: int = config["hidden_size"]
        self._heads: int = config["num_attention_heads"]
        self._epsilon: float = config["layer_norm_eps"]
        self._layers = range(config["num_hidden_layers"])
        bfloat16 = precision == "bfloat16" or (precision == "auto" and native_bfloat16())
        self.precision = "bfloat16" if bfloat16 else "float32"
        self._dtype = torch.bfloat16 if bfloat16 else torch.float32
        # The file is mapped: of the vocabulary only the rows that are looked up are ever read.
        stored = load_file(folder / "model.safetensors")
        self._words = stored.pop("embeddings.word_embeddings.weight")
        self._weights = _prepare(stored, len(self._layers), self._dtype)

    def mean_states(self, tokens: Tokens) -> Vectors:
        with torch.inference_mode():
            return self._forward(tokens).float().numpy()

    def _forward(self, tokens: Tokens) -> torch.Tensor:
        w, size = self._weights, len(tokens)
        ids, real = map(torch.from_numpy, padded(tokens, self.length_step))
        length = ids.shape[1]
        x = F.embedding(ids, self._words).to(self._dtype) + w["positions"][:length]
        x = self._norm(x, "embeddings.LayerNorm")
        mask = None if bool(real.all()) else real[:, None, None, :]
        for layer in self._layers:
            at = f"encoder.layer.{layer}"
            heads = F.linear(x, w[f"{at}.qkv.weight"], w[f"{at}.qkv.bias"])
            q, k, v = heads.view(size, length, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            attended = attended.transpose(1, 2).reshape(size, length, self._dimensions)
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
        return F.layer_norm(x, (self._dimensions,), weight, bias, self._epsilon)


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
