"""What a conversation is about: the terms of its earlier turns, and the tags (products, places, contracts) that it names.

"do they take cards?" finds nothing without the name that fell three turns ago. No model is asked: recent turns count more than
old ones, and a tag is named as far as its terms are said, rarer terms counting more.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
SLACK = 1
"""Other terms that may stand between them."""
MOST_TAGS = 10
RARE = 0.01
"""Share of passages up to which a plain tag is a name (a hotel), not a theme ("Internet"); `key:value` always is a name."""
MOST_TURNS = 20

_DIGITS = (
    "zero one two three four five six seven eight nine ten twenty thirty forty fifty sixty seventy eighty ninety hundred double "
    "zéro un deux trois quatre cinq sept huit neuf dix vingt trente quarante cinquante soixante quatre-vingt cent"
).split()
_READ_OUT = re.compile(r"\b(?:(?:{0})[\s,.-]+){{2,}}(?:{0})\b".format("|".join(_DIGITS)), re.IGNORECASE)
"""A telephone number, a postcode or the like in a transcript of speech: words that other names hold too."""


def context_vector(turns: Sequence[Turn], language: str) -> SparseVector:
    """The terms of the turns before the question, for ranking titles."""
    weights: dict[str, float] = {}
    for age, turn in enumerate(reversed(turns[-MOST_TURNS:])):
        weight = TERM_DECAY**age * (OWN_WORDS if turn.role == "user" else 1.0)
        for term in _terms(turn.text, language):
            weights[term] = max(weights.get(term, 0.0), weight)
    return weighted_vector(weights)


def recent_turns(turns: Sequence[Turn], room: int, count: Callable[[str], int]) -> str:
    """The last turns that fit into `room` tokens, in their order, for a model to read."""
    lines: list[str] = []
    for turn in reversed(turns):
        line = f"{turn.role}: {turn.text}"
        room -= count(line + "\n")
        if room < 0:
            break
        lines.append(line)
    return "\n".join(reversed(lines))


def named_tags(question: str, turns: Sequence[Turn], counts: Mapping[str, int], language: str) -> dict[str, float]:
    """The tags that the conversation names, at most `MOST_TAGS`, the most named one with 1.

    `counts` are all tags with their numbers of passages: themes, which a new question may leave behind, name nothing.
    """
    everything = sum(counts.values()) + 1
    names = tuple(tag for tag, count in counts.items() if ":" in tag or count <= RARE * everything)
    known = _vocabulary(names, language)
    found: dict[str, float] = {}
    for age, text in enumerate((question, *(turn.text for turn in reversed(turns[-MOST_TURNS:])))):
        for tag, share in known.said_in(_terms(text, language)):
            value = share * TAG_DECAY**age * math.log(everything / counts[tag])
            found[tag] = max(found.get(tag, 0.0), value)
    best = sorted((tag for tag, value in found.items() if value > 0), key=lambda tag: (-found[tag], tag))[:MOST_TAGS]
    return {tag: found[tag] / found[best[0]] for tag in best}


def _terms(text: str, language: str) -> list[str]:
    return terms(_READ_OUT.sub(" ", text), language)


class _Vocabulary:
    """The terms of all tags (of the value, where one is `key:value`)."""

    def __init__(self, tags: Iterable[str], language: str) -> None:
        held = {tag: frozenset(terms(tag.rpartition(":")[2], language)) for tag in tags}
        self._held = {tag: words for tag, words in held.items() if words}
        self._holders: dict[str, list[str]] = defaultdict(list)
        for tag, words in self._held.items():
            for word in words:
                self._holders[word].append(tag)

    def said_in(self, words: Sequence[str]) -> Iterator[tuple[str, float]]:
        """Tags of which at least `LEAST_NAMED` is said in one place, and that share.

        In one place: the words of a name stand together. "Restaurant One Seven" is not named by a telephone number.
        """
        for tag in {tag for word in words for tag in self._holders.get(word, ())}:
            held = self._held[tag]
            width = len(held) + SLACK
            places = (at for at, word in enumerate(words) if word in held)
            said = max(self._rarity(held.intersection(words[at : at + width])) for at in places)
            if (share := said / self._rarity(held)) >= LEAST_NAMED:
                yield tag, share

    def _rarity(self, words: Iterable[str]) -> float:
        return sum(math.log(1 + len(self._held) / len(self._holders[word])) for word in words)


@lru_cache(maxsize=8)
def _vocabulary(tags: tuple[str, ...], language: str) -> _Vocabulary:
    return _Vocabulary(tags, language)
