"""Which checked sentences may be shown already: only such that whatever comes after can't make them no answer."""

from collections.abc import Sequence
from typing import Literal

from brain.text.analyzer import terms
from brain.text.asking import asks_for_figure
from brain.types import Passages, Question, Sentence
from brain.verify.values import values_in

TOLD = "this tells an assistant what to do"
STILL_ANSWERED = 0.5
"""Share of what was asked, as far as the draft speaks of it, that what is left of it must hold, or it answers something else."""


class Gate:
    """Takes sentences as they are checked, gives those to show. None that it gave has to be taken back later.

    What was asked are the question's terms that the passages hold: no supported sentence can speak of others.
    """

    def __init__(self, question: Question, passages: Passages, unsupported: Literal["remove", "mark"]) -> None:
        self._language, self._mark = passages.language, unsupported == "mark"
        self._asked, self._figure = _asked(question.text, passages), asks_for_figure(question.text)
        self._open = False
        self.checked: list[Sentence] = []
        self.shown: list[Sentence] = []

    def add(self, sentence: Sentence) -> list[Sentence]:
        """What may be shown now: nothing until the supported sentences speak of most of what was asked, figure included."""
        self.checked.append(sentence)
        self._open = self._open or self._answers_whatever_follows()
        return self._show() if self._open else []

    def end(self) -> list[Sentence]:
        """The rest, where what is left of the whole draft still answers the question; else nothing."""
        self._open = self._open or self._answers()
        return self._show() if self._open else []

    @property
    def dropped(self) -> list[dict[str, str]]:
        """What was not shown, each with why."""
        return [{"text": s.text, "why": _why(s)} for s in self.checked if s not in self.shown]

    def _show(self) -> list[Sentence]:
        kept = [s for s in self.checked if _holds(s) or (self._mark and not self._unfit(s))]
        new = kept[len(self.shown) :]
        self.shown += new
        return new

    def _unfit(self, sentence: Sentence) -> bool:
        """An address that may be made up, and what is said to an assistant, are not shown, whatever the mark beside them."""
        if sentence.support and TOLD in sentence.support.problems:
            return True
        return any(value.kind == "address" for value in values_in(sentence.text, self._language))

    def _answers_whatever_follows(self) -> bool:
        """No draft can speak of more than was asked."""
        left = [s for s in self.checked if _holds(s)]
        enough = len(self._asked & self._terms(left)) >= STILL_ANSWERED * len(self._asked)
        return bool(left) and enough and (not self._figure or self._has_value(left))

    def _answers(self) -> bool:
        """Whether the supported sentences still speak of what was asked, and give a figure where a removed one did."""
        left = [s for s in self.checked if _holds(s)]
        if not left or len(left) == len(self.checked):
            return bool(left)
        before, after = self._asked & self._terms(self.checked), self._asked & self._terms(left)
        if len(after) < STILL_ANSWERED * len(before):
            return False
        return not (self._figure and self._has_value(self.checked)) or self._has_value(left)

    def _terms(self, sentences: Sequence[Sentence]) -> set[str]:
        return set(terms(" ".join(s.text for s in sentences), self._language))

    def _has_value(self, sentences: Sequence[Sentence]) -> bool:
        return any(values_in(s.text, self._language) for s in sentences)


def _asked(question: str, passages: Passages) -> set[str]:
    asked = set(terms(question, passages.language))
    readable = [p for p in (*passages, *passages.around) if p.language in (None, passages.language)]
    held = {term for p in readable for text in (p.above, p.text) for term in terms(text, passages.language)}
    return asked & held or asked


def _holds(sentence: Sentence) -> bool:
    return sentence.support is not None and sentence.support.supported


def _why(sentence: Sentence) -> str:
    if sentence.support and sentence.support.problems:
        return "; ".join(sentence.support.problems)
    return "without the rest it does not answer"
