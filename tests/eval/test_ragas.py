"""The adapter over the real ragas, offline: what needs no model, and a judge on loopback that answers well or badly."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from brain.errors import EvaluationError
from brain.testing import HashEncoder
from brain.types import Question
from eval.cases import Case
from eval.experiment import Judge, RagasName
from eval.running.meter import ASKING, Asking, Usage
from eval.running.replies import Replies
from eval.running.transport import KeptReplies
from eval.scoring.base import ScoreValue, Stored
from eval.testing import Chat, an_answer, completion

ragas_installed = pytest.importorskip("ragas", reason="pip install 'brain-answers[eval]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # ragas and langchain warn of themselves


def stored(text: str | None = "Le client dispose de 14 jours pour renvoyer un article.", **expect: Any) -> Stored:
    case = Case.model_validate({"id": "c", "question": "Quel délai ?", "language": "fr", "expect": expect})
    answer = an_answer(Question(case.text), text).to_dict()
    return Stored(case, "now", 0, answer, {"answer": answer})


def scores(
    names: tuple[RagasName, ...], given: Stored, judge: Judge | None = None, folder: Path | None = None
) -> dict[str, ScoreValue]:
    from eval.scoring.with_ragas import Ragas

    async def score() -> list[ScoreValue]:
        transport = KeptReplies(Replies(folder / "replies.db"), retries=0) if folder else None
        ASKING.set(Asking(0, Usage()))
        return await Ragas(names, judge, transport, HashEncoder()).score(given)

    return {found.metric: found for found in asyncio.run(score())}


def test_metrics_without_a_model() -> None:
    names: tuple[RagasName, ...] = ("string_similarity", "semantic_similarity", "bleu", "rouge", "chrf")
    same = scores(names, stored(reference="Le client dispose de 14 jours pour renvoyer un article."))
    other = scores(names, stored(reference="Aucun rapport avec ceci."))

    assert set(same) == {f"ragas_{name}" for name in names}
    assert all(found.value == pytest.approx(1.0, abs=0.01) for found in same.values())
    assert all((other[name].value or 0) < (same[name].value or 0) for name in same)
    assert os.environ["RAGAS_DO_NOT_TRACK"] == "true"


def test_what_is_not_asked_is_left_out_not_zero() -> None:
    assert scores(("string_similarity",), stored()) == {}
    assert scores(("string_similarity",), stored(None, reference="x")) == {}


def test_a_metric_that_asks_a_judge_goes_through_our_cache(chat: Chat, tmp_path: Path) -> None:
    def answers(body: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        first = len(chat.asked) == 1
        statements = {"statements": ["Le client dispose de 14 jours."]}
        verdicts = {"statements": [{"statement": "Le client dispose de 14 jours.", "reason": "dit", "verdict": 1}]}
        return 200, {}, completion(json.dumps(statements if first else verdicts))

    chat.answers = answers
    judge = Judge(url=chat.url, model="m", timeout_s=5)
    first = scores(("faithfulness",), stored(), judge, tmp_path)
    asked = len(chat.asked)
    again = scores(("faithfulness",), stored(), judge, tmp_path)

    assert first["ragas_faithfulness"].value == 1.0 == again["ragas_faithfulness"].value
    assert asked == 2 == len(chat.asked)


@pytest.mark.parametrize("reply", [(200, {}, completion("Lovely weather.")), (500, {}, "broken"), (200, {}, "<html>")])
def test_a_judge_that_answers_garbage_leaves_the_metric_unscored(chat: Chat, tmp_path: Path, reply: Any) -> None:
    chat.answers = lambda _: reply
    found = scores(("faithfulness",), stored(), Judge(url=chat.url, model="m", timeout_s=2), tmp_path)
    assert found["ragas_faithfulness"].value is None and found["ragas_faithfulness"].reason


def test_a_metric_that_asks_a_judge_needs_one() -> None:
    with pytest.raises(EvaluationError, match="faithfulness ask a judge"):
        scores(("faithfulness",), stored())
