"""What kind of answer a question wants."""

import re
from typing import Literal

Kind = Literal["money", "time", "clock", "weight", "number", "phone"]
"""Of a figure: an amount, a length of time or an age, a time of the day, a weight, how many of something, a telephone number."""

_ASKS_FIGURE = re.compile(
    r"\b(combien|quand|d[ée]lais?|dur[ée]e|prix|tarifs?|co[uû]ts?|co[uû]te(?:nt)?|montants?|frais|date|heures?|horaires?|jusqu|âge"
    r"|how (?:much|many|long|soon|late|old)|when|price|cost|fee|deadline|time limit|hours?)\b",
    re.IGNORECASE,
)
_ASKS_MONEY = re.compile(
    r"\b(c['’]est (?:à )?combien|combien (?:(?:ça )?co[uû]te(?:nt)?|vaut|c['’]est|est-ce|faut-il payer|dois-je payer)"
    r"|prix|tarifs?|co[uû]ts?|co[uû]te(?:nt)?|montants?|frais|quelle (?:est l['’])?amende|plafonds?"
    r"|how much|price|costs?|fees?|charge)\b",
    re.IGNORECASE,
)
_ASKS_HOW_LONG = re.compile(
    r"\b((?:sous )?combien (?:de (?:temps|jours|mois|semaines)|d['’](?:heures|années|ans))|d[ée]lais?|dur[ée]e|âges?"
    r"|how (?:long|soon|old|many (?:minutes|hours|days|weeks|months|years))|time limit|deadline|minimum age)\b",
    re.IGNORECASE,
)
_ASKS_WEIGHT = re.compile(r"\b(p[èe]se(?:nt)?|quel (?:est le )?poids|how heavy|weighs?|weight)\b", re.IGNORECASE)
_ASKS_NUMBER = re.compile(
    r"\b(combien d(?:e |['’])(?!temps|jours|mois|semaines|heures|ann[ée]es|ans|fois)|quel (?:est le )?nombre"
    r"|how many (?!minutes|hours|days|weeks|months|years|times))",
    re.IGNORECASE,
)
_ASKS_PHONE = re.compile(
    r"\b(num[ée]ros? (?:de t[ée]l[ée]phone|à appeler|pour (?:appeler|joindre))|quel num[ée]ro|(?:tele)?phone numbers?|what number)\b",
    re.IGNORECASE,
)
_ASKS_CLOCK = re.compile(
    r"\b(horaires?|quelles? heures?|opening (?:hours|times)|what time|open until)\b", re.IGNORECASE
)
_NAMES_CLOCK = re.compile(
    r"\b(horaires?|heures d['’]ouverture|ouvertures?|(?:opening )?hours|opening times)\b", re.IGNORECASE
)
_NAMES_MONEY = re.compile(
    r"\b(combien|prix|tarifs?|co[uû]ts?|co[uû]tent?|montants?|frais|how much|prices?|costs?|fees?|charges?)\b",
    re.IGNORECASE,
)
_NAMES_HOW_LONG = re.compile(
    r"\b(combien de (?:temps|jours|mois)|quand|d[ée]lais?|dur[ée]es?|how (?:long|soon)|when|times?|deadlines?|periods?)\b",
    re.IGNORECASE,
)
_NAMES_WEIGHT = re.compile(r"\b(poids|weights?)\b", re.IGNORECASE)
_NAMES_PHONE = re.compile(r"\b(t[ée]l[ée]phones?|num[ée]ros?|(?:tele)?phones?|call us|appelez)\b", re.IGNORECASE)
_NAMES_NUMBER = re.compile(r"\b(combien|nombres?|how many|numbers?)\b", re.IGNORECASE)
_ASKS: dict[Kind, re.Pattern[str]] = {
    "money": _ASKS_MONEY,
    "time": _ASKS_HOW_LONG,
    "clock": _ASKS_CLOCK,
    "weight": _ASKS_WEIGHT,
    "number": _ASKS_NUMBER,
    "phone": _ASKS_PHONE,
}
_NAMES: dict[Kind, re.Pattern[str]] = {
    "money": _NAMES_MONEY,
    "time": _NAMES_HOW_LONG,
    "clock": _NAMES_CLOCK,
    "weight": _NAMES_WEIGHT,
    "number": _NAMES_NUMBER,
    "phone": _NAMES_PHONE,
}
_KIND_NAMED = re.compile(
    r"\b(d[ée]lais?|dur[ée]e|prix|tarifs?|montants?|horaires|num[ée]ros? de t[ée]l[ée]phone|time limits?|deadlines?|price|cost"
    r"|opening (?:hours|times)|(?:tele)?phone numbers?)\b",
    re.IGNORECASE,
)
_OF_FIGURES = re.compile(
    r"\b(d[ée]lais?|dur[ée]es?|durent?|temps|âges?|valables?|validit[ée]s?|maximum|minimum|maximales?|minimales?|prix|tarifs?"
    r"|montants?|frais|co[uû]ts?|co[uû]te(?:nt|ra|ront)?|payer|vaut|valent|faut-il|horaires?|heures?|p[èe]se(?:nt)?|poids|nombre"
    r"|num[ée]ros?|t[ée]l[ée]phones?|appeler|joindre|opening (?:hours|times)|deadlines?|time limits?|periods?"
    r"|takes?|lasts?|valid|validity|minimum age|prices?|costs?|fees?|charges?|pay|worth|hours"
    r"|heavy|weighs?|weight|numbers?|(?:tele)?phone)\b",
    re.IGNORECASE,
)
_KIND = re.compile(
    r"\b(how (?:much|many|long|soon|late|old|often)|what (?:time|day)|how|what|when|where|who|which|why|is there|are there"
    r"|combien (?:de (?:temps|jours|mois|fois)|d['’](?:heures|années|ans))|combien|quelle heure|quel (?:âge|jour)|quel(?:le)?s?"
    r"|est-ce qu[e'’]|y a-t-il)\b",
    re.IGNORECASE,
)
_ASKS_WHAT = re.compile(
    r"\b(?:combien|quel(?:le)?s?|laquelle|lesquel(?:le)?s|lequel|comment|pourquoi|qu['’]est-ce|que (?:faire|faut-il|dois-je|se passe)"
    r"|how|what|which|why|whose)\b"
    r"|(?:\A|[.,:;!?]\s+|\b(?:à|de|depuis|pour|avec|chez|jusqu['’]à|by|until|since|from|to|for|with)\s+)"
    r"(?:quand|où|qui|que|quoi|when|where|who|whom)\b(?!\s+(?:je|tu|il|elle|on|nous|vous|i|you|we|they)\b)",
    re.IGNORECASE,
)


