"""What a user reads where there is no plain answer, in French or English (English for the other languages)."""

from typing import Literal

from brain.types import Reason

_MESSAGES = {
    "fr": {
        Reason.NO_EVIDENCE: "Je n'ai rien trouvé à ce sujet dans la base de connaissances.",
        Reason.INSUFFICIENT_EVIDENCE: "La base de connaissances ne permet pas de répondre à cette question.",
        Reason.EXPIRED: "Seul un article qui n'est plus valable parle de ce sujet.",
        Reason.CONFLICTING: "Les articles se contredisent sur ce point.",
        Reason.OUT_OF_SCOPE: "Cette question sort du domaine de la base de connaissances.",
        Reason.MODEL_FAILED: "La rédaction n'est pas disponible : ce sont les passages eux-mêmes qui répondent.",
    },
    "en": {
        Reason.NO_EVIDENCE: "I found nothing about this in the knowledge base.",
        Reason.INSUFFICIENT_EVIDENCE: "The knowledge base does not hold the answer to this question.",
        Reason.EXPIRED: "Only an article that is no longer valid covers this.",
        Reason.CONFLICTING: "The articles contradict each other on this point.",
        Reason.OUT_OF_SCOPE: "This question is outside the knowledge base's subject.",
        Reason.MODEL_FAILED: "Writing is not available: these are the passages' own words.",
    },
}
Notice = Literal["interrupted", "quoted"]
_NOTICES: dict[str, dict[Notice, str]] = {
    "fr": {
        "interrupted": "La rédaction s'est interrompue ; la réponse est peut-être incomplète.",
        "quoted": "Ces passages sont cités dans la langue de leur article.",
    },
    "en": {
        "interrupted": "Writing broke off; the answer may be incomplete.",
        "quoted": "These passages are quoted in the language of their article.",
    },
}


def notice(of: Notice, language: str) -> str:
    """What to say beside an answer."""
    return _NOTICES.get(language, _NOTICES["en"])[of]


def message(reason: Reason, language: str) -> str:
    return _MESSAGES.get(language, _MESSAGES["en"])[reason]
