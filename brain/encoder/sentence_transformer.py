"""Any sentence-transformers model, by hub name or folder."""

from collections.abc import Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from brain.encoder.base import Progress, Vectors, longest_first, normalized
from brain.encoder.bert_torch import native_bfloat16
from brain.errors import EncoderError
from brain.settings import EncoderSettings

BATCH = 32


class SentenceTransformerEncoder:
    """Adapter of `SentenceTransformer`; prefixes come from the settings."""

    def __init__(self, settings: EncoderSettings) -> None:
        self.name = f"sentence-transformers/{settings.model}|{settings.question_prefix}|{settings.passage_prefix}"
        self._prefixes = (settings.question_prefix, settings.passage_prefix)
        bfloat16 = settings.precision == "bfloat16" or (settings.precision == "auto" and native_bfloat16())
        dtype = torch.bfloat16 if bfloat16 else torch.float32
        try:
            self._model = SentenceTransformer(settings.model, model_kwargs={"dtype": dtype})
        except (OSError, ValueError, RuntimeError) as error:
            raise EncoderError(
                f"The model '{settings.model}' can't be loaded: {error}",
                "Set encoder.model to a folder, or to a hub name where the hub can be reached.",
            ) from error
        self.dimensions = int(self._model.get_embedding_dimension() or 0)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        return self._encode([self._prefixes[0] + text for text in texts], None)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return self._encode([self._prefixes[1] + text for text in texts], progress)

    def _encode(self, texts: list[str], progress: Progress | None) -> Vectors:
        out = np.zeros((len(texts), self.dimensions), np.float32)
        order = longest_first(texts)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            tensor = self._model.encode([texts[row] for row in rows], convert_to_tensor=True, show_progress_bar=False)
            out[rows] = tensor.float().cpu().numpy()
            if progress:
                progress(len(rows))
        return normalized(out)
