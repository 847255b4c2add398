"""Any sentence-transformers CrossEncoder with one score a pair, by hub name or folder."""

from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
from sentence_transformers import CrossEncoder

from brain.encoder.bert_torch import native_bfloat16
from brain.errors import RerankError
from brain.rerank.base import checked_scores
from brain.rerank.worker import Worker
from brain.settings import RerankSettings

BATCH = 32


class CrossEncoderReranker:
    """Adapter of `CrossEncoder`. All torch work is one thread's; see docs/decisions/0002-encoder.md."""

    def __init__(self, settings: RerankSettings) -> None:
        self.name = f"cross-encoder/{settings.model}"
        self._model_name = settings.model
        self._worker: Worker[list[float]] = Worker("rerank", 1)
        try:
            self._worker.submit(self._load).result()
        except RerankError:
            self.close()
            raise

    def _load(self) -> list[float]:
        import torch

        dtype = torch.bfloat16 if native_bfloat16() else torch.float32
        try:
            self._model = CrossEncoder(self._model_name, model_kwargs={"dtype": dtype})
        except (OSError, ValueError, RuntimeError) as error:
            raise RerankError(
                f"The reranker '{self._model_name}' can't be loaded: {error}",
                "Set rerank.model to a folder, or to a hub name where the hub can be reached.",
            ) from error
        if self._model.num_labels != 1:
            raise RerankError(
                f"The model '{self._model_name}' gives {self._model.num_labels} scores for a pair: it is a classifier.",
                "Set rerank.model to a reranker, which gives one.",
            )
        return []

    def score(self, question: str, texts: Sequence[str]) -> Future[list[float]]:
        pairs = [(question, text) for text in texts]
        return self._worker.submit(lambda: self._predict(pairs))

    def _predict(self, pairs: list[tuple[str, str]]) -> list[float]:
        try:
            found = self._model.predict(pairs, batch_size=BATCH, show_progress_bar=False, convert_to_tensor=True)
        except (RuntimeError, ValueError, IndexError) as error:
            raise RerankError(f"The reranker '{self._model_name}' failed: {error}") from error
        scores = np.asarray(found.float().cpu().numpy(), dtype=np.float64)
        return checked_scores(scores.tolist(), len(pairs), f"The reranker '{self._model_name}'")

    def close(self) -> None:
        self._worker.close()
