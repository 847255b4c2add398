"""What a text states in figures (numbers, amounts, dates, durations, phone numbers, addresses, codes), written one way.

"1 200,50 €" is "1200.50 EUR", "quatorze jours" are "2 weeks", "3 mars 2026" is "2026-03-03", "+33 1 23 45 67 89" is "01 23 45 67 89".
Where a notation has two readings ("1.200", "03/04/2026") a value holds both: it matches whatever matches one of them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from brain.text.analyzer import fold
from brain.text.remembered import remembered
from brain.verify.notation import FIGURE, IN_BASE, JOINED, MONTH_OF, NOUN, OTHER, SCALE_OF, SCAN, UNIT_OF
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


@remembered
def values_in(text: str, language: str) -> list[Value]:
    """The values of a text in reading order."""
    text = in_figures(text, language)
    if not FIGURE.search(text) and not OTHER.search(text):
        return []
    found: list[tuple[int, int, Value]] = []
    at = 0
    while match := SCAN.search(text, at):
        at = max(match.end(), at + 1)
        following = NOUN.match(text, match.end())
        noun = fold(following[1].lower()) if following else ""
        found += [(match.start(), match.end(), replace(value, noun=noun)) for value in _read(match, language)]
    return [_in_base(value) for value in _with_shared_units(text, found)]


def _with_shared_units(text: str, found: Sequence[tuple[int, int, Value]]) -> Iterator[Value]:
    """ "5 à 10 kg": the first number is in kg too."""
    for (_, end, value), following in zip_longest(found, found[1:]):
        shares = value.kind == "number" and not value.unit and following and following[2].unit
        if shares and JOINED.match(text[end : following[0]]):
            value = replace(value, unit=following[2].unit)  # noqa: PLW2901
        yield value


def _in_base(value: Value) -> Value:
    """2 weeks are 14 days."""
    unit, factor = IN_BASE.get(value.unit or "", (value.unit, 1))
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
    factor = SCALE_OF[group["scale"].lower()] if group["scale"] else 1
    readings = frozenset(_plain(reading * factor) for reading in _decimals(group["num"] or "", language))
    word = group["sign"] or group["unit"] or ("day" if group["busyday"] else None)
    unit = UNIT_OF[word.lower()] if word else None
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
    match = SCAN.match(text)
    return {key: value for key, value in match.groupdict().items() if value} if match else {}


def _date(year: str | None, month: str | None, day: str | None) -> str:
    """As YYYY-MM-DD, `*` for what is not said."""
    number = MONTH_OF[month.lower().rstrip(".")] if month else None
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
