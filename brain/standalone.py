"""A follow-up made a question of its own: by the model where there is one; by rules otherwise, or where its reply can't be trusted."""

import re
import secrets
from dataclasses import replace
from typing import Literal, NamedTuple

from brain.brief import Brief
from brain.conversation import recent_turns
from brain.follow_up import follows, standalone
from brain.smalltalk import vague
from brain.text.analyzer import terms
from brain.text.asking import asks_whether
from brain.text.language import detect
from brain.tokens import count_tokens
from brain.types import Question

MOST_TOKENS = 600
"""Of the conversation that the model is shown: its end."""
LONGEST = 400
"""Characters of a rewritten question."""
FROM_THE_CONVERSATION = 0.75
"""Share of the rewritten question's terms that somebody must have said: a model may join words, not add a subject."""
_WORDS = 3
_NUMBER = re.compile(r"\d+")


class Standalone(NamedTuple):
    """A question that can be understood without its conversation."""

    asked: Question
    """What to answer."""
    searched: Question
    """What to search for: what rules put before a follow-up is weighed by the search itself."""
    by: Literal["rules", "model"] | None = None
    """Who rewrote it; None where it stood alone."""

    @property
    def rewritten(self) -> dict[str, str] | None:
        """For the trace."""
        return {"text": self.asked.text, "by": self.by} if self.by else None


def in_its_language(question: Question) -> Question:
    """With the language that it is in; two or three words are read together with what the user wrote before them."""
    if question.language:
        return question
    before = next((turn.text for turn in reversed(question.turns) if turn.role == "user"), "")
    text = f"{before} {question.text}" if len(question.text.split()) <= _WORDS else question.text
    return replace(question, language=detect(text))


async def made_standalone(question: Question, model: Brief | None) -> Standalone:
    """The question on its own; `question.language` must be known."""
    language = question.language or ""
    whole = _with_what_was_asked(question)
    if not follows(whole.text, whole.turns, language):
        return Standalone(whole, whole, None if whole.text == question.text else "rules")
    question = whole
    if model:
        history = recent_turns(question.turns, MOST_TOKENS, count_tokens)
        said = await model.said(
            "rewrite", language, question=question.text, history=history, fence=secrets.token_hex(4)
        )
        if rewritten := _trusted(said or "", question, language):
            alone = replace(question, text=rewritten)
            return Standalone(alone, alone, "model")
    return Standalone(replace(question, text=standalone(question.text, question.turns, language)), question, "rules")


def _with_what_was_asked(question: Question) -> Question:
    """What tells the subject of a question that was asked back ("C'est combien ?"), with that question; of "I need help", alone."""
    users = [at for at, turn in enumerate(question.turns) if turn.role == "user"]
    if len(users) != 1 or not vague(before := question.turns[users[0]].text):  # later ones are about what was said
        return question
    if asks_whether(before):
        return replace(question, turns=question.turns[: users[0]])
    return replace(question, text=f"{before.rstrip(' ?!.…')} {question.text}", turns=question.turns[: users[0]])


def _trusted(said: str, question: Question, language: str) -> str:
    """The reply's first line, where it is a question about what was said, with the question's own numbers; else empty."""
    line = said.strip().partition("\n")[0].strip(" \"'«»“”")
    added = set(terms(line, language))
    there = set(terms(" ".join((question.text, *(turn.text for turn in question.turns))), language))
    numbers_kept = set(_NUMBER.findall(question.text)) <= set(_NUMBER.findall(line))
    known = bool(added) and len(added & there) >= FROM_THE_CONVERSATION * len(added)
    return line if known and numbers_kept and len(line) <= LONGEST else ""
