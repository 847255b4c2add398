"""The benchmark of refusing, on sets too few to leave one out."""

import numpy as np
import pytest

from bench.refusing import report
from bench.refusing_fit import fit, left_out
from bench.refusing_sets import Asked, Set
from brain.types import Passage, Passages, Scores

DIMENSIONS = 384


def a_set(home: str, answerable: list[bool], kind: str = "own") -> Set:
    draw = np.random.default_rng(len(home) + len(answerable))

    def vector() -> np.ndarray:
        raw = draw.normal(size=DIMENSIONS).astype(np.float32)
        return raw / np.linalg.norm(raw)

    asked = []
    for at, can in enumerate(answerable):
        text = f"La page {at} dit le prix du {home}." if can else "Rien de cela."
        scores = Scores(1.0, dense=0.8, sparse=2.0)
        passage = Passage(f"{home}-{at}", f"{home}-{at}", text, (0, len(text)), scores, title="Page", language="fr")
        found = Passages((passage,), "fr")
        question = f"Quel est le prix du {home}, page {at} ?"
        vectors = {passage.id: vector()}
        gold = frozenset({passage.id})
        asked.append(Asked(str(at), f"{home}-{at}", question, can, gold, found, found, vector(), vectors))
    return Set(kind, home, home, tuple(asked), tuple(a.found for a in asked))


@pytest.mark.parametrize("lexical", [True, False])
def test_a_set_without_which_one_label_is_left_is_not_judged(lexical: bool, capsys: pytest.CaptureFixture[str]) -> None:
    answerable, both = a_set("velo", [True] * 12), a_set("train", [True, False] * 10)

    said, subject = left_out([answerable, both], lexical)

    assert not np.isnan(said[0]).any(), "fitted on the other, which has both labels"
    assert np.isnan(said[1]).all(), "nothing is refused of what is left"
    assert all(np.isnan(each).all() for each in subject), "nothing foreign anywhere"

    report([answerable, both], 0.45, lexical)
    printed = capsys.readouterr().out
    assert "Not judged" in printed and "train: its own" in printed
    assert "nan" not in printed.lower()


def test_one_knowledge_base_alone_can_be_reported(capsys: pytest.CaptureFixture[str]) -> None:
    report([a_set("train", [True, False] * 10)], 0.45, lexical=False)

    assert "as shipped" in capsys.readouterr().out


def test_no_weights_come_of_one_label() -> None:
    answerable = a_set("velo", [True] * 12)

    assert fit([answerable], [answerable.features(None)], [np.ones(12)], False) is None
