"""Which texts share a forward pass, and how they are brought to one length."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

TOKENS_PER_BATCH = 4096
PADDING_LIMIT = 1.25
"""A text never shares a pass with one more than so many times as long: it would cost as much as the long one. At 2, sixteen
questions in one go took as long as one by one; at 1.25, 0.67 to 0.84 of it."""

Tokens = Sequence[Sequence[int]]


def batches(tokens: Tokens, step: int) -> Iterator[list[int]]:
    """Row numbers, longest texts first, each batch under the token budget and without much padding."""
    order = sorted(range(len(tokens)), key=lambda row: -len(tokens[row]))
    while order:
        length = rounded(len(tokens[order[0]]), step)
        most = max(1, TOKENS_PER_BATCH // length)
        fitting = [row for row in order[:most] if rounded(len(tokens[row]), step) * PADDING_LIMIT >= length]
        yield fitting
        order = order[len(fitting) :]


def padded(tokens: Tokens, step: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Token ids and which of them are real, both of shape (texts, length); the length is a multiple of `step`."""
    length = rounded(max(map(len, tokens)), step)
    ids = np.zeros((len(tokens), length), np.int64)
    real = np.zeros((len(tokens), length), np.bool_)
    for row, line in enumerate(tokens):
        ids[row, : len(line)] = line
        real[row, : len(line)] = True
    return ids, real


def rounded(length: int, step: int) -> int:
    """The least multiple of `step` that is at least `length`, and at least `step`."""
    return max(1, -(-length // step)) * step
