"""Questions that were never asked before, made of some that were: what an answer costs must not be what a cache costs."""

import random
from collections.abc import Iterator, Sequence
from itertools import cycle


def fresh(questions: Sequence[str], seed: int) -> Iterator[str]:
    """Texts without end, all different and none among the questions: slips of the keyboard, as people make them.

    Two neighbouring letters within a word are exchanged, in one word more each time nothing new is left.
    """
    draw, seen, slips, tried = random.Random(seed), set(questions), 1, 0
    for question in cycle(questions):
        text = slipped(question, slips, draw)
        if text not in seen:
            seen.add(text)
            tried = 0
            yield text
            continue
        tried += 1
        if tried > len(questions):
            slips, tried = slips + 1, 0


def slipped(text: str, slips: int, draw: random.Random) -> str:
    """The text with so many pairs of letters exchanged; those at a word's ends stay."""
    letters = list(text)
    places = [i for i in range(1, len(text) - 2) if text[i - 1 : i + 3].isalpha() and text[i] != text[i + 1]]
    for at in draw.sample(places, min(slips, len(places))):
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)
