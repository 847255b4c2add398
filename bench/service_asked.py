"""Questions that were never asked before, made of some that were: what an answer costs must not be what a cache costs."""

import random
from collections.abc import Iterator, Sequence
from itertools import cycle

MOST_SLIPS = 20


def fresh(questions: Sequence[str], seed: int) -> Iterator[str]:
    """Texts without end, all different and none among the questions: slips of the keyboard, as people make them.

    Two neighbouring letters within a word are exchanged, once more each time nothing new is left. SystemExit where nothing is.
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
        if tried > 20 * len(questions):
            slips, tried = slips + 1, 0
        if slips > MOST_SLIPS:
            raise SystemExit(f"{len(questions)} questions are too few: every slip of them was made")


def slipped(text: str, slips: int, draw: random.Random) -> str:
    """The text with so many exchanges, one after another; the letters at a word's ends stay."""
    letters = list(text)
    places = [i for i in range(1, len(text) - 2) if text[i - 1 : i + 3].isalpha()]
    for at in draw.choices(places, k=slips) if places else ():
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)
