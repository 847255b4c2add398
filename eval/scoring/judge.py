"""A language model grades answers by a rubric. Its prompts are files; a grade is the last one that it offers."""

import re
import secrets
from statistics import mean

import httpx

import prompts
from brain.errors import ModelError
from brain.types import Status
from eval.experiment import Judge
from eval.running.meter import ASKING, Asking
from eval.scoring.asking_judge import client_of, said_by
from eval.scoring.base import ScoreValue, Stored, unscored

GRADES = {"A": 1.0, "B": 0.5, "C": 0.0}
_GRADE = re.compile(r"(?:GRADE|NOTE)\W{0,4}:\W{0,4}([ABC])\b", re.IGNORECASE)
NONE = {"fr": "(aucune)", "en": "(none)"}
REFUSED = {"fr": "(l'assistant n'a pas répondu)", "en": "(the assistant declined to answer)"}
EXPECTED_NONE = {
    "fr": "La base de connaissances ne contient pas la réponse : l'assistant doit refuser.",
    "en": "The knowledge base does not hold the answer: the assistant must decline.",
}
PASSAGES = 5
REPEATS = 1000
"""The judge's own repeats are counted apart from those of the answers: they must not share a reply."""


class RubricJudge:
    """Asks the judge about each answer, `repeats` times; the score is the mean. `judge_spread`: how far its grades lie apart."""

    metrics = ("judge", "judge_spread")

    def __init__(self, judge: Judge, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._judge, self._client = judge, client_of(judge, transport)

    async def score(self, stored: Stored) -> list[ScoreValue]:
        request = self._request(stored)
        values, said = [], []
        asking = ASKING.get()
        for number in range(self._judge.repeats):
            if asking:
                ASKING.set(Asking(asking.repeat + REPEATS * number, asking.usage))
            try:
                reply = await said_by(self._client, self._judge, request.system, request.user)
            except ModelError as error:
                return [unscored("judge", f"the judge failed: {error}")]
            grade = grade_of(reply)
            if grade is None:
                return [unscored("judge", f"the judge named no grade: {reply[-120:]!r}")]
            values.append(GRADES[grade])
            said.append(reply)
        found = [ScoreValue("judge", mean(values), detail=said[-1])]
        return (
            found
            if len(values) == 1
            else [*found, ScoreValue("judge_spread", max(values) - min(values), detail=repr(values))]
        )

    def _request(self, stored: Stored) -> prompts.Rendered:
        language = "fr" if stored.language == "fr" else "en"
        prompt = prompts.load_prompt(self._judge.prompt, language, self._judge.prompt_version)
        expect = stored.case.expect
        reference = expect.reference or (EXPECTED_NONE[language] if expect.status is Status.REFUSED else NONE[language])
        criteria = [text for text in (expect.rubric, expect.tone) if text] + list(expect.must_include or ())
        return prompt.render(
            question=_conversation(stored),
            answer=stored.text or REFUSED[language],
            reference=reference,
            criteria="\n".join(f"- {text}" for text in criteria) or NONE[language],
            passages="\n\n".join(stored.contexts[:PASSAGES]) or NONE[language],
            fence=secrets.token_hex(4),
        )


def grade_of(text: str) -> str | None:
    """The last grade offered: a judge that quotes another one before, or that is told one in the answer, means its own."""
    found = _GRADE.findall(text)
    return found[-1].upper() if found else None


def _conversation(stored: Stored) -> str:
    turns = stored.case.turns or ()
    return "\n".join(f"{turn.role}: {turn.text}" for turn in turns) if turns else stored.case.text
