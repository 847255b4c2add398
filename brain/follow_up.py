"""Follow-ups ("et pour un mineur ?", "what about refunds?"): whether a question stands alone, and what it says when it does not.

By rules, for French and English; in another language only the words that question and conversation share speak. A question that was
taken for a follow-up though it opens a new matter is drawn to the old one, and hardly finds its page: the rules would rather miss one.
`docs/decisions/0021-conversations.md` has how often they are right.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from brain.text.analyzer import terms
from brain.types import Turn

ANTECEDENT = 1
"""Terms before a pronoun: with more of them it may mean something in the question itself."""
SHORT = 3
"""Terms of a question that holds hardly more than its pronoun."""
SHARED = 0.5
"""Share of the question's terms that were said before."""
MOST_CHARACTERS = 200, 300
"""Of the last question and of the last answer, as far as they tell what a follow-up is about."""

_REFERS = {
    "en": re.compile(
        r"\b(?:it|its|they|them|their|theirs|that|those|these|this|he|she|him|his|her|hers|the same|both)\b", re.I
    ),
    "fr": re.compile(
        # Not "-il" (the subject stands before it), "il faut", "ce que", "cette", where they point forward.
        r"(?<!-)\b(?:ils?(?! (?:faut|y a|existe|est possible|suffit))|elles?|ça|ca|cela|ceci|celles?-(?:ci|l[aà])"
        r"|(?:celui|ceux)-(?:ci|l[aà])|lui|eux|ce(?:s|tte)? derni(?:er|ère)s?|pareil|idem|là-bas|ce|cet|cette|ces)\b(?!-)"
        r"(?! (?:que|qui|qu['’]|est-ce|cas)\b)"
        # "comment le résilier ?": a pronoun before an infinitive, where an article would stand before a noun.
        r"|\b(?:pour|de|comment|puis-je|peut-on|dois-je|faut-il|vais|peux|peut) (?:l['’] ?|(?:le|la|les) )\w+(?:er|ir|re)\b"
        r"(?= *(?:\?|$|en|par|sur|au|à|dans|avant|après))",
        re.I,
    ),
}
_GOES_ON = re.compile(
    r"^\W*(?:and|et|what about|how about|mais|but|also|or|ou (?:alors|bien|encore|si|pour|avec|sans)|so|then|alors|sinon|pareil"
    r"|idem|même)\b"
    r"(?! (?:est-ce|would|do|does|did|is|are|faut|ne|y|la|le|les|un|une|on))",
    re.I,
)
_DEFINES = re.compile(
    r"\b(?:c['’ ]?est quoi|qu['’ ]?est[- ]ce qu|what(?:'s| is| are| does)|d[ée]fini|signifi|mean)", re.I
)


def follows(question: str, turns: Sequence[Turn], language: str) -> bool:
    """Whether the question needs what was said before it to be understood."""
    return _follows(question, tuple(turns), language)


@lru_cache(maxsize=64)  # each step of an answer asks it again
def _follows(question: str, turns: tuple[Turn, ...], language: str) -> bool:
    if not turns:
        return False
    asked = set(terms(question, language))
    if len(asked) <= 1 and not (asked and _DEFINES.search(question)):
        return True
    said = set(terms(" ".join(turn.text for turn in turns), language))
    shared = len(asked & said) / len(asked)
    return bool(_GOES_ON.search(question)) or _refers(question, asked, language) or shared >= SHARED


def standalone(question: str, turns: Sequence[Turn], language: str) -> str:
    """The question as it is, or, where it follows another, behind that one: "Combien coûte un passeport ? Et pour un mineur ?"."""
    if not follows(question, turns, language):
        return question
    return f"{topic(turns, language)} {question}".strip()


def topic(turns: Sequence[Turn], language: str) -> str:
    """The user's last question that stands alone, cut to `MOST_CHARACTERS`; empty where the user has asked nothing yet."""
    asked = [at for at, turn in enumerate(turns) if turn.role == "user"]
    for at in reversed(asked):
        if at == asked[0] or not follows(turns[at].text, turns[:at], language):
            return turns[at].text.strip()[: MOST_CHARACTERS[0]]
    return ""


def context(turns: Sequence[Turn]) -> str:
    """The beginnings of the last question and the last answer: what a follow-up is encoded with."""
    last = {turn.role: turn.text.strip() for turn in turns}
    return f"{last.get('user', '')[: MOST_CHARACTERS[0]]} {last.get('assistant', '')[: MOST_CHARACTERS[1]]}".strip()


def _refers(question: str, asked: set[str], language: str) -> bool:
    pattern = _REFERS.get(language)
    found = list(pattern.finditer(question)) if pattern else []
    if found and len(asked) <= SHORT:
        return True
    return any(len(set(terms(question[: match.start()], language))) <= ANTECEDENT for match in found)
