"""Pairs of a sentence and its passage, made from real French pages: said in other words, or altered.

Each pair is first put in other words (figures as words, amounts and dates written otherwise, harmless words changed, a neighbour
appended, an opening left out); an altered one then says something else: a number, a date, a negation, a name, an audience or a
condition is changed, or the passage is another one of the page. So an altered sentence is no closer to its passage than a supported one, but for the alteration.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from brain.text.sentences import is_heading, sentence_spans, without_marker

KINDS = ("number", "date", "negation", "name", "audience", "condition", "elsewhere")
IF = "if"
"""A plain "if" left out: made apart, nothing is fitted on it."""
SAME = ("supported", "elsewhere")
"""Kinds whose sentence is not altered."""
PASSAGE_CHARS = 1200
WITH_NEIGHBOUR = 0.15
"""Share of the pages of which two sentences in a row are taken."""
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_MONTH = "|".join(_MONTHS)
_WORDS = {
    2: "deux", 3: "trois", 4: "quatre", 5: "cinq", 6: "six", 7: "sept", 8: "huit", 10: "dix", 12: "douze", 14: "quatorze",
    15: "quinze", 16: "seize", 18: "dix-huit", 20: "vingt", 21: "vingt et un", 25: "vingt-cinq", 30: "trente", 40: "quarante",
    48: "quarante-huit", 50: "cinquante", 60: "soixante", 65: "soixante-cinq", 72: "soixante-douze", 80: "quatre-vingts", 90: "quatre-vingt-dix",
}  # fmt: skip
_HARMLESS = (
    (r"\bafin de\b", "pour"), (r"\bcependant\b", "toutefois"), (r"\bdoit être\b", "doit impérativement être"), (r"\bvous devez\b", "il vous faut"),
    (r"\bnotamment\b", "en particulier"), (r"\bégalement\b", "aussi"), (r"\bvous pouvez\b", "vous avez la possibilité de"),
    (r"\blorsque\b", "quand"), (r"\bpar exemple\b", "entre autres"), (r"\ben cas de\b", "dans le cas de"), (r"\beffectuer\b", "faire"),
    (r"\bpendant\b", "durant"), (r"\bobtenir\b", "avoir"), (r"\bdispose de\b", "a"), (r"\bainsi que\b", "et"), (r"\bau cours de\b", "durant"),
    (r"\best possible\b", "est bien possible"), (r"\best égal à\b", "s'élève à"), (r"\bégale à\b", "de"), (r"\bà compter de\b", "à partir de"),
    (r"\bconcernant\b", "pour"), (r"\btransmettre\b", "envoyer"), (r"\bdébute\b", "commence"), (r"\bdès que\b", "aussitôt que"), (r"\bperçoit\b", "reçoit"),
    (r"\beffectuée?\b", "faite"), (r"\bdans un délai de\b", "sous"), (r"\bdans les\b(?= \d)", "sous"), (r"\bconsulter\b", "regarder"), (r"\bnécessaire\b", "requis"),
)  # fmt: skip
_OPENINGS = re.compile(
    r"\A(?:En effet|Toutefois|Cependant|Par ailleurs|Ainsi|De plus|En outre|Attention|À noter|Par exemple|Dans ce cas|Néanmoins)[ ,:]+(?=\S)"
)
_PARENTHESIS = re.compile(r" \((?!sauf|à cond|à moins|sous rés)[^()0-9]{3,60}\)")
_AUDIENCES = (
    ("salarié", "employeur"), ("mineur", "majeur"), ("locataire", "propriétaire"), ("employeur", "salarié"),
    ("fonctionnaire", "salarié"), ("étudiant", "retraité"), ("acheteur", "vendeur"), ("vendeur", "acheteur"), ("propriétaire", "locataire"),
    ("bailleur", "locataire"), ("parent", "enfant"), ("majeur", "mineur"), ("particulier", "professionnel"), ("père", "mère"), ("apprenti", "stagiaire"),
)  # fmt: skip
_NEGATED = re.compile(r"\b(?:ne |n['’])(?P<verb>[\w-]+) (?:pas|plus|jamais)\b", re.IGNORECASE)
_AFFIRMED = re.compile(
    r"\b(?P<verb>est|sont|peut|peuvent|doit|doivent|a|ont|permet|donne|bénéficie|devez|pouvez|reste|sera|seront)\b(?! pas\b)"
)
_CONDITION = re.compile(r",? (?:sauf|à condition|à moins|sous réserve|excepté|uniquement|seulement)\b[^,;:.()]*")
_IF = re.compile(
    r"\A(?:Si|S['’]ils?)\b[^,;:.()]*, (?=\w)|,? (?:si|s['’]ils?)\b(?! (?:possible|besoin|nécessaire))[^,;:.()]*(?=[.;])"
)
_NUMBER = re.compile(r"(?<![\w/.,-])\d{1,3}(?:[ \u00a0]\d{3})+(?:,\d+)?|(?<![\w/.,-])\d+(?:,\d+)?(?![\w/-])")
_DATE = re.compile(rf"\b(?:(?P<day>\d{{1,2}}|1er) )?(?P<month>{_MONTH})(?: (?P<year>(?:19|20)\d\d))?\b")
_NAME = re.compile(r"(?<=[a-zéèàçûêîô,] )[A-ZÉÈÀ][a-zéèêàçïîôû]{3,}\b")
_WORD_NUMBER = re.compile(
    r"\b(?:" + "|".join(_WORDS.values()) + r")\b(?= (?:jours|mois|ans|semaines|années|heures|fois))"
)


@dataclass(frozen=True)
class Pair:
    """A sentence as an answer might say it. `kind`: "supported", or what was altered. `page`: where it is from."""

    sentence: str
    passage: str
    kind: str
    page: str
    original: str
    title: str = ""


Alter = Callable[[str, str, random.Random], str | None]


def pairs(
    pages: Sequence[dict[str, str]], each: int, supported: int, seed: int = 7, kinds: Sequence[str] = KINDS
) -> list[Pair]:
    """`each` pairs of every kind of alteration and `supported` unaltered ones, from as many pages as possible."""
    draw = random.Random(seed)
    order = sorted(pages, key=lambda page: page["id"])
    draw.shuffle(order)
    names = _names(order)
    wanted = dict.fromkeys(kinds, each) | {"supported": supported}
    found: list[Pair] = []
    for page in order:
        if not any(wanted.values()):
            break
        for kind in sorted(wanted, key=lambda kind: -wanted[kind]):
            if wanted[kind] and (pair := _one(page, kind, names, draw)):
                found.append(pair)
                wanted[kind] -= 1
                break
    return found


def _one(page: dict[str, str], kind: str, names: Sequence[str], draw: random.Random) -> Pair | None:
    text = _plain(page["markdown"])
    sentences = list(_sentences(text))
    if draw.random() < WITH_NEIGHBOUR:
        sentences = [(a[0], b[1]) for a, b in pairwise(sentences) if text[a[1] : b[0]] == " "]
    draw.shuffle(sentences)
    for start, end in sentences:
        original = text[start:end]
        passage = _around(text, start, end)
        if kind == "elsewhere":
            passage = _away(text, start, end)
        altered = original if kind in SAME else ALTERATIONS[kind](original, passage, names, draw)
        if altered is None or not passage or (altered == original) != (kind in SAME):
            continue
        said = reworded(altered, draw, whole=kind not in SAME)
        if said != original:
            return Pair(said, passage, kind, page["id"], original, page.get("title", ""))
    return None


def _names(pages: Sequence[dict[str, str]]) -> list[str]:
    """Capitalised words that are never written small."""
    text = "\n".join(_plain(page["markdown"]) for page in pages[:800])
    small = set(re.findall(r"\b[^\W\d_A-Z]\w+", text))
    return sorted({name for name in _NAME.findall(text) if name.lower() not in small})


def _plain(markdown: str) -> str:
    return re.sub(r" +", " ", re.sub(r"\*\*|\[([^\]]*)\]\([^)]*\)", r"\1", markdown)).replace(" .", ".")


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    for span in sentence_spans(text):
        start, end = without_marker(text, span)
        if not is_heading(text, span) and text[start] != "|" and 50 <= end - start <= 280 and text[end - 1] in ".;":
            yield start, end


def _around(text: str, start: int, end: int) -> str:
    """Whole paragraphs about the sentence, as a passage is cut."""
    first = text.rfind("\n\n", 0, max(0, start - PASSAGE_CHARS // 2))
    last = text.find("\n\n", end + PASSAGE_CHARS // 2)
    return text[first + 2 if first >= 0 else 0 : last if last >= 0 else len(text)][: 3 * PASSAGE_CHARS]


def _away(text: str, start: int, end: int) -> str:
    """Whole paragraphs of the page that are nowhere near the sentence; empty where the page is short."""
    parts = [text[: max(0, start - PASSAGE_CHARS)], text[end + PASSAGE_CHARS :]]
    paragraphs = max(parts, key=len).split("\n\n")[1:-1]
    passage = "\n\n".join(paragraphs)[: 2 * PASSAGE_CHARS]
    return passage if len(passage) > PASSAGE_CHARS / 2 and text[start:end] not in passage else ""


# In other words


def reworded(text: str, draw: random.Random, *, whole: bool = False) -> str:
    """The same in other words, by up to three of the rules that apply. `whole`: no part is left out, lest it be the altered one."""
    rules = [_figures_otherwise, _dates_otherwise, _harmless, _without_opening, _condition_first]
    rules += [] if whole else [_without_parenthesis]
    draw.shuffle(rules)
    changed = 0
    for rule in rules:
        new = rule(text, draw)
        if new != text and new.strip():
            text, changed = new, changed + 1
        if changed == 3:
            break
    return text


def _figures_otherwise(text: str, draw: random.Random) -> str:
    def other(match: re.Match[str]) -> str:
        figures = re.sub(r"\s", "", match[0])
        value = float(figures.replace(",", "."))
        if (
            value in _WORDS
            and draw.random() < 0.7
            and re.match(r" (?:jours|mois|ans|semaines|années|heures|fois)", text[match.end() :])
        ):
            return _WORDS[int(value)]
        if " " in match[0] or "\u00a0" in match[0]:
            return draw.choice([figures, match[0].replace(" ", "\u202f").replace("\u00a0", "\u202f")])
        return match[0]

    text = _NUMBER.sub(other, text)
    text = re.sub(r"(?<=\d)\s?€", draw.choice([" EUR", " euros", "\u00a0€"]), text)
    return re.sub(r"(?<=\d)\s?%", draw.choice([" pour cent", "%", "\u00a0%"]), text)


def _dates_otherwise(text: str, draw: random.Random) -> str:
    def other(match: re.Match[str]) -> str:
        if not (match["day"] and match["year"]):
            return match[0]
        day, month = int(match["day"].removesuffix("er")), _MONTHS.index(match["month"]) + 1
        return draw.choice([f"{day:02d}/{month:02d}/{match['year']}", f"{match['year']}-{month:02d}-{day:02d}"])

    return _DATE.sub(other, text)


def _harmless(text: str, draw: random.Random) -> str:
    for pattern, plain in _HARMLESS:
        text = re.sub(pattern, plain, text)
    return text


def _without_opening(text: str, draw: random.Random) -> str:
    bare = _OPENINGS.sub("", text)
    return bare[:1].upper() + bare[1:]


def _without_parenthesis(text: str, draw: random.Random) -> str:
    return _PARENTHESIS.sub("", text)


def _condition_first(text: str, draw: random.Random) -> str:
    """ "En cas de vol, il faut …" is "Il faut …, en cas de vol"."""
    match = re.fullmatch(r"((?:En cas|Pour|Si|Lorsqu|À partir|Dans)\b[^,]{5,80}), ([^.;]+)([.;])", text)
    if not match or not match[2][:1].islower():
        return text
    opening = match[1][:1].lower() + match[1][1:]
    return f"{match[2][:1].upper()}{match[2][1:]}, {opening}{match[3]}"


# Altered


def _number(text: str, passage: str, names: Sequence[str], draw: random.Random) -> str | None:
    """Another figure: one off, a digit changed, or, every other time, one that stands in the passage."""
    found = [m for m in _NUMBER.finditer(text) if not re.match(rf" (?:{_MONTH})", text[m.end() :])]
    found += list(_WORD_NUMBER.finditer(text))
    if not found:
        return None
    match = draw.choice(found)
    if not match[0][0].isdigit():
        return text[: match.start()] + draw.choice([w for w in _WORDS.values() if w != match[0]]) + text[match.end() :]
    stand = sorted({m[0] for m in _NUMBER.finditer(passage)} - {m[0] for m in _NUMBER.finditer(text)})
    if stand and draw.random() < 0.5:
        return text[: match.start()] + draw.choice(stand) + text[match.end() :]
    place = draw.choice([i for i, c in enumerate(match[0]) if c.isdigit()])
    digit = draw.choice([d for d in "123456789" if d != match[0][place]])
    return text[: match.start()] + match[0][:place] + digit + match[0][place + 1 :] + text[match.end() :]


def _date_changed(text: str, passage: str, names: Sequence[str], draw: random.Random) -> str | None:
    found = [m for m in _DATE.finditer(text) if m["day"] or m["year"]]
    if not found:
        return None
    match = draw.choice(found)
    part = draw.choice([part for part in ("day", "month", "year") if match[part]])
    start, end = match.span(part)
    other = {
        "day": str(draw.choice([d for d in range(2, 29) if str(d) != match["day"]])),
        "month": draw.choice([m for m in _MONTHS if m != match["month"]]),
        "year": str(int(match["year"] or 2000) + draw.choice([-2, -1, 1, 2])),
    }[part]
    return text[:start] + other + text[end:]


def _negation(text: str, passage: str, names: Sequence[str], draw: random.Random) -> str | None:
    denied = list(_NEGATED.finditer(text))
    if denied:
        match = draw.choice(denied)
        return text[: match.start()] + match["verb"] + text[match.end() :]
    affirmed = [
        m for m in _AFFIRMED.finditer(text) if not re.search(r"(?:\bne |n['’]|\by |qu['’]il )\Z", text[: m.start()])
    ]
    affirmed = [m for m in affirmed if text[: m.start()].count(" ") > 0]
    if not affirmed:
        return None
    match = draw.choice(affirmed)
    ne = "n'" if match["verb"][0] in "aeiouéè" else "ne "
    return f"{text[: match.start()]}{ne}{match['verb']} pas{text[match.end() :]}"


def _name(text: str, passage: str, names: Sequence[str], draw: random.Random) -> str | None:
    found = list(_NAME.finditer(text))
    others = [name for name in names if name not in passage]
    if not found or not others:
        return None
    match = draw.choice(found)
    return text[: match.start()] + draw.choice(others) + text[match.end() :]


def _audience(text: str, passage: str, names: Sequence[str], draw: random.Random) -> str | None:
    """Another kind of person; in singular and plural alike."""
    found = [(m, b) for a, b in _AUDIENCES for m in [re.search(rf"(?<!en )\b{a}(?=s?\b)", text)] if m]
    if not found:
        return None
    match, other = draw.choice(found)
    return text[: match.start()] + other + text[match.end() :]


def _condition(text: str, passage: str, names: Sequence[str], draw: random.Random) -> str | None:
    match = _CONDITION.search(text)
    if not match or match.start() < 25:
        return None
    return text[: match.start()] + text[match.end() :]


def _if(text: str, passage: str, names: Sequence[str], draw: random.Random) -> str | None:
    """Without its "if", first or last in the sentence."""
    match = _IF.search(text)
    if not match or re.search(
        r"\b(?:même|comme|sauf|que|et|ou|savoir|vérifie[rz]?|demande[rz]?|voir)\Z", text[: match.start()]
    ):
        return None
    rest = text[: match.start()] + text[match.end() :]
    return rest[:1].upper() + rest[1:] if len(rest) > 40 else None


ALTERATIONS: dict[str, Callable[[str, str, Sequence[str], random.Random], str | None]] = {
    "number": _number,
    "date": _date_changed,
    "negation": _negation,
    "name": _name,
    "audience": _audience,
    "condition": _condition,
    IF: _if,
}
