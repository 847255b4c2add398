"""What a text states in figures (numbers, amounts, dates, durations, phone numbers, addresses, codes), written one way.

"1 200,50 €" is "1200.50 EUR", "quatorze jours" are "2 weeks", "3 mars 2026" is "2026-03-03", "+33 1 23 45 67 89" is "01 23 45 67 89".
Where a notation has two readings ("1.200", "03/04/2026") a value holds both: it matches whatever matches one of them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from brain.text.analyzer import fold
from brain.verify.numerals import WEAK, in_figures

Readings = frozenset[str]


@dataclass(frozen=True, slots=True)
class Value:
    """One value. `kind`: number, date, phone, address (URL or e-mail) or code. `unit` is None for a bare number."""

    kind: str
    readings: Readings
    unit: str | None = None
    weak: bool = False
    shown: str = ""
    """As it stands in the text."""
    raw: Readings = frozenset()
    """The readings before they were put into the base unit: in a table, 18 may be "18 ans"."""
    noun: str = ""
    """The word that follows a bare number, accents folded."""


_UNITS = {
    "eur": "€ eur euro euros",
    "usd": "$ usd dollar dollars",
    "gbp": "£ gbp pound pounds livre livres",
    "chf": "chf",
    "cent": "centime centimes cents",
    "%": "%",
    "second": "s sec seconde secondes seconds",
    "minute": "min minute minutes mn",
    "hour": "h heure heures hour hours hr hrs",
    "day": "j jour jours day days",
    "week": "semaine semaines week weeks",
    "month": "mois month months",
    "quarter": "trimestre trimestres quarter quarters",
    "half-year": "semestre semestres",
    "year": "an ans année années year years yr yrs",
    "kg": "kg kilo kilos kilogramme kilogrammes kilogram kilograms",
    "g": "g gramme grammes gram grams",
    "t": "tonne tonnes",
    "km": "km kilomètre kilomètres kilometer kilometers kilometre kilometres",
    "m": "m mètre mètres metre metres meter meters",
    "cm": "cm centimètre centimètres centimetre centimetres",
    "mm": "mm millimètre millimètres",
    "m2": "m2",
    "m3": "m3",
    "mile": "mile miles",
    "l": "l litre litres liter liters",
    "ml": "ml",
    "ko": "ko kb",
    "mo": "mo mb",
    "go": "go gb",
    "tb": "tb",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_IN_BASE = {
    "week": ("day", 7),
    "hour": ("minute", 60),
    "quarter": ("month", 3),
    "half-year": ("month", 6),
    "year": ("month", 12),
}
_SCALE_OF = {
    "k": 1e3,
    "mille": 1e3,
    "thousand": 1e3,
    "milliers": 1e3,
    "hundred": 1e2,
    "million": 1e6,
    "millions": 1e6,
    "m": 1e6,
}
_SCALE_OF |= {"milliard": 1e9, "milliards": 1e9, "billion": 1e9, "billions": 1e9, "md": 1e9, "mds": 1e9, "bn": 1e9}
_MONTHS = {
    1: "janvier janv january jan",
    2: "février fevrier févr fevr february feb",
    3: "mars march mar",
    4: "avril avr april apr",
    5: "mai may",
    6: "juin june jun",
    7: "juillet juil july jul",
    8: "août aout august aug",
    9: "septembre sept september sep",
    10: "octobre oct october",
    11: "novembre nov november",
    12: "décembre decembre déc dec december",
}
_MONTH_OF = {word: month for month, words in _MONTHS.items() for word in words.split()}
_PLAIN_MONTHS = sorted(
    set(_MONTH_OF) - {"mars", "march", "mar", "may", "mai", "jan", "dec", "sep", "oct", "nov"}, key=len, reverse=True
)


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_MONTH = rf"(?:{_any(_MONTH_OF)})\b\.?"
_DAY = r"(?:\d{1,2})(?:er|st|nd|rd|th)?"
_YEAR = r"(?:1[5-9]|20)\d\d"
_NUM = r"[1-9]\d{0,2}(?P<mark>[ '’.,])\d{3}(?:(?P=mark)\d{3})*(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
_UNIT = rf"(?:{_any(_UNIT_OF)})(?![^\W_])"
_SCALE = rf"(?:{_any(_SCALE_OF)})(?![^\W_])"
_WORKING = r"(?:[ ]*(?P<work>ouvr[ée]s?|ouvrables?))?"
_SCAN = re.compile(
    rf"""
    (?P<url>(?:https?://|www\.)[^\s<>()\[\]«»"]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:fr|com|org|net|eu|io|gov|uk|info)\b(?:/[^\s<>()\[\]«»"]*)?)
    |(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    |(?P<iso>\b\d{{4}}-\d{{2}}-\d{{2}}\b)
    |(?P<dmy>\b\d{{1,2}}(?P<dmark>[/.-])\d{{1,2}}(?P=dmark)(?:\d{{4}}|\d{{2}})\b(?![-/.]?\d))
    |(?P<first>{_DAY})[ ]?(?:-|–|à|au|et|ou|to|and|or|until)[ ]?(?=(?P<rest>{_DAY}[ ]{_MONTH}(?:[ ]{_YEAR})?))
    |(?P<day>\b{_DAY})[ ]?(?:de[ ]|of[ ])?(?P<month>{_MONTH})(?:,?[ ](?P<year>{_YEAR}))?\b
    |\b(?P<month2>{_MONTH})[ ](?P<day2>{_DAY})\b(?![ ]?[%€$£])(?:,?[ ](?P<year2>{_YEAR}))?\b
    |\b(?P<month3>{_MONTH})[ ](?:de[ ]|of[ ])?(?P<year3>{_YEAR})\b
    |\b(?P<month4>{_any(_PLAIN_MONTHS)})\b
    |(?P<phone>(?:\+\d{{1,3}}[ .-]?(?:\(0\)[ ]?)?\d|\b0\d)(?:[ .-]?\d){{6,11}}\b|\(?\b\d{{3}}\)?[ .-]\d{{3}}[ .-]\d{{4}}\b|\b\d\d[ ]\d\d\b(?![ ]?[\d,.%€$£]))
    |\b(?P<hour>\d{{1,2}})(?:[ ]?h(?:eures?)?[ ]?(?P<min>[0-5]\d)?|:(?P<min2>[0-5]\d)(?:[ ]?(?P<half2>[ap])\.?m\b\.?)?|[ ]?(?P<half>[ap])\.?m\b\.?)(?![^\W_])
    |\b(?P<from>(?:19|20)\d\d)[-–](?P<until>\d\d)\b(?![-–/.]?\d)
    |(?P<article>\b[lrda][ ]?\.?[ ]?\d+(?:-\d+)+)
    |(?P<code>\b(?:(?=[\w*-]*\d)(?=[\w*-]*[^\W\d_])(?!\d+(?:{_any(_UNIT_OF)}|er|e|ème|eme|ère|ere|nde|st|nd|rd|th|x)s?\b)(?!\d+[km]€?\b)[^\W_](?:[*-]?[^\W_])+|\d+(?:[*]\d+)+|\d+(?:-\d+){{2,}}))
    |(?:(?P<sign>[€$£]|\b(?:eur|usd|gbp|chf)\b)[ ]?)?(?P<weak>{WEAK})?(?<![\w])(?P<num>{_NUM})
        (?:(?:er|e|ème|eme|ère|ere|nde|st|nd|rd|th|x)s?\b)?
        (?:[ ]?(?P<scale>{_SCALE})(?:[ ](?:d['’]|de[ ]|of[ ]))?)?
        (?:[ -]?(?P<busy>working|business)[ ](?P<busyday>days?))?
        (?:[ ]?-?(?P<unit>{_UNIT}))?{_WORKING}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NOUN = re.compile(r"[ -]?([^\W\d_]{2,})")
_JOINED = re.compile(r"\A[ ]*(?:-|–|à|a|et|ou|to|and|or|/)[ ]*\Z", re.IGNORECASE)


def values_in(text: str, language: str) -> list[Value]:
    """The values of a text in reading order."""
    text = in_figures(text, language)
    found: list[tuple[int, int, Value]] = []
    at = 0
    while match := _SCAN.search(text, at):
        at = max(match.end(), at + 1)
        following = _NOUN.match(text, match.end())
        noun = fold(following[1].lower()) if following else ""
        found += [(match.start(), match.end(), replace(value, noun=noun)) for value in _read(match, language)]
    return [_in_base(value) for value in _with_shared_units(text, found)]


def _with_shared_units(text: str, found: Sequence[tuple[int, int, Value]]) -> Iterator[Value]:
    """ "5 à 10 kg": the first number is in kg too."""
    for (_, end, value), following in zip_longest(found, found[1:]):
        shares = value.kind == "number" and not value.unit and following and following[2].unit
        if shares and _JOINED.match(text[end : following[0]]):
            value = replace(value, unit=following[2].unit)  # noqa: PLW2901
        yield value


def _in_base(value: Value) -> Value:
    """2 weeks are 14 days."""
    unit, factor = _IN_BASE.get(value.unit or "", (value.unit, 1))
    if factor == 1:
        return value
    return replace(
        value,
        unit=unit,
        raw=value.readings,
        readings=frozenset(_plain(float(reading) * factor) for reading in value.readings),
    )


def _read(match: re.Match[str], language: str) -> Iterator[Value]:
    shown = match[0].replace(WEAK, "").strip()
    group = match.groupdict()
    if group["url"] or group["mail"]:
        yield Value("address", frozenset({_address(shown)}), shown=shown)
    elif group["iso"] or group["dmy"]:
        yield Value("date", _numeric_dates(shown, language), shown=shown)
    elif group["first"]:
        rest = _date_of(group["rest"])
        yield Value("date", frozenset({_date(rest.get("year"), rest.get("month"), group["first"])}), shown=shown)
    elif month := group["month"] or group["month2"] or group["month3"] or group["month4"]:
        year = group["year"] or group["year2"] or group["year3"]
        yield Value("date", frozenset({_date(year, month, group["day"] or group["day2"])}), shown=shown)
    elif group["phone"]:
        yield Value("phone", frozenset({_phone(shown)}), shown=shown)
    elif group["hour"]:
        half = group["half"] or group["half2"]
        minutes = _hour(int(group["hour"]), half) * 60 + int(group["min"] or group["min2"] or 0)
        yield Value("number", frozenset({str(minutes)}), "minute", shown=shown)
    elif group["from"]:
        yield Value("number", frozenset({group["from"]}), shown=group["from"])
        yield Value("number", frozenset({group["from"][:2] + group["until"]}), shown=shown)
    elif group["article"] or group["code"]:
        yield Value("code", frozenset({re.sub(r"[^\w]", "", fold(shown.lower()))}), shown=shown)
    elif group["num"]:
        yield _number(group, language, shown)


def _number(group: dict[str, str | None], language: str, shown: str) -> Value:
    factor = _SCALE_OF[group["scale"].lower()] if group["scale"] else 1
    readings = frozenset(_plain(reading * factor) for reading in _decimals(group["num"] or "", language))
    word = group["sign"] or group["unit"] or ("day" if group["busyday"] else None)
    unit = _UNIT_OF[word.lower()] if word else None
    if group["busyday"]:
        unit = "working day"
    elif group["work"] and unit == "day":
        unit = "working day" if group["work"].lower().startswith(("ouvré", "ouvre")) else "ouvrable day"
    return Value("number", readings, unit, bool(group["weak"]), shown)


def _decimals(figures: str, language: str) -> set[float]:
    marks = re.findall(r"[ '’.,]", figures)
    whole = float(re.sub(r"\D", "", figures))
    if not marks:
        return {whole}
    last = marks[-1]
    head, _, tail = figures.rpartition(last)
    decimal = float(f"{re.sub(r'[^0-9]', '', head)}.{tail}")
    if last in " '’" or (len(marks) > 1 and len(set(marks)) == 1):
        return {whole}
    if len(marks) > 1 or len(tail) != 3:
        return {decimal}
    if len(head) > 3 or head.startswith("0"):
        return {decimal}
    return {whole, decimal}


def _plain(number: float) -> str:
    return f"{number:.12g}"


def _hour(hour: int, half: str | None) -> int:
    if not half:
        return hour
    return hour % 12 + (12 if half.lower() == "p" else 0)


def _address(text: str) -> str:
    bare = re.sub(r"\A(?:https?://)?(?:www\.)?", "", text.lower()).rstrip("/.,;:!?…*_`'’")
    return bare.rstrip("/")


def _phone(text: str) -> str:
    digits = re.sub(r"\D", "", text.replace("(0)", ""))
    if text.startswith("+33"):
        return "0" + digits[2:]
    return digits


def _date_of(text: str) -> dict[str, str]:
    match = _SCAN.match(text)
    return {key: value for key, value in match.groupdict().items() if value} if match else {}


def _date(year: str | None, month: str | None, day: str | None) -> str:
    """As YYYY-MM-DD, `*` for what is not said."""
    number = _MONTH_OF[month.lower().rstrip(".")] if month else None
    digits = re.sub(r"\D", "", day) if day else ""
    return "-".join((year or "*", f"{number:02d}" if number else "*", f"{int(digits):02d}" if digits else "*"))


def _numeric_dates(text: str, language: str) -> Readings:
    parts = re.split(r"[/.-]", text)
    if len(parts[0]) == 4:
        return frozenset({"-".join(parts)})
    first, second, year = parts
    year = year if len(year) == 4 else f"20{year}"
    orders = [(second, first)] if language == "fr" else [(second, first), (first, second)]
    read = {f"{year}-{int(m):02d}-{int(d):02d}" for m, d in orders if 1 <= int(m) <= 12 and 1 <= int(d) <= 31}
    return frozenset(read or {f"{year}-{int(second):02d}-{int(first):02d}"})
