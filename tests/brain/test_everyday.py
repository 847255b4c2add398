"""How near everyday questions come to a knowledge base, and what that does to a question that comes no nearer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from brain.encoder import make_encoder
from brain.everyday import LANGUAGES, Everyday, questions, vectors
from brain.evidence import assess
from brain.index import Index, Scope
from brain.index.base import Hit, Search
from brain.settings import load_settings
from brain.types import Passage, Passages, Scores
from eval.cases import load_cases

SCOPE = Scope("default", ("public",), valid_on=date(2026, 1, 1))


class Near:
    """An index to which the first of all questions is nearest, 0.9, and each further one less near by 0.001."""

    def __init__(self, empty: bool = False) -> None:
        self.asked: list[Scope] = []
        self._empty = empty

    def search(self, searches: Sequence[Search], scope: Scope) -> list[list[Hit]]:
        start = len(self.asked)
        self.asked += [scope] * len(searches)
        return [[] if self._empty else [Hit("a", "a", 0.9 - (start + at) / 1000)] for at in range(len(searches))]


def everyday(index: Near) -> Everyday:
    return Everyday(cast(Index, index))


def test_the_level_is_what_half_of_the_questions_reach_in_the_scope() -> None:
    index = Near()

    assert everyday(index).level(SCOPE, "fr") == pytest.approx(0.9 - (len(questions("fr")) - 1) / 2000)
    assert index.asked == [SCOPE] * len(questions("fr"))


def test_it_is_measured_once_for_a_scope_and_language_whatever_was_deleted_meanwhile() -> None:
    index = Near()
    levels = everyday(index)
    once = len(questions("fr"))

    levels.level(SCOPE, "fr")
    levels.level(replace(SCOPE, gone=("x",)), "fr")
    assert len(index.asked) == once
    levels.level(replace(SCOPE, tenant="other"), "fr")
    assert len(index.asked) == 2 * once
    levels.level(SCOPE, "en")
    assert len(index.asked) == 3 * once


def test_there_is_none_in_other_languages_or_where_nothing_is_stored() -> None:
    assert everyday(Near()).level(SCOPE, "de") is None
    assert everyday(Near(empty=True)).level(SCOPE, "fr") is None


def test_the_stored_vectors_are_the_encoders() -> None:
    encoder = make_encoder(load_settings())
    for stored, language in zip(vectors(), LANGUAGES, strict=True):
        assert len(stored) == len(questions(language))
        assert min(np.sum(stored[:5] * encoder.encode_questions(questions(language)[:5]), axis=1)) > 0.999


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
