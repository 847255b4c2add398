"""An encoder alone, on texts from a file: passages a second, loading excluded. Prints one JSON object.

Example: python -m bench.bare_encoder brain texts.json
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from brain.settings import load_settings

WARM_UP = 32
Encode = Callable[[list[str]], Any]


def brain_encoder() -> tuple[Encode, str]:
    """The encoder that the settings name, as ingestion calls it."""
    from brain.encoder import make_encoder

    encoder = make_encoder(load_settings())
    return encoder.encode_passages, getattr(encoder, "precision", "")


def plain_encoder() -> tuple[Encode, str]:
    """Plain sentence-transformers on the embedded encoder's folder; `encode` itself sorts the texts by length."""
    import torch
    from sentence_transformers import SentenceTransformer

    from brain.encoder.bert_torch import native_bfloat16
    from brain.encoder.e5 import default_cache, e5_folder

    dtype = torch.bfloat16 if native_bfloat16() else torch.float32
    folder = e5_folder(load_settings().cache_dir or default_cache())
    model = SentenceTransformer(str(folder), model_kwargs={"dtype": dtype})

    def encode(texts: list[str]) -> Any:
        return model.encode([f"passage: {text}" for text in texts], batch_size=32, show_progress_bar=False)

    return encode, str(dtype).removeprefix("torch.")


KINDS = {"brain": brain_encoder, "plain": plain_encoder}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("texts", type=Path, help="JSON list of texts")
    given = parser.parse_args()
    texts: list[str] = json.loads(given.texts.read_text(encoding="utf-8"))
    encode, precision = KINDS[given.kind]()
    encode(texts[:WARM_UP])
    start = perf_counter()
    encode(texts)
    seconds = perf_counter() - start
    print(
        json.dumps({"passages": len(texts), "seconds": seconds, "rate": len(texts) / seconds, "precision": precision})
    )


if __name__ == "__main__":
    main()
