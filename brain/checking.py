"""The sentences of one answer, checked one after another as they are written."""

import asyncio
from dataclasses import replace

from brain.answerers.base import Draft
from brain.judge import Judge, doubtful, settled
from brain.text.instructions import addressed_to_assistants
from brain.types import Passages, Question, Sentence, Support
from brain.verify import Gate, Verifier
from brain.verify.gate import TOLD
from brain.verify.support import LEFT_OUT
from brain.verify.verifier import quoted


class Checking:
    """Takes sentences in their order, gives those to show in the same order."""

    def __init__(
        self, verifier: Verifier, gate: Gate, question: Question, passages: Passages, judge: Judge | None = None
    ) -> None:
        self._verifier, self._gate, self._judge, self._language = verifier, gate, judge, passages.language
        self._passages = {passage.id: passage for passage in (*passages, *passages.around)}
        self._question, self._said = question.text, list[str]()
        self._waits: Sentence | None = None

    async def add(self, sentence: Sentence) -> list[Sentence]:
        """What may be shown now. A sentence that lacks a condition waits for the next one, which may state it."""
        self._said.append(sentence.text)
        shown = []
        if self._waits:
            shown = self._gate.add(await self._checked(self._waits))
            self._waits = None
        checked = await self._checked(sentence)
        if checked.support and any(problem.startswith(LEFT_OUT) for problem in checked.support.problems):
            self._waits = sentence
            return shown
        return shown + self._gate.add(checked)

    async def end(self) -> list[Sentence]:
        """The rest of what is shown."""
        shown = self._gate.add(await self._checked(self._waits)) if self._waits else []
        self._waits = None
        return shown + self._gate.end()

    @property
    def draft(self) -> Draft:
        """What was shown, what was not and why, and all that was checked."""
        gate = self._gate
        return Draft(tuple(gate.shown), tuple(gate.dropped), checked=tuple(gate.checked))

    async def _checked(self, sentence: Sentence) -> Sentence:
        if addressed_to_assistants(sentence.text):
            return replace(sentence, support=Support(False, 0.0, (TOLD,)))
        if literal := quoted(sentence):
            return literal
        said = " ".join(self._said)
        # In a thread: it may encode, which an event loop must not wait for.
        given = sentence, said, self._language, self._passages, self._question
        checked = await asyncio.to_thread(self._verifier.check, *given)
        if not (self._judge and checked.support and doubtful(checked.support)):
            return checked
        cited = {citation.passage_id for citation in checked.citations}
        passages = [passage for id, passage in self._passages.items() if id in cited]
        return settled(checked, await self._judge.supports(checked.text, passages, self._language))
