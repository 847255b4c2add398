"""A draft checked sentence by sentence: what its passages don't bear out is removed, or marked, and always recorded."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from brain.answerers.base import Draft
from brain.text.analyzer import terms
from brain.text.asking import asks_for_figure
from brain.text.language import UNKNOWN
from brain.text.units import units
from brain.types import Citation, Claim, Passage, Question, Sentence, Support
from brain.verify.crossing import check_across
from brain.verify.reading import Evidence, Text, claims_of
from brain.verify.support import Close, Finding, check
from brain.verify.values import values_in

Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]
"""Texts into unit vectors, shape (texts, dimensions)."""
NO_CITATION = "a part of it has no citation"
STILL_ANSWERED = 0.5
"""Share of the question's terms in the draft that what is left of it must hold, or it answers something else."""


class Verifier:
    """Checks drafts. `encode`: the embedded encoder's vectors, which the weights know; without it words alone decide."""

    def __init__(self, unsupported: Literal["remove", "mark"] = "remove", encode: Encode | None = None) -> None:
        self._unsupported = unsupported
        self._close: Close | None = partial(_cosines, encode) if encode else None

    def verified(self, draft: Draft, question: Question, language: str, passages: Iterable[Passage]) -> Draft:
        """The draft with each sentence's support. Without sentences where what is left answers something else."""
        by_id = {passage.id: passage for passage in passages}
        said = " ".join((question.text, *(sentence.text for sentence in draft.sentences)))
        checked = [self._checked(sentence, said, language, by_id) for sentence in draft.sentences]
        kept = [s for s in checked if s.support and (s.support.supported or self._unsupported == "mark")]
        if not _answers(question, language, [s for s in kept if s.support and s.support.supported], checked):
            kept = []
        dropped = [{"text": s.text, "why": _why(s)} for s in checked if s not in kept]
        return replace(draft, sentences=tuple(kept), dropped=(*draft.dropped, *dropped), checked=tuple(checked))

    def _checked(self, sentence: Sentence, said: str, language: str, by_id: dict[str, Passage]) -> Sentence:
        if any(citation.quote == sentence.text for citation in sentence.citations):
            return replace(sentence, support=Support(True, 1.0))
        cited = tuple(dict.fromkeys(citation.passage_id for citation in sentence.citations))
        claims = sentence.claims or (Claim(sentence.text, cited),)
        probability, problems, citations = 1.0, list[str](), list(sentence.citations)
        for claim in claims:
            passages = [by_id[id] for id in claim.passage_ids if id in by_id]
            if not passages:
                probability, problems = 0.0, [*problems, NO_CITATION]
            for finding, evidence in self._findings(claim.text, passages, said, language):
                probability = min(probability, finding.probability)
                problems += finding.problems
                citations += _further(citations, finding, evidence, by_id)
        support = Support(not problems, round(probability, 3), tuple(dict.fromkeys(problems)))
        return replace(sentence, citations=tuple(citations), support=support)

    def _findings(
        self, text: str, passages: Sequence[Passage], said: str, language: str
    ) -> Iterable[tuple[Finding, Evidence]]:
        for own, there in _by_language(passages, language).items():
            evidence = Evidence.of_passages(there, own)
            if own != language:
                yield check_across(Text(text, language), evidence, self._close), evidence
                continue
            terms_said = Text(said, language).content
            for claim in claims_of(text, language):
                yield check(claim, evidence, terms_said, self._close), evidence


def _by_language(passages: Sequence[Passage], language: str) -> dict[str, list[Passage]]:
    """Those in the answer's language, or, only where there are none, those in another."""
    groups: dict[str, list[Passage]] = {}
    for passage in passages:
        own = passage.language or language
        groups.setdefault(language if own == UNKNOWN else own, []).append(passage)
    return {language: groups[language]} if language in groups else groups


def _further(
    had: Sequence[Citation], finding: Finding, evidence: Evidence, by_id: dict[str, Passage]
) -> list[Citation]:
    """The units of the sentences that the claim rests on, those that are cited already left out."""
    if not finding.supported:
        return []
    out: list[Citation] = []
    for place in finding.chosen:
        id, start = evidence.places[place]
        if any(c.passage_id == id and c.span[0] <= start < c.span[1] for c in (*had, *out)):
            continue
        unit = next((unit for unit in units(by_id[id].text) if unit.span[0] <= start < unit.span[1]), None)
        if unit:
            out.append(Citation(id, by_id[id].document_id, unit.span, unit.text))
    return out


def _answers(question: Question, language: str, left: Sequence[Sentence], all_: Sequence[Sentence]) -> bool:
    """Whether the supported sentences still speak of what was asked, and give a figure where a removed one did."""
    if not left:
        return False
    if len(left) == len(all_):
        return True
    asked = set(terms(question.text, language))
    before = asked & set(terms(" ".join(s.text for s in all_), language))
    after = asked & set(terms(" ".join(s.text for s in left), language))
    if len(after) < STILL_ANSWERED * len(before):
        return False
    had = any(values_in(s.text, language) for s in all_)
    return not (had and asks_for_figure(question.text)) or any(values_in(s.text, language) for s in left)


def _why(sentence: Sentence) -> str:
    if sentence.support and sentence.support.problems:
        return "; ".join(sentence.support.problems)
    return "without the rest it does not answer"


def _cosines(encode: Encode, text: str, others: Sequence[str]) -> list[float]:
    vectors = encode([text, *others])
    return [float(cosine) for cosine in vectors[1:] @ vectors[0]]
