"""What kind of answer a question wants."""

import re
from typing import Literal

Kind = Literal["money", "time", "clock"]
"""Of a figure: an amount, a length of time, a time of the day."""

_ASKS_FIGURE = re.compile(
    r"\b(combien|quand|d[ée]lais?|dur[ée]e|prix|tarifs?|co[uû]ts?|co[uû]te(?:nt)?|montants?|frais|date|heures?|horaires?|jusqu|âge"
    r"|how (?:much|many|long|soon|late|old)|when|price|cost|fee|deadline|time limit|hours?)\b",
    re.IGNORECASE,
)
_ASKS_MONEY = re.compile(
    r"\b(combien (?:(?:ça )?co[uû]te(?:nt)?|vaut|faut-il payer|dois-je payer)|prix|tarifs?|co[uû]ts?|co[uû]te(?:nt)?|montants?|frais"
    r"|how much|price|costs?|fees?|charge)\b",
    re.IGNORECASE,
)
_ASKS_HOW_LONG = re.compile(
    r"\b((?:sous )?combien de (?:temps|jours|mois)|d[ée]lais?|dur[ée]e|how (?:long|soon|many days)|time limit|deadline)\b",
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
_ASKS: dict[Kind, re.Pattern[str]] = {"money": _ASKS_MONEY, "time": _ASKS_HOW_LONG, "clock": _ASKS_CLOCK}
_NAMES: dict[Kind, re.Pattern[str]] = {"money": _NAMES_MONEY, "time": _NAMES_HOW_LONG, "clock": _NAMES_CLOCK}
_KIND_NAMED = re.compile(
    r"\b(d[ée]lais?|dur[ée]e|prix|tarifs?|montants?|horaires|time limits?|deadlines?|price|cost)\b", re.IGNORECASE
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


def asks_for_figure(question: str) -> bool:
    """How much, how long, when: an answer without a figure is none."""
    return bool(_ASKS_FIGURE.search(question))


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
