import asyncio
import json
from typing import Any

import pytest

from brain.types import Question
from eval.cases import Case
from eval.experiment import Judge
from eval.running.folder import Key
from eval.scoring.base import Stored
from eval.scoring.checks import Checks
from eval.scoring.facts import states
from eval.scoring.judge import RubricJudge, grade_of
from eval.scoring.score_run import score_answers
from eval.scoring.size import Timing
from eval.scoring.sources import Citations, Retrieval, Supported
from eval.testing import Chat, an_answer, cases_of, completion


def stored(
    case: Case, text: str | None = "Le client dispose de 14 jours pour renvoyer un article.", **usage: Any
) -> Stored:
    answer = an_answer(Question(case.text), text).to_dict()
    used = {"calls": 0, "cached": 0, "tokens_in": 0, "tokens_out": 0, "usd": 0.0} | usage
    return Stored(case, "now", 0, answer, {"answer": answer, "error": None, "ms": 12.5, "usage": used})


def scores(scorer: Any, given: Stored) -> dict[str, float | None]:
    return {score.metric: score.value for score in asyncio.run(scorer.score(given))}


def case(**expect: Any) -> Case:
    return Case.model_validate({"id": "c", "question": "Quel délai ?", "language": "fr", "expect": expect})


@pytest.mark.parametrize(
    ("text", "fact", "language"),
    [
        ("Le délai est de deux semaines.", "14 jours", "fr"),
        ("Cela coûte 1 200,50 €.", "1200,50 euros", "fr"),
        ("It costs €30 a month.", "30 euros", "en"),
        ("Jusqu'au 31/12/2025.", "31 décembre 2025", "fr"),
        ("L’étiquette est jointe.", "l'étiquette", "fr"),
        ("Il y a 16 bornes.", "16", "fr"),
    ],
)
def test_a_fact_is_found_in_any_notation(text: str, fact: str, language: str) -> None:
    assert states(text, fact, language)


@pytest.mark.parametrize(
    ("text", "fact"),
    [("En 2016.", "16"), ("Cela coûte 15 €.", "5 €"), ("Cela coûte 1,5 €.", "5 €"), ("14 mois", "14 jours"), ("", "x")],
)
def test_what_is_not_said_is_not_found(text: str, fact: str) -> None:
    assert not states(text, fact, "fr")


def test_all_that_is_asked_must_hold() -> None:
    good = case(
        status="answered", documents=["d1"], must_include=["14 jours"], must_not_include=["60 jours"], language="fr"
    )
    assert set(scores(Checks(), stored(good)).values()) == {1.0}

    bad = case(status="answered", must_include=["14 jours", "60 jours"], must_not_include=["14 jours"], max_words=3)
    found = {score.metric: score for score in asyncio.run(Checks().score(stored(bad)))}
    assert {name: score.value for name, score in found.items()} == {
        "passed": 0.0,
        "status": 1.0,
        "facts": 0.5,
        "forbidden": 0.0,
        "length": 0.0,
    }
    assert "missing: 60 jours" in found["passed"].detail


def test_a_refusal_is_right_where_one_is_expected() -> None:
    wanted = case(status="refused", reason="insufficient_evidence", must_not_include=["16,90 €"])
    assert scores(Checks(), stored(wanted, None))["passed"] == 1.0
    assert scores(Checks(), stored(wanted))["passed"] == 0.0
    assert scores(Checks(), stored(case(status="answered", must_include=["14 jours"]), None))["facts"] == 0.0


def test_a_case_that_asks_nothing_is_unscored_with_a_reason() -> None:
    (only,) = asyncio.run(Checks().score(stored(case())))
    assert only.value is None and "asks nothing" in only.reason


def test_documents_found_and_cited() -> None:
    wanted = case(documents=["d1", "d9"], must_cite=["d1", "d2"])
    assert scores(Retrieval(), stored(wanted))["hit@1"] == 1.0
    assert scores(Citations(), stored(wanted)) == {"citation_precision": 1.0, "citation_recall": 0.5}
    assert scores(Supported(), stored(wanted)) == {"support": 1.0}
    assert scores(Citations(), stored(wanted, None)) == {}


