"""Concurrent questions: joined while the encoder is busy, each with its own vector, errors only to those who shared the call."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from brain.encoder.base import Vectors
from brain.encoder.batching import KNOWN, MOST_TEXTS, BatchingEncoder
from brain.errors import EncoderError
from brain.testing import HashEncoder

WAIT_S = 30


class Gated(HashEncoder):
    """Lists its calls; each waits until it may pass; one that holds the text `bad` fails."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[str]] = []
        self.may_pass = threading.Semaphore(0)
        self.entered = threading.Semaphore(0)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(list(texts))
        self.entered.release()
        assert self.may_pass.acquire(timeout=WAIT_S)
        if "bad" in texts:
            raise EncoderError("no vectors")
        return super().encode_questions(texts)

    def open(self) -> None:
        self.may_pass.release(1000)


@pytest.fixture
def inner() -> Iterator[Gated]:
    made = Gated()
    yield made
    made.open()


@pytest.fixture
def encoder(inner: Gated) -> Iterator[BatchingEncoder]:
    made = BatchingEncoder(inner)
    yield made
    inner.open()
    made.close()


@pytest.fixture
def ask(inner: Gated, encoder: BatchingEncoder) -> Iterator[Callable[..., Future[Vectors]]]:
    """Asks from a thread of its own; returns once the question is in a batch."""
    pool = ThreadPoolExecutor(100)

    def asked(*texts: str) -> Future[Vectors]:
        joined = threading.Event()
        together = encoder._batch

        def watched(more: int) -> object:
            batch = together(more)
            joined.set()
            return batch

        encoder._batch = watched  # type: ignore[method-assign,assignment]
        result = pool.submit(encoder.encode_questions, list(texts))
        assert joined.wait(WAIT_S)
        with encoder._lock:  # the texts are in the batch
            encoder._batch = together  # type: ignore[method-assign]
        return result

    yield asked
    inner.open()
    pool.shutdown()


Ask = Callable[..., Future[Vectors]]


def busy(inner: Gated, ask: Ask) -> Future[Vectors]:
    """One question is being encoded from now on."""
    first = ask("first")
    assert inner.entered.acquire(timeout=WAIT_S)
    return first


def test_questions_that_wait_go_in_one_call_and_get_their_own_vectors(inner: Gated, ask: Ask) -> None:
    first = busy(inner, ask)
    texts = [f"question {n}" for n in range(16)]
    waiting = [ask(text) for text in texts]
    inner.open()

    rows = [future.result(WAIT_S) for future in [first, *waiting]]

    assert inner.calls == [["first"], texts]
    assert np.array_equal(np.concatenate(rows), HashEncoder().encode_questions(["first", *texts]))


def test_a_lone_question_is_not_kept_waiting_for_others(inner: Gated, ask: Ask) -> None:
    busy(inner, ask)

    assert inner.calls == [["first"]]


def test_several_texts_of_one_caller_stay_together(inner: Gated, ask: Ask) -> None:
    busy(inner, ask)
    two, one = ask("a", "b"), ask("c")
    inner.open()

    assert np.array_equal(two.result(WAIT_S), HashEncoder().encode_questions(["a", "b"]))
    assert np.array_equal(one.result(WAIT_S), HashEncoder().encode_questions(["c"]))
    assert inner.calls[1:] == [["a", "b", "c"]]


def test_a_batch_is_bounded(inner: Gated, ask: Ask) -> None:
    busy(inner, ask)
    waiting = [ask(str(n)) for n in range(MOST_TEXTS + 5)]
    inner.open()
    for future in waiting:
        future.result(WAIT_S)

    assert [len(call) for call in inner.calls] == [1, MOST_TEXTS, 5]


def test_an_error_reaches_every_caller_of_its_batch_and_no_other(inner: Gated, ask: Ask) -> None:
    first = busy(inner, ask)
    failing = [ask("bad"), ask("beside")]
    inner.may_pass.release()
    assert first.result(WAIT_S).shape == (1, 64)
    assert inner.entered.acquire(timeout=WAIT_S)
    later = ask("later")
    inner.open()

    for future in failing:
        with pytest.raises(EncoderError, match="no vectors"):
            future.result(WAIT_S)
    assert later.result(WAIT_S).shape == (1, 64)


def test_closing_waits_for_what_was_asked_and_refuses_what_comes_after(
    inner: Gated, encoder: BatchingEncoder, ask: Ask
) -> None:
    first = busy(inner, ask)
    waiting = ask("second")
    closing = threading.Thread(target=encoder.close)
    closing.start()
    inner.open()
    closing.join(WAIT_S)

    assert not closing.is_alive()
    assert first.result(WAIT_S).shape == waiting.result(WAIT_S).shape == (1, 64)
    with pytest.raises(EncoderError, match="closed"):
        encoder.encode_questions(["third"])


def test_lanes_are_calls_at_once(inner: Gated) -> None:
    encoder = BatchingEncoder(inner, lanes=2)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(encoder.encode_questions, ["one"])
        assert inner.entered.acquire(timeout=WAIT_S)
        pool.submit(encoder.encode_questions, ["two"])
        assert inner.entered.acquire(timeout=WAIT_S)
        inner.open()
    encoder.close()

    assert sorted(inner.calls) == [["one"], ["two"]]


def test_a_question_asked_again_is_not_encoded_again_and_the_memory_is_bounded(
    inner: Gated, encoder: BatchingEncoder
) -> None:
    inner.open()
    vector = encoder.encode_questions(["again"])
    vector[:] = 0  # what a caller does to its vector is its own affair
    again = encoder.encode_questions(["again"])
    assert inner.calls == [["again"]]
    assert np.array_equal(again, HashEncoder().encode_questions(["again"]))

    for n in range(KNOWN):
        encoder.encode_questions([str(n)])
    encoder.encode_questions(["again"])
    assert inner.calls.count(["again"]) == 2


def test_a_failure_is_not_remembered(inner: Gated, encoder: BatchingEncoder) -> None:
    inner.open()
    for _ in range(2):
        with pytest.raises(EncoderError):
            encoder.encode_questions(["bad"])

    assert inner.calls == [["bad"], ["bad"]]


def test_everything_else_is_the_encoders_own(encoder: BatchingEncoder, inner: Gated) -> None:
    done: list[int] = []

    assert (encoder.name, encoder.dimensions) == (inner.name, inner.dimensions)
    assert encoder.encode_passages(["a", "b"], done.append).shape == (2, 64)
    assert (inner.passages, done) == (["a", "b"], [2])
