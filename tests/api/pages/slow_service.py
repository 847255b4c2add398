"""A service to be killed: says its page's first sentence, and the second once the file `wait` is gone. Arguments: home, port."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import uvicorn

from api.app import create_app
from brain.answerers.base import Draft
from brain.index.edge import EdgeIndex
from brain.session import Brain
from brain.settings import AnswerSettings, ServiceSettings, load_settings
from brain.testing import HashEncoder
from brain.types import Around, Citation, Passages, Question, Sentence


class Slow:
    name = "slow"

    def reads(self, question: Question) -> Around:
        return "nothing"

    def __init__(self, wait: Path) -> None:
        self.wait = wait

    async def write(self, question: Question, language: str, passages: Passages) -> AsyncGenerator[Draft, None]:
        passage = passages[0]
        for i, quote in enumerate(["Un article se renvoie sous 14 jours.", "Les articles soldés ne sont pas repris."]):
            while i and self.wait.exists():  # noqa: ASYNC110  removed by another process
                await asyncio.sleep(0.02)
            start = passage.text.index(quote)
            citation = Citation(passage.id, passage.document_id, (start, start + len(quote)), quote)
            yield Draft((Sentence(quote, (citation,)),))

    def close(self) -> None:
        """Nothing to give back."""


if __name__ == "__main__":
    home, port = Path(sys.argv[1]), int(sys.argv[2])
    settings = load_settings(
        home=home, answer=AnswerSettings(sufficiency=0), service=ServiceSettings(audience="agent", mcp=False)
    )
    with Brain(EdgeIndex.open(home / "index"), HashEncoder(), Slow(home.parent / "wait"), settings) as brain:
        uvicorn.run(create_app(settings, brain), port=port, log_config=None, ws="none")
