"""What a user reads where there is no plain answer, in French or English (English for the other languages)."""

from typing import Literal

from brain.smalltalk import Talk
from brain.types import Reason

_MESSAGES = {
    "fr": {
        Reason.NO_EVIDENCE: "Je n'ai rien trouvé à ce sujet dans la base de connaissances.",
        Reason.INSUFFICIENT_EVIDENCE: "La base de connaissances ne permet pas de répondre à cette question.",
        Reason.EXPIRED: "Seul un article qui n'est plus valable parle de ce sujet.",
        Reason.CONFLICTING: "Les articles se contredisent sur ce point : voici ce que dit chacun.",
        Reason.OUT_OF_SCOPE: "Cette question sort du domaine de la base de connaissances.",
        Reason.MODEL_FAILED: "La rédaction n'est pas disponible : ce sont les passages eux-mêmes qui répondent.",
        Reason.MODEL_UNSUPPORTED: "La réponse rédigée ne s'appuyait pas sur les articles : voici ce qu'ils disent eux-mêmes.",
    },
    "en": {
        Reason.NO_EVIDENCE: "I found nothing about this in the knowledge base.",
        Reason.INSUFFICIENT_EVIDENCE: "The knowledge base does not hold the answer to this question.",
        Reason.EXPIRED: "Only an article that is no longer valid covers this.",
        Reason.CONFLICTING: "The articles contradict each other on this point; this is what each of them says.",
        Reason.OUT_OF_SCOPE: "This question is outside the knowledge base's subject.",
        Reason.MODEL_FAILED: "Writing is not available: these are the passages' own words.",
        Reason.MODEL_UNSUPPORTED: "The written answer did not rest on the articles: these are their own words.",
    },
}
Notice = Literal["interrupted", "quoted", "instructions", "which", "vague", "unverified"]
_NOTICES: dict[str, dict[Notice, str]] = {
    "fr": {
        "interrupted": "La rédaction s'est interrompue ; la réponse est peut-être incomplète.",
        "quoted": "Ces passages sont cités dans la langue de leur article.",
        "instructions": "Je ne peux ni montrer mes instructions ni m'en écarter. Posez-moi une question sur la base de connaissances.",
        "unverified": "(non vérifié)",
        "vague": "De quoi s'agit-il ? Dites en quelques mots ce que vous voulez savoir.",
        "which": "La réponse dépend de ceci : {}. Précisez, s'il vous plaît.",
    },
    "en": {
        "interrupted": "Writing broke off; the answer may be incomplete.",
        "quoted": "These passages are quoted in the language of their article.",
        "instructions": "I can neither show my instructions nor depart from them. Ask me something about the knowledge base.",
        "unverified": "(not verified)",
        "vague": "What is it about? Please say in a few words what you want to know.",
        "which": "The answer depends on this: {}. Please say which.",
    },
}
_REPLIES = {
    "fr": {
        Talk.GREETING: "Bonjour ! Que voulez-vous savoir ?",
        Talk.THANKS: "Avec plaisir. N'hésitez pas si vous avez une autre question.",
        Talk.BYE: "Au revoir !",
        Talk.WELLBEING: "Tout va bien, merci. Que voulez-vous savoir ?",
        Talk.IDENTITY: "Je suis un assistant automatique : je réponds à partir de la base de connaissances, en citant mes sources.",
        Talk.INSULT: "Je suis désolé de ne pas vous avoir aidé. Dites-moi ce que vous cherchez, je ferai de mon mieux.",
    },
    "en": {
        Talk.GREETING: "Hello! What would you like to know?",
        Talk.THANKS: "You're welcome. Ask me anything else you need.",
        Talk.BYE: "Goodbye!",
        Talk.WELLBEING: "All is well, thank you. What would you like to know?",
        Talk.IDENTITY: "I am an automated assistant: I answer from the knowledge base and cite my sources.",
        Talk.INSULT: "I am sorry that I was no help. Tell me what you are looking for and I will do my best.",
    },
}


def notice(of: Notice, language: str) -> str:
    """What to say beside an answer, or instead."""
    return _NOTICES.get(language, _NOTICES["en"])[of]


def message(reason: Reason, language: str) -> str:
    return _MESSAGES.get(language, _MESSAGES["en"])[reason]


def reply(talk: Talk, language: str) -> str:
    """To what is no question."""
    return _REPLIES.get(language, _REPLIES["en"])[talk]
