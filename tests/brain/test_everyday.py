"""How near everyday questions come to a knowledge base, and what that does to a question that comes no nearer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from brain.encoder import Encoder
from brain.everyday import Everyday, questions
from brain.evidence import assess
from brain.index import Index, Scope
from brain.index.base import Hit, Search
from brain.types import Passage, Passages, Scores
from eval.cases import load_cases

SCOPE = Scope("default", ("public",), valid_on=date(2026, 1, 1))
SCORES = {"fr": 0.83, "en": 0.81}


class Answering:
    """An encoder that counts texts, and an index in which each question comes as near as its vector says."""

    def __init__(self, empty: bool = False) -> None:
        self.encoded: list[str] = []
        self.asked: list[tuple[int, Scope]] = []
        self._empty = empty

    def encode_questions(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded += texts
        level = SCORES["fr" if texts[0] == questions("fr")[0] else "en"]
        return np.array([[level + (at - len(texts) / 2 + 0.5) / 1000] for at in range(len(texts))], np.float32)

    def search(self, searches: Sequence[Search], scope: Scope) -> list[list[Hit]]:
        self.asked.append((len(searches), scope))
        vectors = (cast(list[float], search.vector) for search in searches)
        return [[] if self._empty else [Hit("a", "a", vector[0])] for vector in vectors]


def everyday(both: Answering) -> Everyday:
    return Everyday(cast(Index, both), cast(Encoder, both))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_level_is_what_half_of_the_questions_reach_in_the_scope(language: str) -> None:
    both = Answering()

    assert everyday(both).level(SCOPE, language) == pytest.approx(SCORES[language], abs=1e-6)
    assert both.encoded == questions(language)
    assert sum(number for number, _ in both.asked) == len(questions(language))
    assert {scope for _, scope in both.asked} == {SCOPE}


def test_it_is_measured_once_for_a_scope_whatever_was_deleted_meanwhile() -> None:
    both = Answering()
    levels = everyday(both)
    levels.level(SCOPE, "fr")
    calls = len(both.asked)

    levels.level(replace(SCOPE, gone=("x",)), "fr")
    assert len(both.asked) == calls
    levels.level(replace(SCOPE, tenant="other"), "fr")
    assert len(both.asked) == 2 * calls and len(both.encoded) == len(questions("fr")), "encoded once"


def test_there_is_none_in_other_languages_or_where_nothing_is_stored() -> None:
    assert everyday(Answering()).level(SCOPE, "de") is None
    assert everyday(Answering(empty=True)).level(SCOPE, "fr") is None


def test_no_acceptance_set_has_one_of_them() -> None:
    for file in ("eval/sample/cases.jsonl", "eval/sample/short.jsonl", "bench/off_subject/cases_fr.jsonl"):
        asked = {case.text for case in load_cases(Path(__file__).parents[2] / file)}
        assert not asked & {*questions("fr"), *questions("en")}


def found(dense: float, everyday: float | None, language: str = "fr") -> Passages:
    text = "Vous avez 30 jours pour renvoyer un article."
    one = Passage(
        "a", "a", text, (0, len(text)), Scores(1.0, dense, 3.0, close=0.4), title="Retours", language=language
    )
    return Passages((one,), "fr", standing=0.4, everyday=everyday)


def test_a_question_that_comes_no_nearer_than_everyday_ones_is_taken_for_one() -> None:
    question = "Combien de jours pour renvoyer un article ?"
    usual = assess(question, "fr", found(0.87, None))

    assert assess(question, "fr", found(0.87, 0.84)) == usual, "nearer by more than a spread"
    strays = assess(question, "fr", found(0.84, 0.84))
    assert strays.probability < usual.probability and strays.on_subject < usual.on_subject
    assert assess(question, "fr", found(0.82, 0.84)).probability < strays.probability


def test_across_languages_the_level_says_nothing() -> None:
    question = "Combien de jours pour renvoyer un article ?"

    assert assess(question, "fr", found(0.5, 0.84, "en")) == assess(question, "fr", found(0.5, None, "en"))
