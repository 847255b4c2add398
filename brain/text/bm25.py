"""BM25F as sparse vectors (Robertson & Zaragoza, 2009): the term-frequency part here, the IDF part by Qdrant's modifier.

A term counts more in a passage's title and headings than in its text. The average length is a constant of the index, not a
running mean, so that a passage's vector depends on the passage alone and a document can be replaced without touching the others.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from brain.settings import SparseSettings
from brain.text.analyzer import terms
from brain.text.remembered import MOST_WORDS


class SparseVector(NamedTuple):
    """Term numbers (32 bits, of a stable hash) and their weights."""

    indices: list[int]
    values: list[float]


def passage_vector(
    text: str, language: str, settings: SparseSettings, *, title: str = "", heading_path: Sequence[str] = ()
) -> SparseVector:
    """The passage below its title and headings; a heading that repeats the title counts once."""
    counts: dict[str, float] = defaultdict(float)
    headings = [heading for heading in heading_path if heading != title]
    fields = ((1.0, (text,)), (settings.title_weight, (title,)), (settings.heading_weight, headings))
    for weight, parts in fields:
        for term in (term for part in parts for term in terms(part, language)):
            counts[term] += weight
    return _saturated(counts, settings, settings.average_length)


def title_vector(title: str, language: str, settings: SparseSettings) -> SparseVector:
    """The title alone."""
    return _saturated(Counter(terms(title, language)), settings, settings.average_title)


def _saturated(counts: Mapping[str, float], settings: SparseSettings, average: float) -> SparseVector:
    length = sum(counts.values())
    saturation = settings.k1 * (1 - settings.b + settings.b * length / average)
    return weighted_vector({term: n * (settings.k1 + 1) / (n + saturation) for term, n in counts.items() if n})


def question_vector(text: str, language: str) -> SparseVector:
    return weighted_vector({term: float(n) for term, n in Counter(terms(text, language)).items()})


def weighted_vector(weights: Mapping[str, float]) -> SparseVector:
    """Terms with their weights as a vector."""
    # Two terms of one text that share a number (one text in millions) are added up: Qdrant wants numbers unique.
    numbers: dict[int, float] = {}
    for term, weight in weights.items():
        number = term_number(term)
        numbers[number] = numbers.get(number, 0.0) + weight
    return SparseVector(list(numbers), list(numbers.values()))


@lru_cache(maxsize=MOST_WORDS)
def term_number(term: str) -> int:
    return int.from_bytes(blake2b(term.encode(), digest_size=4).digest(), "little")
