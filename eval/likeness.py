"""Do two texts say the same in other words? By their stemmed terms: duplicates among cases, and cases that stand in prompts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from brain.text.analyzer import terms
from brain.text.language import detect
from eval.cases import Case
from prompts import Prompt

SAME = 0.8
"""Share of the terms of both that two texts have in common, from which on they ask the same."""
RUN = 5
"""So many terms in a row from a case, in a prompt, are no chance."""


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index of two sets of terms, 0 to 1; 0 where one is empty."""
    return len(one & other) / len(one | other) if one and other else 0.0


def terms_of(text: str, language: str | None = None) -> frozenset[str]:
    return frozenset(terms(text, language or detect(text)))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cases of different parts that ask the same."""

    one: str
    other: str
    likeness: float


def near_duplicates(parts: Mapping[str, Sequence[Case]]) -> list[Pair]:
    """Cases of one part that another part asks too, named `part:id`. Within a part nothing is compared."""
    holders: dict[str, list[tuple[str, str, frozenset[str]]]] = defaultdict(list)
    found = []
    for part, cases in parts.items():
        new = [(part, case.id, terms_of(case.text, case.language)) for case in cases]
        for _, id, words in new:
            seen: set[tuple[str, str]] = set()
            for other_part, other, others in (held for word in words for held in holders[word]):
                if (other_part, other) not in seen and (alike := likeness(words, others)) >= SAME:
                    found.append(Pair(f"{other_part}:{other}", f"{part}:{id}", round(alike, 3)))
                seen.add((other_part, other))
        for held in new:
            for word in held[2]:
                holders[word].append(held)
    return found


@dataclass(frozen=True, slots=True)
class Leak:
    """A case whose words stand in a prompt: the model was shown what it is asked."""

    case: str
    prompt: str
    words: str


def leaks(cases: Iterable[Case], prompts: Iterable[Prompt]) -> list[Leak]:
    """Cases of whose question or reference `RUN` terms in a row stand in a prompt, such as in one of its examples."""
    texts = [(prompt, _runs(f"{prompt.system}\n{prompt.user}", prompt.language)) for prompt in prompts]
    found = []
    for case in cases:
        for prompt, held in texts:
            own = [text for text in (case.text, case.expect.reference) if text]
            shared = [run for text in own for run in _runs(text, prompt.language) if run in held]
            if shared:
                found.append(Leak(case.id, prompt.filename, " ".join(shared[0])))
    return found


def _runs(text: str, language: str) -> dict[tuple[str, ...], None]:
    words = terms(text, language)
    return dict.fromkeys(tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))
