"""Each sentence of an answer is checked against the passages that it cites: pure, no download, milliseconds."""

from brain.verify.gate import Gate
from brain.verify.verifier import Verifier

__all__ = ["Gate", "Verifier"]
