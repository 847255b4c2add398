"""A sentence of a draft held against the passages that it cites: is it supported, and if not, what is wrong."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from brain.text.language import UNKNOWN
from brain.text.units import units
from brain.types import Citation, Claim, Passage, Sentence, Support
from brain.verify.crossing import check_across
from brain.verify.reading import Close, Evidence, Text, claims_of
from brain.verify.support import Finding, check

Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]
"""Texts into unit vectors, shape (texts, dimensions)."""
NO_CITATION = "a part of it has no citation"


def quoted(sentence: Sentence) -> Sentence | None:
    """The sentence with its support, where it is a passage's own words; None of any other. Nothing is read for it."""
    if any(citation.quote == sentence.text for citation in sentence.citations):
        return replace(sentence, support=Support(True, 1.0))
    return None


class Verifier:
    """Checks sentences. `encode`: the embedded encoder's vectors, which the weights know; without it words alone decide."""

    def __init__(self, encode: Encode | None = None) -> None:
        self._close: Close | None = partial(_cosines, encode) if encode else None

    def check(
        self, sentence: Sentence, said: str, language: str, by_id: Mapping[str, Passage], question: str = ""
    ) -> Sentence:
        """The sentence with its support, and the further words that it rests on.

        `said`: the answer so far. `by_id`: all passages that were found for the question. Without a question none is compared.
        """
        if literal := quoted(sentence):
            return literal
        cited = tuple(dict.fromkeys(citation.passage_id for citation in sentence.citations))
        claims = sentence.claims or (Claim(sentence.text, cited),)
        probability, problems, citations = 1.0, list[str](), list(sentence.citations)
        for claim in claims:
            passages = [by_id[id] for id in claim.passage_ids if id in by_id]
            if not passages:
                probability, problems = 0.0, [*problems, NO_CITATION]
            beside = [passage for id, passage in by_id.items() if id not in claim.passage_ids]
            for finding, evidence in self._findings(claim.text, passages, beside, said, language, question):
                probability = min(probability, finding.probability)
                problems += finding.problems
                citations += _further(citations, finding, evidence, by_id)
        support = Support(not problems, round(probability, 3), tuple(dict.fromkeys(problems)))
        return replace(sentence, citations=tuple(citations), support=support)

    def _findings(
        self,
        text: str,
        passages: Sequence[Passage],
        beside: Sequence[Passage],
        said: str,
        language: str,
        question: str,
    ) -> Iterable[tuple[Finding, Evidence]]:
        for own, there in _by_language(passages, language).items():
            evidence = Evidence.of_passages(there, own)
            if own != language:
                yield check_across(Text(text, language), evidence, self._close), evidence
                continue
            asked = Text(question, language) if question else None
            terms_said = Text(f"{question} {said}", language).content
            others = cache(partial(_apart, beside, own))
            for claim in claims_of(text, language):
                yield check(claim, evidence, terms_said, self._close, asked, others), evidence


def _apart(passages: Sequence[Passage], language: str) -> list[Evidence]:
    """Those in a language, each for itself."""
    alike = [p for p in passages if (p.language or language) in (language, UNKNOWN)]
    return [Evidence.of_passages([passage], language) for passage in alike]


def _by_language(passages: Sequence[Passage], language: str) -> dict[str, list[Passage]]:
    """Those in the answer's language, or, only where there are none, those in another."""
    groups: dict[str, list[Passage]] = {}
    for passage in passages:
        own = passage.language or language
        groups.setdefault(language if own == UNKNOWN else own, []).append(passage)
    return {language: groups[language]} if language in groups else groups


def _further(
    had: Sequence[Citation], finding: Finding, evidence: Evidence, by_id: Mapping[str, Passage]
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


def _cosines(encode: Encode, text: str, others: Sequence[str]) -> list[float]:
    vectors = encode([text, *others])
    return [float(cosine) for cosine in vectors[1:] @ vectors[0]]
