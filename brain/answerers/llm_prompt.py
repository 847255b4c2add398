"""The request to the model: as many passages, and as much of the conversation, as the budget of tokens holds."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from brain.errors import ModelError
from brain.tokens import count_tokens
from brain.types import Passage, Question, Turn
from prompts import Prompt, Rendered

INPUTS = frozenset({"question", "passages", "history", "max_sentences", "fence"})
HISTORY_SHARE = 3
"""The conversation gets at most one third of the budget."""
OVERHEAD = 16
"""Tokens that a chat template puts around two messages."""
_SEPARATOR = "\n\n"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, and the passages in it: the first is number 1."""

    rendered: Rendered
    passages: tuple[Passage, ...]


def build(prompt: Prompt, question: Question, passages: Sequence[Passage], max_sentences: int, budget: int) -> Request:
    """The request within `budget` tokens; passages that don't fit are left out, the order of the others kept.

    Raises ModelError where the question leaves no room for even one passage.
    """
    fence = secrets.token_hex(4)  # nobody who writes a passage can know it
    recent = _history(question.turns, budget // HISTORY_SHARE)
    for history in dict.fromkeys((recent, "")):  # a conversation gives way to a passage
        inputs: dict[str, str | int] = {
            "question": question.text,
            "history": history,
            "max_sentences": max_sentences,
            "fence": fence,
        }
        empty = prompt.render(passages="", **inputs)
        room = budget - OVERHEAD - count_tokens(empty.system) - count_tokens(empty.user)
        kept = _fitting(passages, fence, room)
        if kept:
            text = _SEPARATOR.join(block for block, _ in kept)
            return Request(prompt.render(passages=text, **inputs), tuple(passage for _, passage in kept))
    raise ModelError(
        f"The question and one passage do not fit into {budget} tokens.",
        "Raise llm.context_tokens, lower llm.max_tokens, or ask a shorter question.",
    )


def passage_block(number: int, passage: Passage, fence: str) -> str:
    """The passage between its marks; a text can't close them, for it can't hold the key."""
    about = {
        "title": passage.title,
        "section": " > ".join(passage.heading_path),
        "updated": passage.updated_at.isoformat() if passage.updated_at else "",
    }
    lines = [f"{label}: {value}" for label, value in about.items() if value]
    marks = f'<passage n="{number}" key="{fence}">', f'</passage key="{fence}">'
    return "\n".join((marks[0], *lines, "", passage.text, marks[1]))


def _fitting(passages: Sequence[Passage], fence: str, room: int) -> list[tuple[str, Passage]]:
    """Blocks, numbered from 1, and their passages."""
    kept: list[tuple[str, Passage]] = []
    for passage in passages:
        block = passage_block(len(kept) + 1, passage, fence)
        cost = count_tokens(block + _SEPARATOR)
        if cost <= room:
            room -= cost
            kept.append((block, passage))
    return kept


def _history(turns: Sequence[Turn], room: int) -> str:
    """The last turns that fit, in their order."""
    lines: list[str] = []
    for turn in reversed(turns):
        line = f"{turn.role}: {turn.text}"
        room -= count_tokens(line + "\n")
        if room < 0:
            break
        lines.append(line)
    return "\n".join(reversed(lines))
