"""Does a claim deny what its passage states, or state what it denies?

A negation reaches the verb between "ne" and "pas", or the next word of content ("not required", "aucun frais"). A word that is
denied in one text and, where it stands in the other, is not, is a contradiction; so is a word in place of its opposite.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from brain.text.analyzer import fold
from brain.verify.words import STOPS, Word, content

_BEFORE = frozenset("ne n".split())
_AFTER = frozenset("pas jamais rien aucun aucune personne guere nul nulle nullement plus point ni".split())
_BARE = frozenset("peut peuvent saurait sauraient".split())
"""Verbs that "ne" alone denies."""
_MODAL = frozenset(
    "peut peux peuvent pouvez pouvons pourra pourront pouvait doit dois doivent devez devons devra devront devait faut faudra".split()
)
"""Verbs that hand a negation on: "ne peut pas demander" denies "demander"."""
_ALONE = {
    "fr": frozenset("sans aucun aucune jamais ni non nul nulle nullement aucunement".split()),
    "en": frozenset("not no never without none neither nor nobody nothing".split()),
}
_NOT_ALONE = {"fr": frozenset("seulement uniquement".split()), "en": frozenset("only just".split())}
"""After a negation: "not only" denies nothing."""
_REACH = 6
"""Words between a negation and what it may still deny."""

ALIKE = 0.75
"""Share of terms from which on two texts say nearly the same."""

_OPPOSITES = {
    "fr": (
        "possible/impossible autorisé/interdit permis/interdit autorisée/interdite accepté/refusé gratuit/payant utile/inutile "
        "légal/illégal obligatoire/facultatif obligatoire/optionnel inclus/exclu compris/exclu inférieur/supérieur avant/après "
        "minimum/maximum minimal/maximal minimale/maximale augmenter/diminuer augmentation/diminution majeur/mineur "
        "valable/invalable ouvert/fermé positif/négatif entrée/sortie début/fin avec/sans suffisant/insuffisant "
        "apte/inapte actif/inactif remboursable/irremboursable recevable/irrecevable compatible/incompatible "
        "identique/différent premier/dernier hausse/baisse présence/absence acheteur/vendeur matin/soir "
        "interne/externe public/privé départ/arrivée favorable/défavorable complet/partiel définitif/provisoire"
    ),
    "en": (
        "possible/impossible allowed/forbidden permitted/forbidden allowed/prohibited accepted/refused accept/reject free/paid "
        "legal/illegal mandatory/optional required/optional included/excluded include/exclude before/after "
        "minimum/maximum increase/decrease adult/minor open/closed enable/disable enabled/disabled valid/invalid "
        "with/without above/below more/less most/least higher/lower first/last public/private buyer/seller "
        "same/different win/lose won/lost rise/fall north/south east/west internal/external"
    ),
}


_DENYING = {
    "fr": frozenset(
        "impossible interdit interdite interdits interdites exclu exclue exclus exclues refus refuse refuser refusee sauf hors "
        "excepte manque absence cesse cessent perd perdu annule annulee invalide inutile insuffisant contraire contrairement "
        "seul seule seuls seules seulement uniquement limite limitee plutot evite evitez eviter dispense dispensee exonere "
        "exoneree".split()
    ),
    "en": frozenset(
        "impossible forbidden prohibited banned exclude excludes excluded refuse refuses refused refusal decline declined "
        "except unless unlike lack lacks lacked fail fails failed failure prevent prevents prevented avoid avoids only rather "
        "instead stop stopped absent deny denies denied disagree disagreement reject rejects rejected lose lost invalid "
        "inactive despite although however few little hardly rarely seldom ended cancelled abandoned removed".split()
    ),
}
"""Words by which a text says that something is not so, without a negation."""
_UN = re.compile(r"(?:un|non)\w{4,}")


@dataclass(frozen=True, slots=True)
class Negation:
    """One negation, its first word at `at`. `heads`: terms that it surely denies; `reach`: where all stands that it may deny."""

    at: int
    heads: frozenset[str]
    reach: range


def negations(found: Sequence[Word], language: str) -> list[Negation]:
    """The negations of a text. "ne … que", "non seulement" and "not only" are none."""
    out = []
    at = 0
    while at < len(found):
        end = _negation_end(found, at, language)
        if end is None:
            at += 1
            continue
        out.append(Negation(at, frozenset(_heads(found, at, end)), _reach(found, at, end)))
        at = end + 1
    return out


def _negation_end(found: Sequence[Word], at: int, language: str) -> int | None:
    """The place of the last word of the negation that begins at `at`; None where none does."""
    plain = found[at].plain
    if _answers(found, at) or _follows(found, at) in _NOT_ALONE.get(language, ()):
        return None
    if language == "fr" and plain in _BEFORE:
        return _end_of_ne(found, at)
    if language == "fr" and plain == "pas":
        return at if not (at and found[at - 1].plain in ("un", "le", "au")) else None
    # "aucun délai n'est …", "rien n'est …": one negation, which ends with its "ne"
    later = [i for i in range(at + 1, min(at + 6, len(found))) if found[i].plain in _BEFORE] if language == "fr" else []
    if plain in _ALONE.get(language, ()):
        return later[0] if plain in _AFTER and later else at
    nobody = plain == "rien" or (plain == "personne" and (not at or found[at - 1].plain in STOPS))
    return later[0] if nobody and later else None


def _end_of_ne(found: Sequence[Word], at: int) -> int | None:
    """Where what "ne" begins ends: "ne … pas"; "ne … que" is no negation."""
    for end in range(at + 1, min(at + 7, len(found))):
        if found[end].plain in STOPS or found[end].plain == "que":
            return None
        if found[end].plain in _AFTER:
            return end
    return at + 1 if at + 1 < len(found) and found[at + 1].plain in _BARE else None


def _answers(found: Sequence[Word], at: int) -> bool:
    """ "Non, …", opening a sentence."""
    closes = at + 1 == len(found) or found[at + 1].mark
    return found[at].plain in ("non", "no") and closes and (not at or found[at - 1].plain in STOPS)


def _follows(found: Sequence[Word], at: int) -> str:
    return found[at + 1].plain if at + 1 < len(found) else ""


def _heads(found: Sequence[Word], start: int, end: int) -> Iterator[str]:
    inside = [word.term for word in found[start : end + 1] if word.term and word.plain not in _AFTER | _BEFORE]
    if inside and found[start].plain in _BEFORE and not any(word.plain in _MODAL for word in found[start : end + 1]):
        yield inside[-1]
        return
    for word in found[end + 1 : end + 1 + _REACH]:
        if word.plain in STOPS:
            return
        if word.term:
            yield word.term
            return


def _reach(found: Sequence[Word], start: int, end: int) -> range:
    first, last = start, end
    while first > 0 and start - first < _REACH and found[first - 1].plain not in STOPS:
        first -= 1
    while last + 1 < len(found) and last - end < _REACH and found[last + 1].plain not in STOPS:
        last += 1
    return range(first, last + 1)


def contradiction(claim: Sequence[Word], evidence: Sequence[Word], language: str) -> str:
    """The word that one denies and the other does not, or its opposite; empty where there is none."""
    said, held = negations(claim, language), negations(evidence, language)
    denied = _denied_alone(said, claim, held, evidence) or _denied_alone(held, evidence, said, claim)
    return denied or _opposite(claim, said, evidence, held, language) or _one_more(claim, said, evidence, held)


def made_up(claim: Sequence[Word], evidence: Sequence[Sequence[Word]], language: str) -> str:
    """What a claim denies where no sentence of the evidence denies, forbids or excepts anything; empty where one does."""
    said = negations(claim, language)
    if not said or any(negations(found, language) or _denies(found, language) for found in evidence):
        return ""
    return " ".join(word.text for word in claim[said[0].at : said[0].at + 3])


def _denies(found: Sequence[Word], language: str) -> bool:
    words = _DENYING.get(language, frozenset())
    return any(word.plain in words or (language == "en" and _UN.fullmatch(word.plain)) for word in found)


def _one_more(
    claim: Sequence[Word], said: Sequence[Negation], evidence: Sequence[Word], held: Sequence[Negation]
) -> str:
    """Where both say nearly the same, one negation more or fewer turns the meaning, whatever word it stands by."""
    ours, theirs = content(claim), content(evidence)
    if len(said) == len(held) or len(ours & theirs) < ALIKE * max(len(ours), len(theirs), 1):
        return ""
    longer, their_words = (said, claim) if len(said) > len(held) else (held, evidence)
    return " ".join(word.text for word in their_words[longer[0].at : longer[0].at + 3])


def _denied_alone(
    ours: Sequence[Negation], our_words: Sequence[Word], theirs: Sequence[Negation], their_words: Sequence[Word]
) -> str:
    """A word that every mention here denies and no mention there does."""
    for negation in ours:
        for head in negation.heads:
            there = [place for place, word in enumerate(their_words) if word.term == head]
            if not there or any(_reached(place, theirs) for place in there):
                continue
            here = [place for place, word in enumerate(our_words) if word.term == head]
            if all(_reached(place, ours) for place in here):
                return next(word.text for word in our_words if word.term == head)
    return ""


def _reached(place: int, found: Sequence[Negation]) -> bool:
    return any(place in negation.reach for negation in found)


def _opposite(
    claim: Sequence[Word], said: Sequence[Negation], evidence: Sequence[Word], held: Sequence[Negation], language: str
) -> str:
    ours = {word.plain: place for place, word in enumerate(claim)}
    theirs = {word.plain: place for place, word in enumerate(evidence)}
    stems = {word.term for word in evidence}, {word.term for word in claim}
    for first, second in _pairs(language):
        for a, b in ((first, second), (second, first)):
            if a in ours and b in theirs and a not in theirs and b not in ours:
                if claim[ours[a]].term in stems[0] - {""} or evidence[theirs[b]].term in stems[1] - {""}:
                    continue
                if _reached(ours[a], said) == _reached(theirs[b], held):
                    return claim[ours[a]].text
    return ""


def _pairs(language: str) -> list[tuple[str, str]]:
    pairs = (pair.split("/") for pair in _OPPOSITES.get(language, "").split())
    return [(fold(first), fold(second)) for first, second in pairs]
