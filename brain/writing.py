"""From passages to the sentences that are shown, one by one; where the model fails or nothing of it holds, the passages' own."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from brain.answerers import Answerer, ExtractiveAnswerer
from brain.answerers.base import Draft
from brain.checking import Checking
from brain.citations import checked
from brain.errors import ModelError
from brain.judge import Judge
from brain.messages import notice
from brain.settings import AnswerSettings
from brain.spans import span
from brain.stages import Stages
from brain.text.language import UNKNOWN
from brain.types import Passages, Question, Sentence
from brain.verify import Gate, Verifier


class Writing:
    """One answer being written. Afterwards `draft` holds what was shown and all that is to be recorded."""

    def __init__(
        self,
        answerer: Answerer,
        verifier: Verifier,
        settings: AnswerSettings,
        judge: Judge | None,
        stages: Stages,
        start: float,
        *,
        quotable: bool,
    ) -> None:
        """`start`: when the question came, of `perf_counter`. `quotable`: the evidence is good enough for the passages' own sentences
        to stand in for a model's."""
        self._answerer, self._verifier, self._settings, self._judge = answerer, verifier, settings, judge
        self.stages, self._start = stages, start
        self._writers = (answerer, ExtractiveAnswerer(settings.max_sentences)) if quotable else (answerer,)
        self.draft, self.failed, self.unsupported = Draft(), False, False
        self.notice: str | None = None
        """What to say beside the sentences."""

    async def sentences(self, question: Question, passages: Passages) -> AsyncGenerator[Sentence, None]:
        """Those that hold, each as soon as that is known. None has to be taken back."""
        with span("write"):
            for answerer in self._writers:
                async with aclosing(self._written(answerer, question, passages)) as shown:
                    async for sentence in shown:
                        if "first_sentence" not in self.stages.ms:
                            self.stages.add("first_sentence", self._start)
                        yield sentence
                if self.draft.sentences and self.failed and answerer is self._answerer:
                    self.notice = notice("interrupted", passages.language)
                elif _quotes_another_language(self.draft.sentences, passages):
                    self.notice = notice("quoted", passages.language)
                if self.draft.sentences:
                    return  # what was shown before the model failed stays
                self.unsupported = bool(self.draft.dropped) and not (self.failed or self.draft.no_answer)
                if not (self.failed or self.unsupported):
                    return

    async def _written(
        self, answerer: Answerer, question: Question, passages: Passages
    ) -> AsyncGenerator[Sentence, None]:
        gate = Gate(question, passages, self._settings.unsupported)
        checking = Checking(self._verifier, gate, question, passages, self._judge)
        try:
            writing = self.stages.waited("write", answerer.write(question, passages.language, passages))
            async with aclosing(writing) as pieces:
                async for piece in pieces:
                    literal = checked(piece, (*passages, *passages.around))
                    self.draft += Draft((), literal.dropped, literal.prompt, literal.model, no_answer=piece.no_answer)
                    for sentence in literal.sentences:
                        for shown in await self._timed(checking, sentence):
                            yield shown
            for shown in await self._timed(checking):
                yield shown
        except ModelError as error:
            self.failed = True
            self.draft += Draft((), ({"text": "", "why": f"the model failed: {error}"},))
        self.draft += checking.draft

    async def _timed(self, checking: Checking, sentence: Sentence | None = None) -> list[Sentence]:
        with self.stages.of("verify"), span("verify"):
            return await (checking.add(sentence) if sentence else checking.end())


def _quotes_another_language(sentences: Sequence[Sentence], passages: Passages) -> bool:
    """Whether a sentence is a passage's own words, in another language than the question's."""
    languages = {passage.id: passage.language for passage in passages}
    quoted = (languages.get(c.passage_id) for s in sentences for c in s.citations if c.quote == s.text)
    return any(language not in (None, UNKNOWN, passages.language) for language in quoted)
