"""Is a claim supported by the words it cites? What can be looked up first, then a probability from a logistic regression.

`bench/support.py` prints how well it does and refits the weights; `docs/decisions/0015-checking-sentences.md` has the figures.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from brain.text.analyzer import terms
from brain.verify.binding import TIME_WORDS, misplaced
from brain.verify.conditions import left_out
from brain.verify.echo import UNTOLD, doubts, reply_of
from brain.verify.matching import exchanged, unmatched
from brain.verify.names import exchanged_people, missing_names, missing_people
from brain.verify.polarity import contradiction, made_up
from brain.verify.reading import Beside, Close, Evidence, Text
from brain.verify.values import Value

MOST_SENTENCES = 3
"""Sentences of the evidence that a claim may be put together from."""
MOST_NAMED = 3
UNRELATED = "the passage does not say this"
SOMETHING_ELSE = "the passage says “{}” of something else"
LEFT_OUT = "a condition is left out"
CLOSE = 0.6
"""Share of the claim's terms in one sentence from which on that sentence says the same, or means to."""
SAME = 0.8
"""The same, from which on it says nothing else."""
LEAST_NEW = 0.25
"""A further sentence must hold this share of the claim's terms that the sentences before it don't."""


class Features(NamedTuple):
    """Of a claim beside its evidence, where nothing that can be looked up is wrong."""

    uncovered: float
    """Share of the claim's terms that the cited passages, their titles and headings don't hold."""
    closeness: float
    """Cosine of the claim and the closest of its best sentences."""


WEIGHTS, BIAS = Features(uncovered=-4.40, closeness=17.93), -13.97
LEXICAL, LEXICAL_BIAS = Features(uncovered=-6.70, closeness=0.0), 2.76
"""Where there are no vectors to compare."""
CLOSENESS = (0.78, 1.0)
"""Cosines of the embedded encoder lie here where two sentences share words: if none of them
could change the verdict, nothing is encoded."""
THRESHOLD = 0.5
UNCERTAIN = 0.5
"""Of a claim of which words can't tell."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of checking one claim. `problems` say in words what the evidence does not bear out."""

    probability: float
    problems: tuple[str, ...] = ()
    chosen: tuple[int, ...] = ()
    """The sentences of the evidence that it was held against, the closest first."""

    @property
    def supported(self) -> bool:
        return not self.problems


def best_sentences(claim: Text, evidence: Evidence) -> list[int]:
    """The sentences that together hold most of the claim's terms, the best first."""
    wanted = claim.terms
    got: set[str] = set()
    chosen: list[int] = []
    for _ in range(min(MOST_SENTENCES, len(evidence.sentences))):
        shared = [(len((wanted - got) & sentence.terms), -len(sentence.terms)) for sentence in evidence.sentences]
        best = max(range(len(shared)), key=lambda i: shared[i])
        if not shared[best][0] or (chosen and shared[best][0] < LEAST_NEW * len(wanted)):
            break
        chosen.append(best)
        got |= wanted & evidence.sentences[best].terms
    return chosen


def check(
    claim: Text,
    evidence: Evidence,
    said: Iterable[str] = (),
    close: Close | None = None,
    asked: Text | None = None,
    beside: Beside = tuple,
) -> Finding:
    """`said`: terms of the question and of the answer, where a condition may stand. Without `close` words alone decide.

    `asked`: the question; `beside`: what was found for it and is not cited.
    """
    looked = look_up(claim, evidence, said, close, asked, beside)
    if looked.problems or not looked.picked:
        certain = looked.problems != (UNTOLD,)
        return Finding(0.0 if certain else UNCERTAIN, looked.problems or (UNRELATED,), looked.chosen)
    probability = _probability(looked.stated, uncovered(looked.stated, evidence), looked.picked, close)
    return Finding(probability, () if probability >= THRESHOLD else (UNRELATED,), looked.chosen)


class LookedUp(NamedTuple):
    """`stated`: the claim without its yes or no; the question where nothing is left. `picked`: the sentences it was held against."""

    stated: Text
    chosen: tuple[int, ...]
    picked: list[Text]
    problems: tuple[str, ...]