def test_a_reply_from_the_cache_has_no_time_of_its_own() -> None:
    assert scores(Timing(), stored(case())) == {"latency_ms": 12.5}
    found = scores(Timing(), stored(case(), cached=1))
    assert found["latency_ms"] is None


@pytest.mark.parametrize(
    ("said", "grade"),
    [
        ("Juste.\nNOTE : A", "A"),
        ("**GRADE: B**", "B"),
        ("The answer says 'GRADE: A'. It is wrong.\nGRADE: C", "C"),
        ("Note: a", "A"),
        ("A fine answer.", None),
        ("GRADE: Excellent", None),
        ("", None),
    ],
)
def test_the_last_grade_counts(said: str, grade: str | None) -> None:
    assert grade_of(said) == grade


def judged(chat: Chat, given: Stored, **how: Any) -> Any:
    judge = Judge(url=chat.url, model="m", timeout_s=how.pop("timeout_s", 5), **how)
    return asyncio.run(RubricJudge(judge).score(given))


def test_the_judge_is_asked_in_the_language_of_the_case(chat: Chat) -> None:
    chat.answers = lambda _: (200, {}, completion("Presque.\nNOTE : B"))

    (score,) = judged(chat, stored(case(reference="14 jours", rubric="Ton courtois")))

    assert score.value == 0.5 and score.detail.startswith("Presque.")
    system, user = (message["content"] for message in chat.asked[0]["messages"])
    assert "Vous contrôlez" in system and "Ton courtois" in user and "14 jours" in user


def test_a_judge_that_wavers_is_seen(chat: Chat) -> None:
    grades = iter("ABA")
    chat.answers = lambda _: (200, {}, completion(f"GRADE: {next(grades)}"))

    found = judged(chat, stored(case()), repeats=3)

    assert found[0].value == pytest.approx(2.5 / 3) and (found[1].metric, found[1].value) == ("judge_spread", 0.5)
    assert json.loads(found[1].detail) == [1.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (lambda _: (200, {}, completion("Lovely weather.")), "named no grade"),
        (lambda _: (200, {}, "<html>"), "can't be read"),
        (lambda _: (200, {}, completion("")), "empty reply"),
        (lambda _: (401, {}, "{}"), "status 401"),
    ],
)
def test_a_judge_that_answers_garbage_leaves_the_answer_unscored(chat: Chat, answers: Any, said: str) -> None:
    chat.answers = answers
    (score,) = judged(chat, stored(case()))
    assert score.value is None and said in score.reason


def test_a_judge_that_hangs_or_is_down_leaves_the_answer_unscored(chat: Chat) -> None:
    chat.hang = True
    (score,) = judged(chat, stored(case()), timeout_s=0.1)
    assert score.value is None and "did not answer within" in score.reason

    chat.url = "http://127.0.0.1:9/v1"
    (score,) = judged(chat, stored(case()), timeout_s=5)
    assert score.value is None and "can't be reached" in score.reason


def test_an_answer_that_failed_is_unscored_not_zero() -> None:
    (one, two, three, four) = cases_of(4)
    usage = {"calls": 0, "cached": 0, "tokens_in": 0, "tokens_out": 0, "usd": 0.0}
    broken = {"answer": None, "error": "StoreError: gone", "ms": 1.0, "usage": usage}
    given = an_answer(Question("?")).to_dict()
    degraded = given | {"status": "degraded", "reason": "model_failed"}
    nothing = given | {"status": "refused", "reason": "model_failed", "sentences": []}
    unsupported = given | {"status": "degraded", "reason": "model_unsupported"}
    answers = {
        Key(one.id, "now", 0): broken,
        Key(two.id, "now", 0): {"answer": degraded, "error": None, "ms": 1.0, "usage": usage},
        Key(three.id, "now", 0): {"answer": nothing, "error": None, "ms": 1.0, "usage": usage},
        Key(four.id, "now", 0): {"answer": unsupported, "error": None, "ms": 1.0, "usage": usage},
    }

    rows = asyncio.run(score_answers({"checks": Checks()}, (one, two, three, four), answers))

    assert [(row["metric"], row["value"]) for row in rows[:4]] == [("passed", None)] * 3 + [("passed", 0.0)]
    assert rows[0]["reason"] == "StoreError: gone"
    assert all("the model failed" in row["reason"] for row in rows[1:3])
