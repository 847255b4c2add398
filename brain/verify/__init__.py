"""Each sentence of an answer is checked against the passages that it cites: pure, no download, milliseconds."""

from brain.verify.verifier import Verifier

__all__ = ["Verifier"]
