"""Do the passages hold the answer, and is the question about the knowledge base at all? Two logistic regressions.

`bench/refusing.py` prints how well they do and refits the weights; `docs/decisions/0017-sufficiency.md` has the figures.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from brain.stated import answers
from brain.text.analyzer import beginnings, terms
from brain.text.asking import Kind, figure_of_what, figure_wanted, kind_named, without_kind
from brain.text.headings import headings_above
from brain.text.sentences import is_heading, sentence_spans
from brain.text.units import units
from brain.types import Passage, Passages

FAR = 0.0
"""`Features.close` where no passage has a vector any more."""
BRIEF = 4
"""Fewer terms than these make a question brief."""
EVEN = {"fr": 0.6}
EVEN_ELSE = 0.4
"""The share of a brief question's terms that speaks neither for nor against; of French more, as `french` counts for much already."""
BRIEF_OF_FIGURE, EVEN_OF_FIGURE = 5, 0.1
"""The same where a figure is asked for, of what remains without the words for it; and the share that speaks for neither is so much
higher: what a sentence with such a figure holds says more than what stands anywhere in a passage."""
BESIDE, NEAR = 0.1, 0.3
"""How close a passage must be for the words that it holds of a brief question to count: above the one, and in full from the other on.
Any page may say "hour"."""
SPREAD = 0.02
"""Of the cosines of everyday questions, from 0.017 to 0.022 on six knowledge bases."""
APART, STRAY = 0.5, 2.0
"""A question whose nearest passage is not nearer by so many spreads than those of everyday questions is likely to be one, too; what
each spread that it lacks takes off."""
_BEFORE_MARK = re.compile(r"\s+(?=[?!])")
STEM = 5
"""The shortest term that is taken for another with the same beginning: "subscript" for "subscrib"."""


class Features(NamedTuple):
    """What the probabilities rest on; the text's share is that of the passage which is closest in meaning."""

    close: float
    """How close it is (`Scores.close`)."""
    said: float
    """Most of the question's terms that one sentence of it holds, from 0 to 1."""
    titled: float
    """Those in its title and headings. A page on the matter need not hold the answer: at equal `said` this counts against."""
    standing: float
    """How far the question stands out (`Passages.standing`): a plain one finds its like more easily."""
    sentences: float
    """Logarithm of the question's sentences: of many, most say nothing of what is asked."""
    crossing: float
    """1 where its language is not the question's, so that words can't be compared."""
    french: float
    """1 for a question in French: the encoder's cosines differ by language."""
    brief: float
    """Of a question with fewer terms than `BRIEF` how many it lacks, times the share of them that one passage holds less `EVEN`; what
    is more than that counts the less, the less close the passage is. A few plain words are never very close to a page, but a page
    that has all of them is rarely about something else."""


class Lexical(NamedTuple):
    """The same of an encoder whose cosines are not known: words, and how far the best page is ahead of the others."""

    covered: float
    """Share of the question's terms in the passage that holds most of them, title and headings included."""
    covered_by_all: float
    """The same over all passages together."""
    said: float
    titled: float
    ahead: float
    """Cosine of the closest document less the others' mean, in their standard deviations."""
    agreed: float
    """1 where the closest document by meaning is the one by words."""
    sentences: float
    crossing: float
    french: float
    asked: float
    """Logarithm of 1 + the question's terms."""


class Weights(NamedTuple):
    """Of one logistic regression."""

    bias: float
    each: tuple[float, ...]


