"""Is a figure of a claim the passage's figure for the same thing?

"60 days" may stand in the passage, for something else. The words around it there are compared with the words of the claim and, where
the claim says little of its own ("You have 60 days."), with those of the question; then the same is done for the other figures of its
kind that the passages hold. Where another one fits clearly better, the claim has taken the wrong one.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from brain.text.analyzer import BEGINNING
from brain.verify.matching import alike, held_by, is_article
from brain.verify.numerals import in_figures
from brain.verify.reading import Beside, Close, Evidence, Text
from brain.verify.values import Value

CLAUSE, SENTENCE, ABOVE, TITLE = 1.0, 0.8, 0.6, 0.3
"""What a word counts by where it stands: beside the figure, in its sentence, in the heading over that, in the page's title."""
CLEARLY = 0.1
"""Share of what was said and asked by which another figure must fit better."""
TOLD, SAME = 3, 0.8
"""Words from which on a claim may be no ellipsis, and the share of them that the figure's own sentence must hold then."""
OUTWEIGHS = 10
"""Share of words that a cosine outweighs: a sentence that is closer by 0.02 may fit worse by 0.2."""
_CLAUSE = re.compile(
    r"[;:()](?=\s|\Z)|,(?=\s)|(?<![\d€%$])\s(?:et|ou|mais|puis|tandis que|and|or|but|then|while)\s", re.IGNORECASE
)
_LABEL = re.compile(r"(?:[-*+•–]\s+)?([^:;.!?\d]{2,50}?)\s?:\s")
TIME_WORDS = frozenset(
    "jour ouvr ouvrab an anne mois semain heur minut euro day work busine month week hour year".split()
)
_TIMES = frozenset(("second", "minute", "day", "working day", "ouvrable day", "month"))

Words = frozenset[str]


@dataclass(frozen=True)
class Site:
    """Where a passage states a value: the words beside it, of its sentence, and of what stands over it."""

    value: Value
    text: Text
    above: Text
    counts: dict[str, float]
    """What each word here counts."""
    label: Words = frozenset()
    """Of an item such as "Corsica: 2 days more", what its figure is of."""

    @property
    def near(self) -> Words:
        """Its words that are not in the page's title alone."""
        return frozenset(word for word, counts in self.counts.items() if counts > TITLE)

    def fit(self, wanted: dict[str, float]) -> float:
        """How much of `wanted`, words with what they weigh, stands here."""
        return sum(weight * self.counts.get(word, 0.0) for word, weight in wanted.items())


def misplaced(
    claim: Text, asked: Text, evidence: Evidence, beside: Beside = tuple, close: Close | None = None
) -> Iterator[Value]:
    """The claim's values that its passages state of something else."""
    ours = [value for value in claim.values if not is_article(value) and value.kind in ("number", "date")]
    if len(ours) > 1:  # "1, 2 or 3 months": what a bare number counts isn't known
        ours = [value for value in ours if value.kind == "date" or value.unit or value.noun]
    if not ours:
        return
    sites = _telling(ours, [site for source in (evidence, *beside()) for site in _sites(source, ours)])
    said = beginnings(Text(in_figures(claim.text, claim.language), claim.language))
    question = beginnings(asked) | _figures(asked)
    both, new = said | question, said - question
    weights = _weights(both, sites)
    for value in ours:
        own = [site for site in sites if held_by(value, [site.value])]
        others = [site for site in sites if competes(value, site.value) and not held_by(site.value, ours)]
        if any(site.label & both for site in own):  # then items that nobody named are no rivals
            others = [site for site in others if not site.label or site.label & both]
        if own and not any(site.counts.keys() & both for site in own):
            yield value  # nothing there was said or asked
            continue
        if own and _labelled_otherwise(both, weights, own, sites):
            yield value
            continue
        if not own or not others or any(_says(site, said) for site in own):
            continue
        if _ahead(new, weights, own, others)[0] > CLEARLY:
            continue  # what it says of its own is said of this figure
        by, theirs, mine = _ahead(both, weights, others, own)
        if by <= CLEARLY:
            continue
        if not (close and mine.near & both and by < _closer(claim, asked, mine, theirs, close)):
            yield value


def _says(site: Site, said: Words) -> bool:
    """Whether its sentence says what the claim says, so that the question need not complete it."""
    return len(said) >= TOLD and sum(site.counts.get(word, 0.0) >= SENTENCE for word in said) >= SAME * len(said)


