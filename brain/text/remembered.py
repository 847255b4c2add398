"""What was read from a text or a word, remembered for a while: one answer reads a passage and its sentences several times.

To weigh them, to choose what to quote, to look for contradictions, to check what is shown. Few enough texts that memory stays flat.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import TypeVar, TypeVarTuple

MOST = 2000
"""Texts that are remembered by each function: the passages, and their sentences, of the last questions."""
MOST_WORDS = 2**15
"""Words that are remembered by each function: the forms of a large knowledge base (18,000 in 900 long pages). Users' misspelt ones
are new for ever, so a larger memory would go on filling for weeks."""
LONGEST = 4000
"""Characters of a text that is worth it; whole documents are read once, as they are ingested."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def remembered(read: Callable[[str, *Ts], Sequence[T]]) -> Callable[[str, *Ts], list[T]]:
    """The function, whose results must be immutable, with its last results remembered; each caller gets a list of its own."""
    kept = lru_cache(maxsize=MOST)(lambda text, *more: tuple(read(text, *more)))

    @wraps(read)
    def found(text: str, *more: *Ts) -> list[T]:
        return list(kept(text, *more) if len(text) <= LONGEST else read(text, *more))

    return found