ANSWERED = Weights(
    -2.08,
    Features(
        close=12.98, said=2.81, titled=-1.65, standing=-9.28, sentences=3.48, crossing=1.01, french=1.95, brief=2.25
    ),
)
ON_SUBJECT = Weights(
    -6.28, Features(close=16.31, said=2.94, titled=0, standing=0, sentences=0, crossing=-0.11, french=3.22, brief=0)
)
LEXICAL_ANSWERED = Weights(
    -10.82,
    Lexical(
        covered=2.92,
        covered_by_all=2.02,
        said=4.29,
        titled=-1.04,
        ahead=0.93,
        agreed=1.09,
        sentences=3.93,
        crossing=2.70,
        french=2.12,
        asked=1.90,
    ),
)
LEXICAL_ON_SUBJECT = Weights(
    -5.12,
    Lexical(
        covered=5.02,
        covered_by_all=2.47,
        said=0.96,
        titled=0,
        ahead=0,
        agreed=0,
        sentences=0,
        crossing=1.66,
        french=2.58,
        asked=0,
    ),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How likely it is that the passages hold the answer, and that the question is about their subject; on what grounds."""

    probability: float
    on_subject: float = 0.0
    features: Features | Lexical | None = None


def assess(question: str, language: str, passages: Passages) -> Evidence:
    """Without passages both probabilities are 0."""
    if not passages:
        return Evidence(0.0)
    if passages.standing is None:
        words = lexical_of(question, language, passages)
        return Evidence(probability(LEXICAL_ANSWERED, words), probability(LEXICAL_ON_SUBJECT, words), words)
    features = features_of(question, language, passages)
    less = STRAY * _strays(passages, features)
    return Evidence(probability(ANSWERED, features, less), probability(ON_SUBJECT, features, less), features)


def probability(weights: Weights, values: Sequence[float], less: float = 0.0) -> float:
    """`less`: what is taken off its logarithm."""
    return 1 / (1 + math.exp(less - weights.bias - sum(w * x for w, x in zip(weights.each, values, strict=True))))


def _strays(passages: Passages, features: Features) -> float:
    """By how many spreads the nearest passage is less near than one for a question about the knowledge base would be; 0 if it is not.

    Across languages cosines have another level, which is not known.
    """
    if passages.everyday is None or features.crossing:
        return 0.0
    nearest = max(_or(passage.scores.dense, 0.0) for passage in passages)
    return max(0.0, APART - (nearest - passages.everyday) / SPREAD)


def features_of(question: str, language: str, passages: Passages) -> Features:
    """`passages` are not empty."""
    best = max(passages, key=lambda passage: _or(passage.scores.close, -1.0))
    shares = _Shares(question, language, best)
    return Features(
        close=_or(best.scores.close, FAR),
        said=shares.said,
        titled=shares.titled,
        standing=_or(passages.standing, 0.0),
        sentences=_sentences(question),
        crossing=float((best.language or language) != language),
        french=float(language == "fr"),
        brief=brief_of(question, language, passages),
    )


def brief_of(question: str, language: str, passages: Passages) -> float:
    """0 of a question that is not brief: the passages are not read then."""
    brief = _Brief.of(question, language)
    if brief.lacking <= 0:
        return 0.0
    return brief.lacking * max(_speaks(brief.held(passage) - brief.even, passage.scores.close) for passage in passages)


class _Brief(NamedTuple):
    """What a brief question is about, and how many terms fewer it has than a long one."""

    content: str
    lacking: int
    even: float
    language: str
    kind: Kind | None = None
    """Of the figure that is asked for."""

    @classmethod
    def of(cls, question: str, language: str) -> Self:
        kind, even = figure_wanted(question), EVEN.get(language, EVEN_ELSE)
        content = figure_of_what(question)
        asked = len(set(terms(content, language)))
        if kind_named(question) and (kind == "phone" or (kind and not asked)):
            return cls("", BRIEF, even, language, kind)
        if kind and asked:
            return cls(content, BRIEF_OF_FIGURE - asked, even + EVEN_OF_FIGURE, language, kind)
        content = without_kind(question)
        return cls(content, BRIEF - len(set(terms(content, language))), even, language)

    def held(self, passage: Passage) -> float:
        """Share of its terms in the passage; of a figure's in what gives such a figure there, with what that stands under.

        "Quels sont vos horaires ?" names nothing else, and one telephone number is for all that one may call about: then whether such
        a figure is given.
        """
        language = passage.language or self.language
        if not self.kind:
            return _held(self.content, passage, language)
        asked, most = beginnings(self.content, language), 0
        if not asked:
            return float(any(answers(self.kind, unit.text, language) for unit in units(passage.text)))
        for unit in units(passage.text):
            if answers(self.kind, unit.text, language):
                said = (unit.text, *headings_above(passage, unit.span[0]))
                most = max(most, len(asked & beginnings("\n".join(said), language)))
        return most / max(1, len(asked))


def _speaks(more: float, close: float | None) -> float:
    """`more` than the neutral share, or less; more only so far as the passage is near."""
    return more if more < 0 else more * min(1.0, max(0.0, (_or(close, FAR) - BESIDE) / (NEAR - BESIDE)))


def _held(question: str, passage: Passage, language: str) -> float:
    """Share of the question's terms in the passage, its title and headings; 0 of a question without any."""
    asked = set(terms(question, language))
    there = set(terms("\n".join((passage.title, *passage.heading_path, passage.text)), language))
    return sum(term in there or _begins_alike(term, there) for term in asked) / len(asked) if asked else 0.0


def _begins_alike(term: str, there: set[str]) -> bool:
    if len(term) < STEM:
        return False
    begins = term[: max(STEM - 1, len(term) - 2)]
    return any(other.startswith(begins) and abs(len(other) - len(term)) <= 3 for other in there)


def lexical_of(question: str, language: str, passages: Passages) -> Lexical:
    """`passages` are not empty."""
    shares = [_Shares(question, language, passage) for passage in passages]
    held = set().union(*(share.held for share in shares))
    asked = set(terms(question, language))
    dense, sparse = (_by_document(passages, by) for by in ("dense", "sparse"))
    best = max(zip(passages, shares, strict=True), key=lambda pair: _or(pair[0].scores.dense, 0.0))
    return Lexical(
        covered=max(share.covered for share in shares),
        covered_by_all=min(1.0, len(held) / max(1, len(asked))),
        said=max(share.said for share in shares),
        titled=best[1].titled,
        ahead=_ahead(list(dense.values())),
        agreed=float(max(dense, key=dense.__getitem__) == max(sparse, key=sparse.__getitem__)),
        sentences=_sentences(question),
        crossing=float((best[0].language or language) != language),
        french=float(language == "fr"),
        asked=math.log1p(len(asked)),
    )


class _Shares:
    """Which of the question's terms a passage holds, read in the passage's language."""

    def __init__(self, question: str, language: str, passage: Passage) -> None:
        self._language = passage.language or language
        self._asked = set(terms(question, self._language))
        around = self._of(passage.above)
        spans = [span for span in sentence_spans(passage.text) if not is_heading(passage.text, span)]
        each = [self._of(passage.text[slice(*span)]) for span in spans]
        self.held = around | self._of(passage.text)
        self.covered, self.titled = self._share(self.held), self._share(around)
        self.said = max(map(self._share, each), default=0.0)

    def _of(self, text: str) -> set[str]:
        return self._asked & set(terms(text, self._language))

    def _share(self, held: set[str]) -> float:
        return len(held) / len(self._asked) if self._asked else 0.0


def _sentences(question: str) -> float:
    """French sets "?" apart: "livré mercredi ?? et ça coûte combien" are two."""
    return math.log(max(1, len(sentence_spans(_BEFORE_MARK.sub("", question)))))


def _by_document(passages: Passages, by: str) -> dict[str, float]:
    best: dict[str, float] = {}
    for passage in passages:
        score = _or(getattr(passage.scores, by), 0.0)
        best[passage.document_id] = max(score, best.get(passage.document_id, 0.0))
    return best


def _ahead(scores: Sequence[float]) -> float:
    mean = sum(scores) / len(scores)
    spread = math.sqrt(sum((score - mean) ** 2 for score in scores) / len(scores))
    return (max(scores) - mean) / (spread + 0.003)


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