def without_kind(question: str) -> str:
    """The question without what only says which kind of answer is wanted: no page says "how long" where it says how long."""
    return _KIND.sub(" ", question)


def figure_of_what(question: str) -> str:
    """The question without what says which figure is wanted: a page says "it costs €29" or "3 to 5 days"."""
    return _OF_FIGURES.sub(" ", without_kind(question))


def asks_for_figure(question: str) -> bool:
    """How much, how long, when: an answer without a figure is none."""
    return bool(_ASKS_FIGURE.search(question) or figure_wanted(question))


def asks_whether(question: str) -> bool:
    """Whether yes or no would answer."""
    return not _ASKS_WHAT.search(question)


def figure_wanted(question: str) -> Kind | None:
    """Which kind of figure the answer is, where that is plain: an amount, how long, at what time of the day; None otherwise."""
    wanted = [kind for kind, pattern in _ASKS.items() if pattern.search(question)]
    return wanted[0] if len(wanted) == 1 else None


def kind_named(question: str) -> str:
    """The words of a question that name the kind of figure wanted: where the answer stands, headings use them, sentences seldom do."""
    return " ".join(match[0] for match in _KIND_NAMED.finditer(question))


def names(kind: Kind, heading: str) -> bool:
    """Whether a heading says that a figure of this kind stands under it."""
    return bool(_NAMES[kind].search(heading))
