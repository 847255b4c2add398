"""The best candidates read again beside the question: not at all, by a cross-encoder in this process, or by an endpoint."""

from brain.errors import RerankError
from brain.rerank.base import Reranker
from brain.settings import Settings

__all__ = ["Reranker", "make_reranker"]


def make_reranker(settings: Settings) -> Reranker | None:
    """The reranker that the settings name; None where none is wanted. Raises RerankError where it can't be made."""
    chosen = settings.rerank
    if chosen.provider == "none":
        return None
    if chosen.provider == "cross-encoder":
        from brain.rerank.cross_encoder import CrossEncoderReranker

        return CrossEncoderReranker(chosen)
    if chosen.provider == "endpoint":
        from brain.rerank.endpoint import EndpointReranker

        return EndpointReranker(chosen)
    raise RerankError(f"Unknown rerank provider '{chosen.provider}'.", "Use none, cross-encoder or endpoint.")
