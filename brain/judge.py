"""A second opinion on sentences that the verifier is in doubt about: a model is asked, briefly, and is not needed."""

import re
import secrets
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

import prompts
from brain.breaker import Breaker
from brain.errors import ModelError
from brain.settings import LLMSettings
from brain.types import Passage, Sentence, Support
from brain.verify.support import UNRELATED

DOUBTFUL = (0.25, 0.75)
"""Probabilities of support between which a second opinion is worth its time."""
_GRADE = re.compile(r"\b(YES|OUI|NO|NON)\b", re.IGNORECASE)


class Judge(Protocol):
    """Whether the passages support the sentence; None where it can't say."""

    async def supports(self, sentence: str, passages: Iterable[Passage], language: str) -> bool | None: ...


class LLMJudge:
    """Asks an OpenAI-compatible endpoint, for at most `seconds`."""

    def __init__(self, llm: LLMSettings, seconds: float) -> None:
        from brain.answerers.llm_masking import client_of

        limits = {"timeout_s": seconds, "first_token_s": seconds, "connect_s": min(seconds, llm.connect_s)}
        self._llm = llm.model_copy(update=limits)
        self._client = client_of(self._llm, Breaker())

    async def supports(self, sentence: str, passages: Iterable[Passage], language: str) -> bool | None:
        """Never raises: where the model fails, or says neither yes nor no, there is no opinion."""
        from brain.answerers.llm_client import Call

        prompt = prompts.load_prompt("judge_support", language)
        text = "\n\n".join(passage.text for passage in passages)
        rendered = prompt.render(sentence=sentence, passage=text, fence=secrets.token_hex(4))
        how = self._llm.model_copy(update={"temperature": prompt.temperature, "max_tokens": prompt.max_tokens})
        said = ""
        try:
            async with aclosing(self._client.stream(rendered, Call(), how)) as pieces:
                async for piece in pieces:
                    said += piece
        except ModelError:
            return None
        grades = _GRADE.findall(said)
        return grades[-1].upper() in ("YES", "OUI") if grades else None


def doubtful(support: Support) -> bool:
    """Nothing that can be looked up is wrong, and the probability is neither high nor low."""
    return set(support.problems) <= {UNRELATED} and DOUBTFUL[0] <= support.probability <= DOUBTFUL[1]


def settled(sentence: Sentence, opinion: bool | None) -> Sentence:
    """The sentence as the judge sees it; without an opinion as it was."""
    if opinion is None or sentence.support is None:
        return sentence
    problems = () if opinion else (UNRELATED,)
    return replace(sentence, support=replace(sentence.support, supported=opinion, problems=problems, judged=opinion))
