"""What is said to the assistant instead of asked of the knowledge: greetings, thanks, insults, "are you a robot?", "how much is it?".

Rules on the whole utterance: it is small talk only where nothing else is said, so that "Bonjour, comment résilier ?" is a question. A
request for the assistant's instructions, or to change them, is told wherever it stands; the rest of it is not answered either.
The expressions are in `brain/said/`, one a line, of words without accents and punctuation; the words of `vague.txt` stand for
themselves, in any order.
"""

import re
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

from brain.text.analyzer import fold

LONGEST = 80
"""Characters of small talk: what is longer asks something."""
MOST_READ = 4000
"""Characters in which a request for the instructions is looked for."""
_OF_TODAY = re.compile(r"\b(?:what time|quel temps|what day|quel jour)\b")
"""Asked of no knowledge, and clear enough."""
_WORD = re.compile(r"[^\W_]+")
_BESIDE = r"(?: (?:s il (?:te|vous) plait|svp|stp|please|lol|mdr|haha|et|and|alors|but|mais|donc))*(?: |\Z)"


class Talk(StrEnum):
    """What kind; where several are said at once, the first of these is answered."""

    INSULT = "insult"
    IDENTITY = "identity"
    WELLBEING = "wellbeing"
    BYE = "bye"
    THANKS = "thanks"
    GREETING = "greeting"


def small_talk(text: str) -> Talk | None:
    """What kind of small talk an utterance is; None where it says anything else."""
    said = _plain(text[: LONGEST + 1])
    if not said or len(text) > LONGEST:
        return None
    found, at = set[Talk](), 0
    while at < len(said):
        ends = [(match.end(), kind) for kind in Talk if (match := _expressions(kind).match(said, at))]
        if not ends:
            return None
        at, kind = max(ends)
        found.add(kind)
    return next(kind for kind in Talk if kind in found)


def vague(text: str) -> bool:
    """Whether nothing that is said tells what it is about: "C'est combien ?", "I have a question"."""
    said = _plain(text[: LONGEST + 1])
    return (
        bool(said) and len(text) <= LONGEST and _vague_words().issuperset(said.split()) and not _OF_TODAY.search(said)
    )


@lru_cache
def _vague_words() -> frozenset[str]:
    return frozenset(word for line in _lines("vague") for word in line.split())


def meddles(text: str) -> bool:
    """Whether it asks for the assistant's instructions, or to change them."""
    return bool(_expressions("meddling").search(_plain(text[:MOST_READ])))


@lru_cache
def _expressions(name: str) -> re.Pattern[str]:
    """One for all lines of a file; of small talk, up to the next word."""
    any_of = "|".join(_lines(name))
    return re.compile(any_of if name == "meddling" else f"(?:{any_of}){_BESIDE}")


def _lines(name: str) -> list[str]:
    lines = (files("brain") / "said" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(fold(text.lower())))
