"""How values are written: units, scales, months, and the one expression that finds all of them in a text."""

import re
from collections.abc import Iterable

from brain.verify.numerals import WEAK

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
UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
IN_BASE = {
    "week": ("day", 7),
    "hour": ("minute", 60),
    "quarter": ("month", 3),
    "half-year": ("month", 6),
    "year": ("month", 12),
}
SCALE_OF = {
    "k": 1e3,
    "mille": 1e3,
    "thousand": 1e3,
    "milliers": 1e3,
    "hundred": 1e2,
    "million": 1e6,
    "millions": 1e6,
    "m": 1e6,
}
SCALE_OF |= {"milliard": 1e9, "milliards": 1e9, "billion": 1e9, "billions": 1e9, "md": 1e9, "mds": 1e9, "bn": 1e9}
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
MONTH_OF = {word: month for month, words in _MONTHS.items() for word in words.split()}
_PLAIN_MONTHS = sorted(
    set(MONTH_OF) - {"mars", "march", "mar", "may", "mai", "jan", "dec", "sep", "oct", "nov"}, key=len, reverse=True
)


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_MONTH = rf"(?:{_any(MONTH_OF)})\b\.?"
_DAY = r"(?:\d{1,2})(?:er|st|nd|rd|th)?"
_YEAR = r"(?:1[5-9]|20)\d\d"
_NUM = r"[1-9]\d{0,2}(?P<mark>[ '’.,])\d{3}(?:(?P=mark)\d{3})*(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
_UNIT = rf"(?:{_any(UNIT_OF)})(?![^\W_])"
_SCALE = rf"(?:{_any(SCALE_OF)})(?![^\W_])"
_WORKING = r"(?:[ ]*(?P<work>ouvr[ée]s?|ouvrables?))?"
_DOMAINS = _any(
    "fr com org net eu io gov uk info biz xyz site online shop store top club link click live app dev ai co ch lu ru cn paris "
    "bzh".split()
)
FIGURE = re.compile(r"\d")
OTHER = re.compile(
    rf"@|www\.|://|\b(?:javascript|vbscript|data):|\.(?:{_DOMAINS})\b|\b(?:{_any(_PLAIN_MONTHS)})\b", re.IGNORECASE
)
"""What `SCAN` finds holds one of these two; they cost a fraction."""
SCAN = re.compile(
    rf"""
    (?P<url>(?:\b[a-z][a-z0-9+.-]{{1,15}}://|www\.|\b(?:javascript|vbscript|data):(?=[^\s]))[^\s<>()\[\]«»"]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:{_DOMAINS})\b(?:/[^\s<>()\[\]«»"]*)?)
    |(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    |(?P<iso>\b\d{{4}}-\d{{2}}-\d{{2}}\b)
    |(?P<dmy>\b\d{{1,2}}(?P<dmark>[/.-])\d{{1,2}}(?P=dmark)(?:\d{{4}}|\d{{2}})\b(?![-/.]?\d))
    |(?P<first>{_DAY})[ ]?(?:-|–|à|au|et|ou|to|and|or|until)[ ]?(?=(?P<rest>{_DAY}[ ]{_MONTH}(?:[ ]{_YEAR})?))
    |(?P<day>\b{_DAY})[ ]?(?:de[ ]|of[ ])?(?P<month>{_MONTH})(?:,?[ ](?P<year>{_YEAR}))?\b
    |\b(?P<month2>{_MONTH})[ ](?P<day2>{_DAY})\b(?![ ]?[%€$£])(?:,?[ ](?P<year2>{_YEAR}))?\b
    |\b(?P<month3>{_MONTH})[ ](?:de[ ]|of[ ])?(?P<year3>{_YEAR})\b
    |\b(?P<month4>{_any(_PLAIN_MONTHS)})\b
    |(?P<phone>(?:\+\d{{1,3}}[ .-]?(?:\(0\)[ ]?)?\d|\b0\d)(?:[ .-]?\d){{6,11}}\b
        |\(?\b\d{{3}}\)?[ .-]\d{{3}}[ .-]\d{{4}}\b|\b\d\d[ ]\d\d\b(?![ ]?[\d,.%€$£]))
    |\b(?P<hour>\d{{1,2}})(?:[ ]?h(?:eures?)?[ ]?(?P<min>[0-5]\d)?
        |:(?P<min2>[0-5]\d)(?:[ ]?(?P<half2>[ap])\.?m\b\.?)?|[ ]?(?P<half>[ap])\.?m\b\.?)(?![^\W_])
    |\b(?P<from>(?:19|20)\d\d)[-–](?P<until>\d\d)\b(?![-–/.]?\d)
    |(?P<article>\b[lrda][ ]?\.?[ ]?\d+(?:-\d+)+)
    |(?P<code>\b(?:(?=[\w*-]*\d)(?=[\w*-]*[^\W\d_])(?!\d+(?:{_any(UNIT_OF)}|er|e|ème|eme|ère|ere|nde|st|nd|rd|th|x)s?\b)(?!\d+[km]€?\b)[^\W_](?:[*-]?[^\W_])+|\d+(?:[*]\d+)+|\d+(?:-\d+){{2,}}))
    |(?:(?P<sign>[€$£]|\b(?:eur|usd|gbp|chf)\b)[ ]?)?(?P<weak>{WEAK})?(?<![\w])(?P<num>{_NUM})
        (?:(?:er|e|ème|eme|ère|ere|nde|st|nd|rd|th|x)s?\b)?
        (?:[ ]?(?P<scale>{_SCALE})(?:[ ](?:d['’]|de[ ]|of[ ]))?)?
        (?:[ -]?(?P<busy>working|business)[ ](?P<busyday>days?))?
        (?:[ ]?-?(?P<unit>{_UNIT}))?{_WORKING}
    """,
    re.VERBOSE | re.IGNORECASE,
)
NOUN = re.compile(r"[ -]?([^\W\d_]{2,})")
JOINED = re.compile(r"\A[ ]*(?:-|–|à|a|et|ou|to|and|or|/)[ ]*\Z", re.IGNORECASE)
