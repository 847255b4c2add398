"""Conditions and exceptions of a passage that a claim leaves out ("sauf", "unless", "à condition que", "only")."""

import re
from collections.abc import Sequence

from brain.verify.words import STOPS, Word, content

_EXCEPTION = {
    "fr": "sauf|excepte|hormis|a l exception|a moins|a (?:la )?condition|sous (?:reserve|condition)|a defaut de",
    "en": "unless|except(?:ing)?|provid(?:ed|ing) that|subject to|on condition|as long as|other than|apart from",
}
_ONLY = {"fr": "uniquement|seulement|exclusivement", "en": "only|solely|exclusively"}
_SAYS_ONLY = {
    "fr": f"{_ONLY['fr']}|seule?s?|strictement|limitee?s?|reservee?s?|ne? [a-z0-9]+ (?:[a-z0-9]+ )?que?|que (?:si|lorsque|dans)"
    "|ne? [a-z0-9]+ (?:[a-z0-9]+ )?qu (?:en|a|au|aux)",
    "en": f"{_ONLY['en']}|just|limited|restricted|reserved|alone|sole|nobody else|no one else",
}
_IF = {"fr": "si|s ils?", "en": "if"}
_WHETHER = {
    "fr": re.compile(
        r" (?:meme|comme|sauf|que|et|ou|savoir|demande[rz]?|verifie[rz]?|voir|regarde[rz]?|indique[rz]?|precise[rz]?) \Z"
    ),
    "en": re.compile(r" (?:even|as|see|check|know|asks?|asked|wonder|decide|tell|determine|out|and|or|what|only) \Z"),
}
"""Before an "if" that is no condition: "même si", "vérifiez si"."""
_IN_PASSING = {
    "fr": re.compile(
        r"(?:si|s ils?) (?:possible|besoin|necessaire|vous plait|oui|non|y a (?:lieu|besoin)|y en a|le faut) "
    ),
    "en": re.compile(r"if (?:possible|needed|necessary|any|so|not|yes|no|applicable|desired|you like) "),
}
_SAYS_IF = {
    "fr": f"{_IF['fr']}|quand|lorsqu|lorsque|en cas|des que|une fois|tant que|pour les?|dans ce cas|selon",
    "en": f"{_IF['en']}|when|once|where|in case|as long as|in that case|depending",
}
IF_SAID = 0.2
"""Share of the terms of a plain "if" that must be said: questions give such a condition in their own words."""
COVERED = 0.5
"""Share of a condition's terms that must be said for the condition to be said."""
SHARED = 0.5
"""Share of what a condition belongs to that a claim must say to need the condition."""


def left_out(claim: Sequence[Word], evidence: Sequence[Word], said: set[str], language: str) -> str:
    """The evidence's condition that the claim does not state, as it stands there; empty where there is none.

    `said`: terms of the question and of the answer. "Sauf les soldes" may be the next sentence, or what was asked about.
    """
    if language not in _ONLY:
        return ""
    theirs, ours = _plain(evidence), _plain(claim)
    exceptions = len(re.findall(rf"(?<= )(?:{_EXCEPTION[language]})(?= )", ours))
    says_only = re.search(rf" (?:{_SAYS_ONLY[language]}) ", ours)
    for match in re.finditer(rf"(?<= )(?:(?P<only>{_ONLY[language]})|{_EXCEPTION[language]})(?= )", theirs):
        at = theirs.count(" ", 0, match.start()) - 1
        if match["only"]:
            if says_only or _is_not_only(evidence, at):
                continue
        elif exceptions:
            exceptions -= 1
            continue
        first, end = _sentence_about(evidence, at)
        scope, main = content(evidence[at:end]), content(evidence[first:at])
        if not _about(content(claim), main or scope):
            continue
        if not match["only"] and scope and len(scope & said) > COVERED * len(scope):
            continue
        return " ".join(word.text for word in evidence[at : min(end, at + 12)])
    return _if_left_out(claim, evidence, said, language)


def _if_left_out(claim: Sequence[Word], evidence: Sequence[Word], said: set[str], language: str) -> str:
    """The plain "if" of a sentence whose rest the claim says without any condition."""
    theirs, ours = _plain(evidence), content(claim)
    if re.search(rf" (?:{_SAYS_IF[language]}) ", _plain(claim)):
        return ""
    for match in re.finditer(rf"(?<= )(?:{_IF[language]})(?= )", theirs):
        if _WHETHER[language].search(theirs[: match.start()]) or _IN_PASSING[language].match(theirs, match.start()):
            continue
        at = theirs.count(" ", 0, match.start()) - 1
        first, end = _sentence_about(evidence, at)
        close = next((i for i in range(at, end) if evidence[i].plain == ","), end)
        scope, main = content(evidence[at:close]), content([*evidence[first:at], *evidence[close:end]])
        if scope and main and _about(ours, main) and len(scope & said) < IF_SAID * len(scope):
            return " ".join(word.text for word in evidence[at : min(close, at + 12)])
    return ""


def _sentence_about(found: Sequence[Word], at: int) -> tuple[int, int]:
    first = max((i + 1 for i in range(at) if found[i].plain in STOPS), default=0)
    return first, next((i for i in range(at + 1, len(found)) if found[i].plain in STOPS), len(found))


def _about(ours: set[str], main: set[str]) -> bool:
    return len(ours & main) >= max(1, SHARED * len(main))


def _plain(found: Sequence[Word]) -> str:
    """The words between spaces, so that a phrase can be looked up with its place."""
    return f" {' '.join(word.plain or '_' for word in found)} "


def _is_not_only(found: Sequence[Word], at: int) -> bool:
    """ "non seulement"; "and only once" adds to what is said before it."""
    return at > 0 and found[at - 1].plain in ("non", "pas", "not", "and", "et")
