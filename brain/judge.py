"""A second opinion on sentences that the verifier is in doubt about: a model is asked, briefly, and is not needed."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from brain.brief import Brief
from brain.types import Passage, Sentence, Support
from brain.verify.echo import UNTOLD
from brain.verify.support import UNRELATED

DOUBTFUL = (0.25, 0.75)
"""Probabilities of support between which a second opinion is worth its time."""
_GRADE = re.compile(r"\b(YES|OUI|NO|NON)\b", re.IGNORECASE)


class Judge(Protocol):
    """Whether the passages support the sentence; None where it can't say."""

    async def supports(self, sentence: str, passages: Iterable[Passage], language: str) -> bool | None: ...


class LLMJudge:
    """Asks a language model, briefly."""

    def __init__(self, model: Brief) -> None:
        self._model = model

    async def supports(self, sentence: str, passages: Iterable[Passage], language: str) -> bool | None:
        """Never raises: where the model fails, or says neither yes nor no, there is no opinion."""
        text = "\n\n".join(passage.text for passage in passages)
        inputs = {"sentence": sentence, "passage": text, "fence": secrets.token_hex(4)}
        grades = _GRADE.findall(await self._model.said("judge_support", language, **inputs) or "")
        return grades[-1].upper() in ("YES", "OUI") if grades else None


def doubtful(support: Support) -> bool:
    """Nothing that can be looked up is wrong, and the probability is neither high nor low."""
    return set(support.problems) <= {UNRELATED, UNTOLD} and DOUBTFUL[0] <= support.probability <= DOUBTFUL[1]


def settled(sentence: Sentence, opinion: bool | None) -> Sentence:
    """The sentence as the judge sees it; without an opinion as it was."""
    if opinion is None or sentence.support is None:
        return sentence
    problems = () if opinion else (UNRELATED,)
    return replace(sentence, support=replace(sentence.support, supported=opinion, problems=problems, judged=opinion))
