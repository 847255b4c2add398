"""Proper names and kinds of people that a claim mentions: its passage must mention them too."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from brain.text.analyzer import fold
from brain.verify.words import Word

_NOT_NAMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday i je il elle on nous vous the le la les un une "
    "eur usd gbp chf january february march april may june july august september october november december mr mrs ms dr m mme".split()
)
_ENDINGS = "s n ns an ans ian ians ese ish ism sm ist ists ais aise ois oise ien iens ienne iennes".split()
_PEOPLE = {
    "fr": (
        "salarié|salariée|employé|employée|travailleur;employeur|employeuse;fonctionnaire;agent;contractuel;stagiaire;apprenti|apprentie;étudiant|étudiante;"
        "élève|lycéen|collégien;retraité|retraitée|pensionné;chômeur;mineur|mineure;majeur|majeure|adulte;enfant;parent;conjoint|époux|épouse;concubin;"
        "étranger|étrangère;français|française;européen|européenne;propriétaire|bailleur;locataire;vendeur|vendeuse;acheteur|acheteuse|acquéreur;"
        "particulier;professionnel|professionnelle;entreprise|société;association;indépendant;auto-entrepreneur|micro-entrepreneur;artisan;commerçant;agriculteur;"
        "militaire;magistrat;médecin;patient;assuré|assurée;bénéficiaire;allocataire;handicapé|handicapée;invalide;veuf|veuve;père;mère;femme;homme;"
        "débiteur;créancier;héritier;donateur;emprunteur;prêteur;victime;accusé;prévenu;demandeur;réfugié;ressortissant;expatrié;frontalier;cadre"
    ),
    "en": (
        "employee|worker|staff;employer;contractor;trainee|intern;apprentice;student;pupil;pensioner|retiree;minor;adult;child|children;parent;spouse;tenant;"
        "landlord;seller|merchant;buyer|purchaser;customer|client;administrator|admin;visitor|guest;member;subscriber;patient;doctor;"
        "resident;foreigner;citizen;veteran;reseller"
    ),
}


def names_in(found: Sequence[Word], language: str) -> list[Word]:
    """Capitalised words that do not open a sentence, words in capitals, and words with a capital inside."""
    if language == "de":  # every noun has a capital
        return []
    out = []
    for at, word in enumerate(found):
        if word.mark or len(word.text) < 2 or word.plain in _NOT_NAMES or word.text[0].isdigit():
            continue
        opens = at == 0 or (found[at - 1].mark and found[at - 1].plain != ",")
        if (word.text[0].isupper() and not opens) or (not word.text[1:].islower() and word.text != word.text.lower()):
            out.append(word)
    return out


def missing_names(claim: Sequence[Word], evidence: Callable[[], Iterable[Word]], language: str) -> list[str]:
    """The names of the claim that the evidence does not hold, an acronym and its words taken for one another."""
    names = names_in(claim, language)
    if not names:
        return []
    held = list(evidence())
    plains, stems = {word.plain for word in held}, {word.term for word in held if word.term}
    initials = _initials(held)
    ours = _initials(claim)
    short = {word.plain for word in held if word.text.isupper() and 2 <= len(word.text) <= 6}
    return [
        word.text
        for word in names
        if not (word.plain in plains or word.term in stems or _root(word.plain) & plains)
        and not (word.text.isupper() and word.plain in initials)
        and not any(acronym in ours and acronym[0] == word.plain[0] for acronym in short)
    ]


def missing_people(claim: Sequence[Word], evidence: Callable[[], Iterable[Word]], language: str) -> list[str]:
    """Kinds of people ("mineur", "employer") that the claim speaks of and the evidence doesn't."""
    ours = people_in(claim, language)
    held = people_in(evidence(), language) if ours else ours
    return [who for who in ours if who not in held]


def exchanged_people(claim: Sequence[Word], sentence: Sequence[Word], language: str) -> str:
    """The kind of people that the claim has in place of another that the sentence has; empty where there is none."""
    ours, theirs = people_in(claim, language), people_in(sentence, language)
    more, fewer = ours - theirs, theirs - ours
    return next(iter(more)) if more and fewer else ""


def people_in(found: Iterable[Word], language: str) -> Counter[str]:
    """How often a text speaks of each kind of people."""
    groups, found = _people(language), list(found)
    return Counter(
        groups[plain]
        for at, word in enumerate(found)
        if (plain := _singular(word.plain)) in groups and not _phrase(found, at)
    )


def _phrase(found: Sequence[Word], at: int) -> bool:
    """ "en particulier" is nobody."""
    return at > 0 and found[at - 1].plain == "en"


@lru_cache
def _people(language: str) -> dict[str, str]:
    """The first word of its group by each word."""
    groups = [group.split("|") for group in _PEOPLE.get(language, "").split(";") if group]
    return {fold(word): group[0] for group in groups for word in group}


def _singular(plain: str) -> str:
    return plain[:-1] if plain.endswith(("s", "x")) and len(plain) > 4 else plain


def _root(plain: str) -> set[str]:
    """The names that it may be derived from: "libyan" from "libya", "jordanians" from "jordan", "nazism" from "nazi"."""
    return {
        plain.removesuffix(ending) for ending in _ENDINGS if plain.endswith(ending) and len(plain) - len(ending) >= 4
    }


def _initials(found: Iterable[Word]) -> str:
    return "".join(word.plain[0] for word in found if word.term)
