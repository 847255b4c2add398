"""What is decided before anything is written. Pure and cheap: no model, nothing searched."""

from dataclasses import dataclass

from brain.clarify import choices
from brain.conflicts import Conflict
from brain.evidence import Evidence
from brain.messages import message, notice, reply
from brain.settings import AnswerSettings
from brain.smalltalk import meddles, small_talk
from brain.text.language import detect
from brain.types import Choice, Passages, Question, Reason, Sentence, Status

OFF_SUBJECT = 0.5
"""Below this probability that the question is about the knowledge base at all, a refusal says so: the likelier of the two."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How an answer ends that is not written; `sentences` are the contradicting ones."""

    status: Status
    reason: Reason | None
    message: str
    sentences: tuple[Sentence, ...] = ()
    choices: tuple[Choice, ...] = ()
    newer: str | None = None


def unasked(question: Question) -> tuple[Decision, str] | None:
    """The reply to what asks nothing of the knowledge, and its language; None where something is asked."""
    talk = small_talk(question.text)
    if not talk and not meddles(question.text):
        return None
    said = question.turns[-1].text if question.turns and talk else question.text  # "ok" is of any language
    language = question.language or detect(said)
    if talk:
        return Decision(Status.ANSWERED, Reason.SMALL_TALK, reply(talk, language)), language
    return Decision(Status.REFUSED, Reason.OUT_OF_SCOPE, notice("instructions", language)), language


def undecided(passages: Passages, evidence: Evidence, settings: AnswerSettings) -> Decision | None:
    """Why what was found is not to be written from: too little, or one of many. None where it is."""
    language = passages.language
    if reason := too_weak(passages, evidence, settings.sufficiency):
        return Decision(Status.REFUSED, reason, message(reason, language))
    if open_ := choices(passages, language, settings.facets):
        asked = notice("which", language).format(", ".join(choice.label for choice in open_))
        return Decision(Status.NEEDS_CLARIFICATION, None, asked, choices=open_)
    return None


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


def contact(settings: AnswerSettings, language: str) -> str | None:
    """The way to a person, in the question's language where there is one."""
    return settings.contact.get(language) or next(iter(settings.contact.values()), None)
