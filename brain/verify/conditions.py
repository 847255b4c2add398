"""Conditions and exceptions of a passage that a claim leaves out ("sauf", "unless", "à condition que", "only")."""

import re
from collections.abc import Sequence

from brain.verify.words import STOPS, Word, content

_EXCEPTION = {
    "fr": "sauf|excepte|hormis|a l exception|a moins|a condition|sous reserve|a la condition|sous condition|a defaut de",
    "en": "unless|except|excepting|provided that|providing that|subject to|on condition|as long as|other than|apart from",
}
_ONLY = {"fr": "uniquement|seulement|exclusivement", "en": "only|solely|exclusively"}
_ANY = {
    "fr": f"{_EXCEPTION['fr']}|{_ONLY['fr']}|si|s il|s ils|lorsque|lorsqu|quand|des lors|des que|hors|en cas|seul|seule|seuls|seules|que si|que lorsque"
    "|toutefois|mais|cependant|limite|limitee|limites|reserve|reservee|reserves|reservees|ne [a-z]+ que|n [a-z]+ que|dans la limite|jusqu|strictement|autre",
    "en": f"{_EXCEPTION['en']}|{_ONLY['en']}|if|when|where|just|but|however|in case|limited to|restricted|reserved|excluding|other|alone|sole|not",
}
COVERED = 0.5
"""Share of a condition's terms that must be said for the condition to be said."""


def left_out(claim: Sequence[Word], evidence: Sequence[Word], said: set[str], language: str) -> str:
    """The evidence's condition that the claim does not state, as it stands there; empty where there is none.

    `said`: terms of the whole answer and of the question. "Sauf les soldes" may be the next sentence, or what was asked about.
    """
    ours, theirs = content(claim), _plain(evidence)
    for match in re.finditer(rf" (?P<only>{_ONLY.get(language, '(?!)')}) | (?:{_EXCEPTION.get(language, '(?!)')}) ", theirs):
        start = theirs.count(" ", 0, match.start() + 1) - 1
        end = next((i for i in range(start + 1, len(evidence)) if evidence[i].plain in STOPS), len(evidence))
        first = max((i + 1 for i in range(start) if evidence[i].plain in STOPS), default=0)
        if match["only"] and _is_not_only(evidence, start):
            continue
        scope, main = content(evidence[start:end]), content(evidence[first:start])
        if len(ours & main) < max(1, 0.5 * len(main)) and not (start == first and ours & scope):
            continue  # the claim is about something else of the passage
        says_one = re.search(rf" (?:{_ANY[language]}) ", _plain(claim))
        if says_one or (not match["only"] and len(scope & said) > COVERED * len(scope)):
            continue
        return " ".join(word.text for word in evidence[start : min(end, start + 12)])
    return ""


def _plain(found: Sequence[Word]) -> str:
    """The words between spaces, so that one can be looked up with its place."""
    return f" {' '.join(word.plain.replace(' ', '') or '_' for word in found)} "


def _is_not_only(found: Sequence[Word], at: int) -> bool:
    return at > 0 and found[at - 1].plain in ("non", "pas", "not", "if")
