"""Texts into vectors: the embedded encoder, any sentence-transformers model, or an endpoint."""

from collections.abc import Callable

from brain.encoder.base import Encoder
from brain.encoder.batching import BatchingEncoder
from brain.errors import EncoderError
from brain.settings import Settings

__all__ = ["BatchingEncoder", "Encoder", "make_encoder"]


def make_encoder(settings: Settings, say: Callable[[str], None] = lambda _: None) -> Encoder:
    """The encoder that the settings name. `say` gets a line when something takes a while. Raises EncoderError."""
    chosen = settings.encoder
    if chosen.provider == "embedded":
        from brain.encoder.e5 import FOLDER, default_cache, e5_folder

        folder = e5_folder(settings.cache_dir or default_cache(), say)
        from brain.encoder.bert import BertEncoder

        return BertEncoder(folder, FOLDER, "query: ", "passage: ", chosen.precision, chosen.engine)
    if chosen.provider == "sentence-transformers":
        from brain.encoder.sentence_transformer import SentenceTransformerEncoder

        return SentenceTransformerEncoder(chosen)
    if chosen.provider == "endpoint":
        from brain.encoder.endpoint import EndpointEncoder

        return EndpointEncoder(chosen)
    raise EncoderError(
        f"Unknown encoder provider '{chosen.provider}'.", "Use embedded, sentence-transformers or endpoint."
    )