def _labelled_otherwise(both: Words, weights: dict[str, float], own: Sequence[Site], sites: Sequence[Site]) -> bool:
    """Whether the figure is that of an item whose label nobody named, while the label of another item was named."""
    kept = {word: weights[word] for word in both & weights.keys()}
    mine = max(own, key=lambda site: site.fit(kept))
    return bool(mine.label) and not mine.label & both and any(site.label & both for site in sites)


def competes(one: Value, other: Value) -> bool:
    """Whether one may be taken for the other: values of one unit, or both lengths of time."""
    return alike(one, other) or (one.unit in _TIMES and other.unit in _TIMES)


def beginnings(text: Text) -> Words:
    """The beginnings of a text's words, figures and units of time left out."""
    return frozenset(term[:BEGINNING] for term in text.terms if term not in TIME_WORDS and not term[0].isdigit())


def _figures(text: Text) -> Words:
    """ "in 10 instalments", of what is asked about, tells as much as a word."""
    return frozenset(term for term in text.terms if term[0].isdigit())


def _telling(ours: Sequence[Value], sites: Sequence[Site]) -> Sequence[Site]:
    """Those of one sentence alone, where that holds all of the claim's values of several kinds: they bear each other out."""
    if len({value.unit or value.kind for value in ours}) < 2:
        return sites
    whole = {id(site.text) for site in sites if all(held_by(value, site.text.values) for value in ours)}
    return [site for site in sites if id(site.text) in whole] or sites


def _weights(words: Words, sites: Sequence[Site]) -> dict[str, float]:
    """Words that few of the sites hold tell more."""
    held = Counter(word for site in sites for word in site.counts.keys() & words)
    return {word: log(1 + len(sites) / held[word]) for word in words if held[word]}


def _ahead(
    wanted: Words, weights: dict[str, float], one: Sequence[Site], other: Sequence[Site]
) -> tuple[float, Site, Site]:
    """By which share of `wanted` the best of one group fits better than the best of the other, and those two."""
    kept = {word: weights[word] for word in wanted & weights.keys()}
    best = [max(group, key=lambda site: site.fit(kept)) for group in (one, other)]
    return (best[0].fit(kept) - best[1].fit(kept)) / (sum(kept.values()) or 1.0), best[0], best[1]


def _closer(claim: Text, asked: Text, mine: Site, theirs: Site, close: Close) -> float:
    """How much closer the claim's own sentence is to what was asked and said, as a share of words."""
    cosines = close(f"{asked.text} {claim.text}", [f"{site.above.text}\n{site.text.text}" for site in (mine, theirs)])
    return OUTWEIGHS * (cosines[0] - cosines[1])


def _sites(evidence: Evidence, ours: Sequence[Value]) -> Iterator[Site]:
    for text, above in zip(evidence.sentences, evidence.above, strict=False):
        if not any(competes(value, other) for value in ours for other in text.values):
            continue
        title, *over = above.text.split("\n")
        if text.text.startswith("|"):
            over = over[:1]  # of a table's head, a cell has the one of its column
        around = {
            **dict.fromkeys(beginnings(Text(title, text.language)), TITLE),
            **dict.fromkeys(beginnings(Text("\n".join(over), text.language)), ABOVE),
            **dict.fromkeys(beginnings(text) | _figures(text), SENTENCE),
        }
        label = _LABEL.match(text.text)
        of = beginnings(Text(label[1], text.language)) if label else frozenset()
        for part, beside in _parts(text, above):
            for value in Text(part, text.language).values:
                if not is_article(value) and any(competes(our, value) for our in ours):
                    clause = Text(beside, text.language)
                    counts = around | dict.fromkeys(beginnings(clause) | _figures(clause) | of, CLAUSE)
                    yield Site(value, text, above, counts, of)


def _parts(text: Text, above: Text) -> Iterator[tuple[str, str]]:
    """The clauses of a sentence, each with the words beside it; of a table's row the cells, with the heads of their row and column."""
    if not text.text.startswith("|"):
        yield from ((part, part) for part in _CLAUSE.split(text.text))
        return
    cells = _cells(text.text)
    heads = next((_cells(line) for line in reversed(above.text.splitlines()) if line.startswith("|")), [])
    for cell, head in zip(cells, heads or [""] * len(cells), strict=False):
        yield cell, f"{head} {cells[0]} {cell}"


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]
