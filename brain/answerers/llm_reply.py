"""A model's reply as it comes, piece by piece, cut into sentences: each as soon as nothing that follows can change it."""

import re
from collections.abc import Sequence

from brain.answerers.base import Draft
from brain.answerers.llm_citations import Marked, grounded, marked_sentences
from brain.answerers.llm_markup import plain_reply
from brain.types import Passage

_NO_ANSWER = re.compile(r"\[*\bNO_ANSWER\b\]*")
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_END_OF_THINKING = re.compile(r".*</think(?:ing)?>", re.DOTALL)
_UNFINISHED = re.compile(
    r"(?:<[^<>]{0,1000}|<(script|style|iframe|object|svg)\b(?:(?!</\1\s*>).)*|<a\b(?:(?!</a\s*>).)*|<!--(?:(?!-->).)*"
    r"|!?\[[^\[\]\n]{0,300}(?:\]{1,2}(?:\([^()\n]{0,1000})?)?|\[{0,2}\bN[A-Z_]{0,8}|\*\*[^*\n]{0,300}|\([^()\n]{0,40}|【[^【】\n]{0,40})\Z",
    re.DOTALL | re.IGNORECASE,
)
"""What a tag, a link, a marker or NO_ANSWER may begin with."""


class ReplyReader:
    """Gives each sentence once. `blocks`: the passages behind each number of the prompt, the first is number 1."""

    def __init__(self, blocks: Sequence[Sequence[Passage]], language: str) -> None:
        self._blocks, self._language = blocks, language
        self._raw, self._given = "", 0
        self.no_answer = False
        """The model says that the passages don't answer: nothing that follows counts."""

    def feed(self, piece: str) -> Draft:
        """The sentences that are complete now."""
        self._raw += piece
        spoken = self._spoken()
        if _NO_ANSWER.search(spoken):
            return self._without_answer(spoken)
        # Blanks before a marker go with it: behind a hyphen they would make a list item.
        return self._drafted(list(marked_sentences(plain_reply(_UNFINISHED.sub("", spoken).rstrip())))[:-1])

    def end(self, *, cut: bool = False) -> Draft:
        """What is left. `cut`: the reply has no end."""
        if self.no_answer:
            return Draft()
        marked = list(marked_sentences(plain_reply(self._spoken())))
        if not (cut and marked and not marked[-1].complete):
            return self._drafted(marked)
        # What is missing may be the condition that turns its meaning.
        return self._drafted(marked[:-1]) + Draft((), ({"text": marked[-1].text, "why": "cut off at max_tokens"},))

    @property
    def empty(self) -> bool:
        """Whether the model has said nothing, its thinking apart."""
        return not self._spoken().strip()

    def _spoken(self) -> str:
        """The reply less `<think>` blocks; some models' templates open the block, so that the reply only closes it."""
        spoken = _THINKING.sub("", self._raw)
        if end := _END_OF_THINKING.match(spoken):
            self._raw = spoken = spoken[end.end() :]
            self._given = 0
        return spoken

    def _without_answer(self, spoken: str) -> Draft:
        self.no_answer = True
        rest = list(marked_sentences(plain_reply(_NO_ANSWER.sub("", spoken))))[self._given :]
        beside = tuple({"text": m.text, "why": "written beside NO_ANSWER"} for m in rest if m.text)
        return Draft((), beside, no_answer=True)

    def _drafted(self, marked: Sequence[Marked]) -> Draft:
        draft = Draft()
        for candidate in marked[self._given :]:
            sentence, problems = grounded(candidate, self._blocks, self._language)
            dropped = tuple({"text": candidate.text, "why": why} for why in problems)
            draft += Draft((sentence,) if sentence else (), dropped)
        self._given = max(self._given, len(marked))
        return draft
