"""The request to the model: as many passages, and as much of the conversation, as the budget of tokens holds.

The best passage stands first and the second-best last: models overlook what stands in the middle (Liu et al. 2023, "Lost in the
Middle"). What room is left goes to what stands before and after the passages in their documents, the best first.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from brain.conversation import recent_turns
from brain.errors import ModelError
from brain.types import Passage, Passages, Question
from prompts import Prompt, Rendered

INPUTS = frozenset({"question", "passages", "history", "max_sentences", "fence"})
HISTORY_SHARE = 3
"""The conversation gets at most one third of the budget."""
OVERHEAD = 16
"""Tokens that a chat template puts around two messages."""
_SEPARATOR = "\n\n"

Count = Callable[[str], int]
"""Tokens of a text."""


@dataclass(frozen=True, slots=True)
class Block:
    """A passage, and what stands before and after it in its document: what one number of the prompt means."""

    passage: Passage
    before: tuple[Passage, ...] = ()
    after: tuple[Passage, ...] = ()

    @property
    def all(self) -> tuple[Passage, ...]:
        """In reading order."""
        return (*self.before, self.passage, *self.after)


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, and the passages behind its numbers: the first are those of number 1."""

    rendered: Rendered
    numbered: tuple[tuple[Passage, ...], ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """Most tokens of the whole prompt, and how they are counted."""

    tokens: int
    count: Count


def build(prompt: Prompt, question: Question, passages: Passages, max_sentences: int, budget: Budget) -> Request:
    """The request within the budget; passages that don't fit are left out.

    Raises ModelError where the question leaves no room for even one passage.
    """
    fence = secrets.token_hex(4)  # nobody who writes a passage can know it
    recent = recent_turns(question.turns, budget.tokens // HISTORY_SHARE, budget.count)
    for history in dict.fromkeys((recent, "")):  # a conversation gives way to a passage
        inputs: dict[str, str | int] = {
            "question": question.text,
            "history": history,
            "max_sentences": max_sentences,
            "fence": fence,
        }
        empty = prompt.render(passages="", **inputs)
        room = budget.tokens - OVERHEAD - budget.count(empty.system) - budget.count(empty.user)
        if blocks := _fitting(passages, fence, room, budget.count):
            blocks = [blocks[0], *blocks[2:], *blocks[1:2]]
            text = _SEPARATOR.join(shown(number, block, fence) for number, block in enumerate(blocks, 1))
            return Request(prompt.render(passages=text, **inputs), tuple(block.all for block in blocks))
    raise ModelError(
        f"The question and one passage do not fit into {budget.tokens} tokens.",
        "Raise llm.context_tokens, lower llm.max_tokens, or ask a shorter question.",
        "too_long",
    )


def shown(number: int, block: Block, fence: str) -> str:
    """The block between its marks; a text can't close them, for it can't hold the key."""
    passage = block.passage
    about = {
        "title": passage.title,
        "section": " > ".join(passage.heading_path),
        "updated": passage.updated_at.isoformat() if passage.updated_at else "",
    }
    lines = [f"{label}: {value}" for label, value in about.items() if value]
    marks = f'<passage n="{number}" key="{fence}">', f'</passage key="{fence}">'
    return "\n".join((marks[0], *lines, "", "\n".join(passage.text for passage in block.all), marks[1]))


def _fitting(passages: Passages, fence: str, room: int, count: Count) -> list[Block]:
    """The passages that fit, best first, then widened as far as there is room, the best first."""

    def cost(block: Block) -> int:
        return count(shown(len(passages), block, fence) + _SEPARATOR)

    blocks: list[Block] = []
    for passage in passages:
        if (needed := cost(Block(passage))) <= room:
            room -= needed
            blocks.append(Block(passage))
    left = {(p.document_id, p.position): p for p in passages.around}
    for at, block in enumerate(blocks):
        for wider in _wider(block.passage, left):
            more = cost(wider) - cost(block)
            if more <= room:
                room -= more
                blocks[at] = wider
                left = {place: p for place, p in left.items() if p not in wider.all}
                break
    return blocks


def _wider(passage: Passage, around: Mapping[tuple[str, int], Passage]) -> list[Block]:
    """With both neighbours, with the one after it, with the one before it, as far as they are there."""
    before, after = (
        tuple(p for p in [around.get((passage.document_id, passage.position + step))] if p) for step in (-1, 1)
    )
    wider = Block(passage, before, after), Block(passage, after=after), Block(passage, before)
    return [block for block in dict.fromkeys(wider) if len(block.all) > 1]
