"""How an answer ends: what is decided before anything is written (pure and cheap: no model, nothing searched), and after."""

from dataclasses import dataclass

from brain.clarify import choices
from brain.conflicts import Conflict
from brain.evidence import Evidence
from brain.messages import message, notice, reply
from brain.settings import AnswerSettings
from brain.smalltalk import meddles, small_talk, vague
from brain.text.language import detect
from brain.types import Choice, Passages, Question, Reason, Sentence, Status
from brain.writing import Writing

OFF_SUBJECT = 0.3
"""Below this probability that the question is about the knowledge base at all, a refusal says so: the likelier of the two."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How an answer ends, with the sentences that are shown."""

    status: Status
    reason: Reason | None
    message: str | None
    sentences: tuple[Sentence, ...] = ()
    choices: tuple[Choice, ...] = ()
    newer: str | None = None


def unasked(question: Question) -> Decision | None:
    """The reply to what asks nothing of the knowledge, or does not say about what; None where something is asked."""
    language = question_language(question)
    if talk := small_talk(question.text):
        return Decision(Status.ANSWERED, Reason.SMALL_TALK, reply(talk, language))
    if meddles(question.text):
        return Decision(Status.REFUSED, Reason.OUT_OF_SCOPE, notice("instructions", language))
    if vague(question.text) and not any(turn.role == "user" for turn in question.turns):
        return Decision(Status.NEEDS_CLARIFICATION, None, notice("vague", language))
    return None


def question_language(question: Question) -> str:
    """Of "ok" and the like, which are of any language, that of the user's turn before."""
    before = [turn.text for turn in question.turns if turn.role == "user"]
    said = before[-1] if before and small_talk(question.text) else question.text
    return question.language or detect(said)


def undecided(passages: Passages, evidence: Evidence, settings: AnswerSettings) -> Decision | None:
    """Why what was found is not to be written from: too little, or one of many. None where it is."""
    language = passages.language
    if reason := too_weak(passages, evidence, settings.needed()):
        return refused(reason, language)
    if open_ := choices(passages, language, settings.facets):
        asked = notice("which", language).format(", ".join(choice.label for choice in open_))
        return Decision(Status.NEEDS_CLARIFICATION, None, asked, choices=open_)
    return None


def refused(reason: Reason, language: str) -> Decision:
    return Decision(Status.REFUSED, reason, message(reason, language))


def written(writing: Writing, language: str) -> Decision:
    """What came of writing: a refusal where nothing is to be shown."""
    failed = Reason.MODEL_FAILED if writing.failed else None
    if not writing.draft.sentences:
        return refused(failed or Reason.INSUFFICIENT_EVIDENCE, language)
    reason = failed or (Reason.MODEL_UNSUPPORTED if writing.unsupported else None)
    said = writing.notice or (message(reason, language) if reason else None)
    return Decision(Status.DEGRADED if reason else Status.ANSWERED, reason, said, writing.draft.sentences)


def contradicted(conflict: Conflict, language: str) -> Decision:
    reason = Reason.CONFLICTING
    return Decision(Status.REFUSED, reason, message(reason, language), conflict.sentences, newer=conflict.newer)


def too_weak(passages: Passages, evidence: Evidence, needed: float) -> Reason | None:
    """Why what was found can't answer; None where it can. `needed`: the least probability."""
    if not passages:
        return Reason.NO_EVIDENCE
    if evidence.probability >= needed:
        return None
    return Reason.OUT_OF_SCOPE if evidence.on_subject < OFF_SUBJECT else Reason.INSUFFICIENT_EVIDENCE


def answers_better(expired: Evidence, valid: Evidence, needed: float) -> bool:
    """Whether pages that are no longer valid would have answered, and what is valid holds less of it."""
    return expired.probability >= needed and expired.probability > valid.probability
