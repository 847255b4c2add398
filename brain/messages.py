"""What a user reads where there is no plain answer, in French or English (English for the other languages)."""

from brain.types import Reason

_MESSAGES = {
    "fr": {
        Reason.NO_EVIDENCE: "Je n'ai rien trouvé à ce sujet dans la base de connaissances.",
        Reason.INSUFFICIENT_EVIDENCE: "La base de connaissances ne permet pas de répondre à cette question.",
        Reason.EXPIRED: "Seul un article qui n'est plus valable parle de ce sujet.",
        Reason.CONFLICTING: "Les articles se contredisent sur ce point.",
        Reason.OUT_OF_SCOPE: "Cette question sort du domaine de la base de connaissances.",
        Reason.MODEL_FAILED: "La rédaction n'est pas disponible ; voici les passages qui répondent.",
    },
    "en": {
        Reason.NO_EVIDENCE: "I found nothing about this in the knowledge base.",
        Reason.INSUFFICIENT_EVIDENCE: "The knowledge base does not hold the answer to this question.",
        Reason.EXPIRED: "Only an article that is no longer valid covers this.",
        Reason.CONFLICTING: "The articles contradict each other on this point.",
        Reason.OUT_OF_SCOPE: "This question is outside the knowledge base's subject.",
        Reason.MODEL_FAILED: "Writing is not available; here are the passages that answer.",
    },
}


def message(reason: Reason, language: str) -> str:
    return _MESSAGES.get(language, _MESSAGES["en"])[reason]
