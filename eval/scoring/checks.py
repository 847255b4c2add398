"""What a case asks of its answer and a program can check: status, reason, facts, language, length, documents cited."""

from collections.abc import Iterator

from brain.text.language import UNKNOWN, detect
from brain.types import Status
from eval.scoring.base import ScoreValue, Stored
from eval.scoring.facts import states
from eval.scoring.size import words_in

PASSED = "passed"


class Checks:
    """One metric for each thing asked, and `passed`: 1 where all hold."""

    metrics = (PASSED, "status", "reason", "facts", "forbidden", "language", "length", "cites_right", "must_cite")

    async def score(self, stored: Stored) -> list[ScoreValue]:
        found = list(_checks(stored))
        if not found:
            return [ScoreValue(PASSED, None, "the case asks nothing that can be checked")]
        failed = [score for score in found if (score.value or 0) < 1]
        why = "; ".join(f"{score.metric}: {score.detail}" if score.detail else score.metric for score in failed)
        return [ScoreValue(PASSED, float(not failed), detail=why), *found]


def _checks(stored: Stored) -> Iterator[ScoreValue]:
    expect, answer = stored.case.expect, stored.answer
    if expect.status:
        yield _same("status", expect.status, answer["status"])
    if expect.reason:
        yield _same("reason", expect.reason, answer["reason"])
    if expect.must_include:
        missing = [fact for fact in expect.must_include if not states(stored.text, fact, stored.language)]
        yield ScoreValue("facts", 1 - len(missing) / len(expect.must_include), detail=_listed("missing", missing))
    if expect.must_not_include:
        there = [fact for fact in expect.must_not_include if states(stored.text, fact, stored.language)]
        yield ScoreValue("forbidden", float(not there), detail=_listed("stated", there))
    if expect.language and stored.answered:
        spoken = detect(stored.text)
        right = spoken in (expect.language, UNKNOWN)
        yield ScoreValue("language", float(right), detail="" if right else f"answered in {spoken}")
    yield from _sizes(stored)
    yield from _cited(stored)


def _sizes(stored: Stored) -> Iterator[ScoreValue]:
    expect = stored.case.expect
    if expect.max_words or expect.max_sentences:
        words, sentences = words_in(stored.text), len(stored.answer["sentences"])
        fits = words <= (expect.max_words or words) and sentences <= (expect.max_sentences or sentences)
        yield ScoreValue("length", float(fits), detail="" if fits else f"{words} words in {sentences} sentences")


def _cited(stored: Stored) -> Iterator[ScoreValue]:
    expect, cited = stored.case.expect, set(stored.cited)
    if expect.documents and expect.status in (None, Status.ANSWERED):
        right = bool(cited & set(expect.documents))
        yield ScoreValue("cites_right", float(right), detail="" if right else "cites no right document")
    if expect.must_cite:
        missing = [document for document in expect.must_cite if document not in cited]
        yield ScoreValue("must_cite", float(not missing), detail=_listed("not cited", missing))


def _same(metric: str, wanted: str, got: str | None) -> ScoreValue:
    return ScoreValue(metric, float(got == wanted), detail="" if got == wanted else f"{got or 'none'}, not {wanted}")


def _listed(what: str, items: list[str]) -> str:
    return f"{what}: {', '.join(items)}" if items else ""
