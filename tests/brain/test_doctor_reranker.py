"""What `brain doctor` says of the reranker."""

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from brain.doctor import Check, examine
from brain.errors import RerankError
from brain.settings import load_settings
from brain.testing import HashEncoder


class Given:
    """Answers with the scores, or fails with the error; without either it never answers."""

    name = "given"

    def __init__(self, outcome: list[float] | RerankError | None) -> None:
        self.outcome, self.closed = outcome, False

    def score(self, question: str, texts: Sequence[str]) -> Future[list[float]]:
        future: Future[list[float]] = Future()
        if isinstance(self.outcome, RerankError):
            future.set_exception(self.outcome)
        elif self.outcome is not None:
            future.set_result(self.outcome)
        return future

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("brain.doctor.make_encoder", lambda settings: HashEncoder())
    monkeypatch.setattr("brain.doctor.RERANK_WAIT_S", 0.05)
    return tmp_path


def check(home: Path, monkeypatch: pytest.MonkeyPatch, reranker: Given, **rerank: Any) -> Check:
    monkeypatch.setattr("brain.doctor.make_reranker", lambda settings: reranker)
    (found,) = (c for c in examine(load_settings(home=home, rerank=rerank)) if c.name == "reranker")
    assert reranker.closed
    return found


def test_none_is_well(home: Path) -> None:
    (found,) = (c for c in examine(load_settings(home=home)) if c.name == "reranker")

    assert (found.level, found.found) == ("well", "none configured: pages keep the order of fusion")


def test_one_that_prefers_the_right_text_is_well(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = check(home, monkeypatch, Given([0.9, 0.1]))

    assert found.level == "well"
    assert found.found.startswith("given, two texts in ")


@pytest.mark.parametrize(
    ("outcome", "rerank", "level", "words"),
    [
        ([0.1, 0.9], {}, "attention", "prefers the text that does not answer"),
        ([0.9, 0.1], {"timeout_s": 1e-9}, "attention", "two texts in"),
        (RerankError("status 500", "Look."), {}, "wrong", "status 500"),
        (None, {}, "wrong", "no answer in"),
    ],
)
def test_what_is_not_well_is_said_with_what_to_do(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    outcome: list[float] | RerankError | None,
    rerank: dict[str, Any],
    level: str,
    words: str,
) -> None:
    found = check(home, monkeypatch, Given(outcome), **rerank)

    assert found.level == level
    assert words in found.found
    assert found.mend


def test_one_that_cannot_be_made_is_wrong(home: Path) -> None:
    settings = load_settings(home=home, rerank={"provider": "endpoint", "url": "http://127.0.0.1:9/v1"})

    (found,) = (c for c in examine(settings) if c.name == "reranker")

    assert (found.level, "127.0.0.1:9" in found.found, "rerank.url" in found.mend) == ("wrong", True, True)
