"""What sets a question apart from what all texts share."""

import numpy as np
import pytest

from brain.closeness import Closeness
from brain.encoder.base import normalized


def test_what_crosses_languages_is_of_length_one_and_nearer_to_what_sets_the_question_apart() -> None:
    generator = np.random.default_rng(5)
    common = 10 * generator.normal(size=16)
    vectors = normalized((common + generator.normal(size=(40, 16))).astype(np.float32))
    closeness = Closeness.measured_on(vectors[:20], vectors[20:])
    question, mean = vectors[3], normalized(vectors.mean(axis=0)[None])[0]

    drawn = np.asarray(closeness.across(question.tolist()))

    assert np.linalg.norm(drawn) == pytest.approx(1)
    assert drawn @ question > 0.5
    assert drawn @ mean < question @ mean