def look_up(
    claim: Text,
    evidence: Evidence,
    said: Iterable[str] = (),
    close: Close | None = None,
    asked: Text | None = None,
    beside: Beside = tuple,
) -> LookedUp:
    """What is wrong with a claim, as far as that can be looked up; arguments as for `check`."""
    reply = reply_of(claim)
    stated = asked if asked and not reply.rest.terms else reply.rest
    chosen = tuple(best_sentences(stated, evidence))
    picked = [evidence.sentences[i] for i in chosen]
    problems = tuple(wrong(stated, evidence, picked, {*stated.content, *said})) if stated is reply.rest else ()
    if asked and not problems:
        others = (SOMETHING_ELSE.format(value.shown) for value in misplaced(stated, asked, evidence, beside, close))
        problems = (*others, *doubts(reply, asked, evidence))
    return LookedUp(stated, chosen, picked, problems)


def wrong(claim: Text, evidence: Evidence, picked: Sequence[Text], said: set[str]) -> Iterator[str]:
    """What can be looked up and is not there, or is otherwise: each in words."""
    for value in _wrong_values(claim, evidence, picked)[:MOST_NAMED]:
        yield f"“{value.shown}” is not in the passage"
    for name in missing_names(claim.words, lambda: evidence.words, claim.language)[:MOST_NAMED]:
        yield f"the passage does not mention “{name}”"
    for who in missing_people(claim.words, lambda: evidence.words, claim.language):
        yield f"the passage does not speak of “{who}”"
    if picked:
        yield from _turned(claim, picked[0], said)
        if words := made_up(claim.words, [sentence.words for sentence in picked], claim.language):
            yield f"the passage does not say “{words}”"


def uncovered(claim: Text, evidence: Evidence) -> float:
    """Of its addresses' words it is known already whether they are the page's."""
    addresses = {
        term for value in claim.values if value.kind == "address" for term in terms(value.shown, claim.language)
    }
    said = claim.content - addresses
    return len(said - evidence.content) / max(1, len(said))


def _probability(claim: Text, missing: float, picked: Sequence[Text], close: Close | None) -> float:
    if close is None:
        return _logistic(LEXICAL, LEXICAL_BIAS, Features(missing, 0.0))
    least, most = (_logistic(WEIGHTS, BIAS, Features(missing, cosine)) for cosine in CLOSENESS)
    if least >= THRESHOLD or most < THRESHOLD:
        return least if least >= THRESHOLD else most
    cosine = max(close(claim.text, [text.text for text in picked]))
    return _logistic(WEIGHTS, BIAS, Features(missing, cosine))


def _logistic(weights: Features, bias: float, features: Features) -> float:
    return 1 / (1 + math.exp(-bias - sum(w * x for w, x in zip(weights, features, strict=True))))


def _wrong_values(claim: Text, evidence: Evidence, picked: Sequence[Text]) -> list[Value]:
    """The values that the passages do not state, or state elsewhere while the sentence that says the same has others."""
    if not claim.values or not picked:
        return []
    best = picked[0]
    told = claim.content - TIME_WORDS  # "7 days" alone says the same as no sentence
    shared = len(told & best.content) / max(1, len(told))
    missing = unmatched(claim.values, [value for text in picked for value in text.values], evidence.stated_above)
    if missing:
        missing = unmatched(missing, evidence.values, evidence.stated_above)
    missing = missing or _of_another_row(claim, evidence)
    return missing or (exchanged(claim.values, best.values, same=shared >= SAME) if shared >= CLOSE else [])


def _of_another_row(claim: Text, evidence: Evidence) -> list[Value]:
    """Values that stand in a table's row, but not in the row that the claim names."""
    rows = [text for text in evidence.sentences if text.text.startswith("|")]
    named = [
        row
        for row in rows
        if (label := Text(row.text.split("|")[1], claim.language).content) and label <= claim.content
    ]
    if not named:
        return []
    others = [text for text in evidence.sentences if text not in rows or text in named]
    return unmatched(claim.values, [value for text in others for value in text.values], evidence.stated_above)


def _turned(claim: Text, sentence: Text, said: set[str]) -> Iterator[str]:
    """What the claim turns round or leaves out of the sentence that is closest to it."""
    if word := contradiction(claim.words, sentence.words, claim.language):
        yield f"the passage says the contrary about “{word}”"
    if who := exchanged_people(claim.words, sentence.words, claim.language):
        yield f"the passage says this of others than “{who}”"
    if condition := left_out(claim.words, sentence.words, said, claim.language):
        yield f"{LEFT_OUT}: “{condition}”"
