"""`brain ask` shows each sentence as soon as it is there."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from brain.answerers.base import Draft
from brain.cli import app
from brain.console import out
from brain.session import Brain
from brain.settings import AnswerSettings
from brain.testing import HashEncoder
from brain.types import Around, Citation, Passages, Question, Sentence

TEXTS = ("Un article se renvoie sous 14 jours.", "Les articles soldés ne sont pas repris.")


class Watching:
    """Quotes two sentences, and looks between them at what the terminal shows."""

    name = "watching"

    def reads(self, question: Question) -> Around:
        return "nothing"

    def __init__(self, look: Callable[[], str]) -> None:
        self._look, self.seen = look, list[str]()

    async def write(self, question: Question, language: str, passages: Passages) -> AsyncGenerator[Draft, None]:
        (passage,) = passages
        for text in TEXTS:
            start = passage.text.index(text)
            citation = Citation(passage.id, passage.document_id, (start, start + len(text)), text)
            yield Draft((Sentence(text, (citation,)),))
            self.seen.append(self._look())

    def close(self) -> None:
        """Nothing to give back."""


def test_ask_shows_sentences_as_they_come(
    make_workspace: Callable[[Path], Any], quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace(quick_path)
    workspace.write("retours.md", f"# Retours\n\n{' '.join(TEXTS)}")
    workspace.run()
    settings = workspace.settings.model_copy(update={"answer": AnswerSettings(sufficiency=0)})
    with out.capture() as capture:
        answerer = Watching(lambda: "".join(segment.text for segment in out._buffer))
        brain = Brain(workspace.index, HashEncoder(), answerer, settings)
        monkeypatch.setattr(Brain, "open", lambda *_: brain)
        result = CliRunner().invoke(app, ["ask", "Combien de jours pour renvoyer un article ?"], catch_exceptions=False)
    workspace.state.close()
    assert result.exit_code == 0
    assert TEXTS[0] in answerer.seen[0] and TEXTS[1] not in answerer.seen[0]
    shown = capture.get()
    assert shown.index(TEXTS[0]) < shown.index(TEXTS[1]) < shown.index("[1] Retours")
