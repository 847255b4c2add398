"""BERT's forward pass on OpenVINO, its graph written here from the mapped weights: nothing is exported or stored.

Converting the torch model would need torch, transformers and a second file of 85 MB; writing the graph down takes a tenth
of a second. The vocabulary's table (384 MB) stays on disk: its rows are looked up outside the graph.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brain.encoder.base import Vectors
from brain.encoder.padding import Tokens, padded

# OpenVINO's Python package reports its import to an analytics service unless this package is missing; then it does without.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino as ov  # noqa: E402
from openvino import opset13 as op  # noqa: E402

Weights = dict[str, npt.NDArray[np.float32]]
INT8_GROUP = 128
"""Values of an activation that share a scale; a whole row (384) has a least cosine of 0.9987 to float32, 128 has 0.9994."""
HIDDEN = -1e9
"""Added to the attention scores of padding; finite, so that no row of them can become NaN."""


def native_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 matrices itself; elsewhere float32 is faster."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def fast_int8() -> bool:
    """Whether int8 is the fastest way: the CPU adds up its products (VNNI), and has no matrix unit (AMX), which bfloat16 is for."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = set(next((line for line in lines if line.startswith("flags")), "").split())
    return bool(flags & {"avx512_vnni", "avx_vnni"}) and "amx_bf16" not in flags


class OpenVinoBert:
    """An Engine. For one thread at a time."""

    length_step = 8
    """A plan is kept for every shape that was seen, up to a megabyte each."""

    def __init__(self, folder: Path, config: dict[str, Any], precision: str = "auto") -> None:
        """`precision`: also `int8`, weights and, piece by piece, what they are multiplied with; cosine at least 0.999 to float32."""
        weights = mapped(folder / "model.safetensors")
        self._words = weights["embeddings.word_embeddings.weight"]
        types = weights["embeddings.token_type_embeddings.weight"]
        self._positions = weights["embeddings.position_embeddings.weight"] + types[0]
        bfloat16 = native_bfloat16() and precision not in ("float32", "int8")
        self.precision = precision if precision == "int8" else "bfloat16" if bfloat16 else "float32"
        options = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "bf16" if bfloat16 else "f32",
            # Tied to cores, every process's threads take the same ones, whatever else runs there.
            "ENABLE_CPU_PINNING": False,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": INT8_GROUP if precision == "int8" else 0,
        }
        graph = _graph(weights, config, _Int8Builder if precision == "int8" else _Builder)
        self._request = ov.Core().compile_model(graph, "CPU", options).create_infer_request()

    def mean_states(self, tokens: Tokens) -> Vectors:
        ids, real = padded(tokens, self.length_step)
        x = self._words[ids] + self._positions[: ids.shape[1]]
        mask = np.where(real, 0, HIDDEN).astype(np.float32)[:, None, None, :]
        states = self._request.infer([x, mask], share_inputs=True, share_outputs=True)[0]
        weight = (real / real.sum(1, keepdims=True)).astype(np.float32)
        return np.asarray(np.matmul(weight[:, None, :], states)[:, 0], np.float32)


def mapped(file: Path) -> Weights:
    """The tensors of a safetensors file (float32 only), as views of the mapped file."""
    with file.open("rb") as read:
        size = int.from_bytes(read.read(8), "little")
        header: dict[str, Any] = json.loads(read.read(size))
    # Copy-on-write, not read-only: OpenVINO takes only writeable arrays without copying them. Nothing is written.
    data = np.memmap(file, np.uint8, "c", 8 + size)
    return {
        name: data[slice(*about["data_offsets"])].view(np.float32).reshape(about["shape"])
        for name, about in header.items()
        if name != "__metadata__"
    }


def _graph(weights: Weights, config: dict[str, Any], builder: "type[_Builder]") -> ov.Model:
    """From embeddings (texts, length, dimensions) and additive mask (texts, 1, 1, length) to the last hidden states."""
    build = builder(weights, config["num_attention_heads"], config["hidden_size"], config["layer_norm_eps"])
    embedded = op.parameter([-1, -1, config["hidden_size"]], np.float32)
    mask = op.parameter([-1, 1, 1, -1], np.float32)
    x = build.norm(embedded, "embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        x = build.layer(x, mask, f"encoder.layer.{layer}")
    return ov.Model([op.result(x)], [embedded, mask], "bert")


class _Builder:
    def __init__(self, weights: Weights, heads: int, size: int, epsilon: float) -> None:
        self._weights, self._heads, self._size, self._epsilon = weights, heads, size, epsilon

    def layer(self, x: ov.Node, mask: ov.Node, at: str) -> ov.Node:
        q, k, v = (self._split(self.linear(x, f"{at}.attention.self.{part}")) for part in ("query", "key", "value"))
        attended = self._joined(op.scaled_dot_product_attention(q, k, v, mask))
        attended = self.linear(attended, f"{at}.attention.output.dense")
        x = self.norm(op.add(x, attended), f"{at}.attention.output.LayerNorm")
        inner = op.gelu(self.linear(x, f"{at}.intermediate.dense"), "erf")
        return self.norm(op.add(x, self.linear(inner, f"{at}.output.dense")), f"{at}.output.LayerNorm")

    def linear(self, x: ov.Node, name: str) -> ov.Node:
        return op.add(op.matmul(x, self._matrix(f"{name}.weight"), False, True), self._constant(f"{name}.bias"))

    def norm(self, x: ov.Node, name: str) -> ov.Node:
        last = np.array([-1], np.int64)
        scaled = op.multiply(op.mvn(x, last, True, self._epsilon, "inside_sqrt"), self._constant(f"{name}.weight"))
        return op.add(scaled, self._constant(f"{name}.bias"))

    def _split(self, x: ov.Node) -> ov.Node:
        shape = np.array([0, 0, self._heads, self._size // self._heads], np.int64)  # 0: as it is
        return op.transpose(op.reshape(x, shape, True), np.array([0, 2, 1, 3], np.int64))

    def _joined(self, x: ov.Node) -> ov.Node:
        shape = np.array([0, 0, self._size], np.int64)
        return op.reshape(op.transpose(x, np.array([0, 2, 1, 3], np.int64)), shape, True)

    def _constant(self, name: str) -> ov.Node:
        return op.constant(self._weights[name], shared_memory=True)

    def _matrix(self, name: str) -> ov.Node:
        return self._constant(name)


class _Int8Builder(_Builder):
    def _matrix(self, name: str) -> ov.Node:
        """Each row in 255 steps of its own; OpenVINO multiplies them as they are."""
        matrix = self._weights[name]
        steps = np.abs(matrix).max(1, keepdims=True) / 127
        rounded = np.round(matrix / np.where(steps == 0, 1, steps)).astype(np.int8)
        return op.multiply(op.convert(op.constant(rounded), np.float32), op.constant(steps))
