"""What kind of answer a question wants."""

import re

_ASKS_FIGURE = re.compile(
    r"\b(combien|quand|d[ée]lais?|dur[ée]e|prix|tarifs?|co[uû]ts?|co[uû]te(?:nt)?|montants?|frais|date|heures?|jusqu|âge"
    r"|how (?:much|many|long|soon|late|old)|when|price|cost|fee|deadline|time limit|hours?)\b",
    re.IGNORECASE,
)


def asks_for_figure(question: str) -> bool:
    """How much, how long, when: an answer without a figure is none."""
    return bool(_ASKS_FIGURE.search(question))
