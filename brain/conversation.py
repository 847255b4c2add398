"""What a conversation is about: the terms of its earlier turns, and the tags (products, places, contracts) that it names.

"do they take cards?" finds nothing without the name that fell three turns ago. No model is asked: recent turns count more than
old ones, and a tag is named as far as its terms are said, rarer terms counting more.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from brain.text.analyzer import terms
from brain.text.bm25 import SparseVector, weighted_vector
from brain.types import Turn

TERM_DECAY, TAG_DECAY = 0.9, 0.95
"""What a turn counts for each turn that came after it."""
OWN_WORDS = 0.5
"""What the user's words count beside the assistant's, which name what was found instead of asking for it."""
LEAST_NAMED = 0.5
"""Share of a tag's terms, weighted by rarity, that must have been said."""
MOST_TAGS = 10
MOST_TURNS = 20


def context_vector(turns: Sequence[Turn], language: str) -> SparseVector:
    """The terms of the turns before the question, for ranking titles."""
    weights: dict[str, float] = {}
    for age, turn in enumerate(reversed(turns[-MOST_TURNS:])):
        weight = TERM_DECAY**age * (OWN_WORDS if turn.role == "user" else 1.0)
        for term in terms(turn.text, language):
            weights[term] = max(weights.get(term, 0.0), weight)
    return weighted_vector(weights)


def named_tags(question: str, turns: Sequence[Turn], counts: Mapping[str, int], language: str) -> dict[str, float]:
    """The tags that the conversation names, at most `MOST_TAGS`, the most named one with 1.

    `counts` are all tags with their numbers of passages: a tag that nearly everything has says little.
    """
    said = [frozenset(terms(text, language)) for text in (question, *(t.text for t in reversed(turns[-MOST_TURNS:])))]
    vocabulary = _vocabulary(tuple(counts), language)
    everything = sum(counts.values()) + 1
    frequency = Counter(term for held in vocabulary.values() for term in held)
    found = {
        tag: _most_named(held, said, frequency, len(vocabulary)) * math.log(everything / counts[tag])
        for tag, held in vocabulary.items()
    }
    best = sorted((tag for tag, value in found.items() if value > 0), key=lambda tag: -found[tag])[:MOST_TAGS]
    return {tag: found[tag] / found[best[0]] for tag in best}


def _most_named(held: frozenset[str], said: Iterable[frozenset[str]], frequency: Counter[str], size: int) -> float:
    def rarity(some: frozenset[str]) -> float:
        return sum(math.log(1 + size / frequency[term]) for term in some)

    whole, best = rarity(held), 0.0
    for age, words in enumerate(said):
        share = rarity(held & words) / whole
        if share >= LEAST_NAMED:
            best = max(best, share * TAG_DECAY**age)
    return best


@lru_cache(maxsize=8)
def _vocabulary(tags: tuple[str, ...], language: str) -> dict[str, frozenset[str]]:
    """The terms of each tag (of its value, where it is `key:value`); without those that have none."""
    held = {tag: frozenset(terms(tag.rpartition(":")[2], language)) for tag in tags}
    return {tag: words for tag, words in held.items() if words}
