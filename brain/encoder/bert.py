"""BERT encoders (a folder whose config says `BertModel`, mean pooling), on OpenVINO or straight on torch.

Importing sentence-transformers takes 4 to 5 s, torch 1 to 2 s, OpenVINO a tenth of a second: a command that encodes one
question would spend most of its life importing. Both engines read the same folder and compute the same vectors (tests hold
them to sentence-transformers' own); which does what is measured in `docs/decisions/0008-question-encoder.md`. Every other
model goes through sentence-transformers. Devlin et al., 2019 (1810.04805).
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from tokenizers import Tokenizer

from brain.encoder.base import Progress, Vectors, normalized
from brain.encoder.padding import Tokens, batches

EngineName = Literal["auto", "openvino", "torch"]
Precision = Literal["auto", "float32", "bfloat16"]


class Engine(Protocol):
    """The forward pass. `length_step`: lengths are padded to a multiple of it."""

    precision: str
    length_step: int

    def mean_states(self, tokens: Tokens) -> Vectors:
        """Mean-pooled last hidden states, shape (texts, dimensions), float32, not normalised."""
        ...


class BertEncoder:
    """A BERT encoder with mean pooling. Thread-safe. An engine is loaded when it is first needed; encoding nothing loads it.

    All work of the engines, loading included, is done by one thread of its own: each thread that calls torch gets a team of
    OpenMP threads, and with more threads than cores the teams sleep between steps (a question took 21 ms instead of 10).
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        question_prefix: str = "",
        passage_prefix: str = "",
        precision: Precision = "auto",
        engine: EngineName = "auto",
    ) -> None:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.name = name
        self.dimensions: int = config["hidden_size"]
        self._prefixes = (question_prefix, passage_prefix)
        self._folder, self._config, self._precision, self._wanted = folder, config, precision, engine
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(config["max_position_embeddings"])
        self._thread = ThreadPoolExecutor(1, "encoder")
        self._engines: dict[tuple[str, str], Engine] = {}
        self._asked: Engine | None = None

    @property
    def precision(self) -> str:
        """`float32` or `bfloat16`: what passages are encoded in."""
        return self._thread.submit(self._passage_engine).result().precision

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        # Known after the first question: another way to the thread and back costs more than reading the text into tokens.
        engine = self._asked or self._thread.submit(self._question_engine).result()
        return self._encode(engine, [self._prefixes[0] + text for text in texts], None)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        engine = self._thread.submit(self._passage_engine).result()
        return self._encode(engine, [self._prefixes[1] + text for text in texts], progress)

    def _encode(self, engine: Engine, texts: list[str], progress: Progress | None) -> Vectors:
        out = np.zeros((len(texts), self.dimensions), np.float32)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts)]
        for rows in batches(tokens, engine.length_step):
            out[rows] = self._thread.submit(engine.mean_states, [tokens[row] for row in rows]).result()
            if progress:
                progress(len(rows))
        return normalized(out)

    def _question_engine(self) -> Engine:
        """In int8, where that is faster: a question is encoded while somebody waits. Passages are not."""
        if self._wanted == "torch":
            self._asked = self._engine("torch", self._precision)
        else:
            from brain.encoder.bert_openvino import fast_int8

            self._asked = self._engine(
                "openvino", "int8" if self._precision == "auto" and fast_int8() else self._precision
            )
        return self._asked

    def _passage_engine(self) -> Engine:
        if self._wanted != "auto":
            return self._engine(self._wanted, self._precision)
        from brain.encoder.bert_openvino import native_bfloat16

        bfloat16 = self._precision == "bfloat16" or (self._precision == "auto" and native_bfloat16())
        return self._engine("torch" if bfloat16 else "openvino", self._precision)

    def _engine(self, name: str, precision: str) -> Engine:
        """Only ever called in the encoder's own thread."""
        if (name, precision) not in self._engines:
            self._engines[name, precision] = self._load(name, precision)
        return self._engines[name, precision]

    def _load(self, name: str, precision: str) -> Engine:
        if name == "torch":
            from brain.encoder.bert_torch import TorchBert

            return TorchBert(self._folder, self._config, precision)
        from brain.encoder.bert_openvino import OpenVinoBert

        return OpenVinoBert(self._folder, self._config, precision)
