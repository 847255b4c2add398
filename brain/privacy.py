"""Personal data in a text: e-mail addresses, phone numbers, IBANs, French social-security numbers, payment cards.

Numbers count only where their check digits are right (python-stdnum) or a telephone network has assigned them (phonenumbers,
Google's tables). What a company publishes for everyone, such as 0800 and 3939, is not personal and stays.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

EMAIL, PHONE, IBAN, NIR, CARD = "E-MAIL", "TEL", "IBAN", "NIR", "CARD"
COUNTRY = "FR"
"""Of numbers that are written without a country's prefix."""
_GAP = r"[ \u00a0\u202f.-]?"
_ALONE, _END = r"(?<![\w.,/-])", r"(?![\w]|[.,-]\d)"
_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}(?:@|\s?[\[(]\s?(?:at|arobase|à)\s?[\])]\s?)(?:[\w-]{1,63}\.)+"
    r"(?!(?:png|jpe?g|gif|svg|webp|pdf|html?|css|js|json|xml|zip)\b)[^\W\d_]{2,24}(?![\w-])",
    re.IGNORECASE,
)
_IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}\d{2}(?:[ \u00a0\u202f-]?[A-Z0-9]){11,30}(?![^\W_])", re.IGNORECASE)
_NIR = re.compile(
    rf"{_ALONE}[12]{_GAP}\d\d{_GAP}[0-9]\d{_GAP}(?:\d\d|2[ABab]){_GAP}\d{{3}}{_GAP}\d{{3}}(?P<key>{_GAP}/?{_GAP}\d\d)?{_END}"
)
_NIR_GROUPED = re.compile(r"[12]([ \u00a0\u202f.-])\d\d\1(?:0[1-9]|1[0-2])\1(?:\d\d|2[ABab])\1\d{3}\1\d{3}")
"""Without its key there is nothing to check it by but the way in which nothing else is written."""
_CARD = re.compile(
    rf"{_ALONE}(?:[2-6]\d{{3}}(?P<gap>[ \u00a0\u202f-]?)\d{{4}}(?P=gap)\d{{4}}(?P=gap)\d{{4}}"
    rf"|3[47]\d\d(?P<gap2>[ \u00a0\u202f-]?)\d{{6}}(?P=gap2)\d{{5}}){_END}"
)
_ISSUER = re.compile(r"4|5[0-8]|2[2-7]|3[457]|6[024-9]")
_FRENCH_PHONE = re.compile(
    rf"(?<![\w+])(?<!\d[.,])(?:(?:\+|00){_GAP}33{_GAP}(?:\(0\){_GAP})?|(?:\(0\)|0){_GAP})"
    rf"[1-9](?P<gap>{_GAP})\d\d(?:(?P=gap)\d\d){{3}}{_END}"
)
"""As the library's own search finds it, and also where two follow one another."""
_PHONE_LIKE = re.compile(r"[+(]?\d(?:[\s().\-–/\u00a0\u202f]{0,3}\d){7}")
_DECIMAL = re.compile(r"\d[.,]\Z")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>()\[\]«»\"]+", re.IGNORECASE)
_REFERENCE = re.compile(
    r"(?:commandes?|dossiers?|factures?|r[ée]f(?:[ée]rences?|\.)?|contrats?|colis|orders?|invoices?|tickets?|parcels?|sire[nt]|idcc)"
    r"\s{0,2}(?:n[°ou]\.?|num[ée]ro|number|no\.?|id)?\s{0,2}[:#]?\s{0,2}\Z",
    re.IGNORECASE,
)
"""What stands before a number that names a thing."""
_AMOUNT = re.compile(r"[ \u00a0\u202f]?(?:[€$£%]|euros?\b|EUR\b)", re.IGNORECASE)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of personal data: what it is and where it stands."""

    kind: str
    start: int
    end: int


def find(text: str) -> list[Found]:
    """The personal data of a text in reading order, none overlapping another."""
    found: list[Found] = []
    for kind, spans in _FINDERS.items():
        for start, end in spans(text):
            if all(end <= other.start or start >= other.end for other in found):
                found.append(Found(kind, start, end))
    return sorted(found, key=lambda one: one.start)


def mask(text: str) -> str:
    """The text with `[E-MAIL]`, `[TEL]`, `[IBAN]`, `[NIR]`, `[CARD]` in place of personal data. Masking twice changes nothing."""
    return _replaced(text, lambda one: f"[{one.kind}]")


def without_placeholders(text: str) -> str:
    """A masked text less its placeholders: as words to search by, they are worse than none."""
    return re.sub(r"[^\S\n]{2,}", " ", _MASKED.sub(" ", text)).strip()


class Pseudonyms:
    """Masks the texts of one request with numbered placeholders, the same value always by the same one, and puts them back."""

    def __init__(self) -> None:
        self._by_value: dict[str, str] = {}
        self._values: dict[str, str] = {}

    def mask(self, text: str) -> str:
        """The text with `[TEL_1]` and the like."""
        return _replaced(text, lambda one: self._placeholder(one.kind, text[one.start : one.end]))

    def restore(self, text: str) -> str:
        """A reply with what the placeholders stand for, also where the model left their brackets out."""
        if not self._values:
            return text
        return _PLACEHOLDER.sub(lambda match: self._values.get(match[1], match[0]), text)

    def _placeholder(self, kind: str, value: str) -> str:
        key = kind + re.sub(r"[\W_]", "", value).lower()
        if key not in self._by_value:
            name = f"{kind}_{sum(known.startswith(f'{kind}_') for known in self._values) + 1}"
            self._by_value[key], self._values[name] = name, value
        return f"[{self._by_value[key]}]"


_MASKED = re.compile(rf"\[(?:{'|'.join((EMAIL, PHONE, IBAN, NIR, CARD))})\]")
_PLACEHOLDER = re.compile(rf"\[?\b((?:{'|'.join((EMAIL, PHONE, IBAN, NIR, CARD))})_\d{{1,4}})\b\]?")


def _replaced(text: str, placeholder: Callable[[Found], str]) -> str:
    parts, at = [], 0
    for one in find(text):
        parts += [text[at : one.start], placeholder(one)]
        at = one.end
    return "".join([*parts, text[at:]])


def _emails(text: str) -> Iterator[Span]:
    if "@" in text or "[" in text or "(" in text:
        yield from (match.span() for match in _EMAIL.finditer(text))


def _ibans(text: str) -> Iterator[Span]:
    at = 0
    while match := _IBAN.search(text, at):
        end = _end_of_iban(match[0])
        at = match.start() + (end or 1)
        if end:
            yield match.start(), at


def _end_of_iban(candidate: str) -> int:
    """Where in the candidate, which may run on into the next words, a whole IBAN ends; 0 where there is none."""
    from stdnum import iban

    ends = (end for end in range(len(candidate), 14, -1) if not candidate[end : end + 1].isalnum())
    return next((end for end in ends if candidate[end - 1].isalnum() and iban.is_valid(candidate[:end])), 0)


def _nirs(text: str) -> Iterator[Span]:
    for match in _NIR.finditer(text):
        from stdnum.fr import nir

        if match["key"]:
            if nir.is_valid(re.sub(r"[\W_]", "", match[0])):
                yield match.span()
        elif _NIR_GROUPED.fullmatch(match[0]):
            yield match.span()


def _cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        from stdnum import luhn

        digits, start = re.sub(r"\D", "", match[0]), match.start()
        sound = _ISSUER.match(digits) and luhn.is_valid(digits)
        if sound and not _in_url(text, start) and not _names_a_thing(text, start):
            yield match.span()


def _phones(text: str) -> Iterator[Span]:
    if not _PHONE_LIKE.search(text):  # most texts: the library takes its time
        return
    from phonenumbers import is_valid_number

    for (start, end), number in _numbers(text):
        solid = text[start:end].isdigit()  # ten figures in a row may be anything: the network must have assigned them
        if solid and (_names_a_thing(text, start) or not is_valid_number(number)):
            continue
        if not (_is_for_everyone(number) or _in_url(text, start) or _AMOUNT.match(text, end)):
            yield start, end


def _numbers(text: str) -> "Iterator[tuple[Span, PhoneNumber]]":
    from phonenumbers import Leniency, PhoneNumberMatcher, parse

    for found in _FRENCH_PHONE.finditer(text):
        yield found.span(), parse(found[0].removeprefix("(0)"), COUNTRY)
    rest = _FRENCH_PHONE.sub(lambda found: "x" * len(found[0]), text)
    for match in PhoneNumberMatcher(rest, COUNTRY, leniency=Leniency.VALID):
        if not _DECIMAL.search(text, max(0, match.start - 2), match.start):
            yield (match.start, match.end), match.number


def _is_for_everyone(number: "PhoneNumber") -> bool:
    from phonenumbers import PhoneNumberType as Type
    from phonenumbers import number_type

    return number_type(number) in (Type.TOLL_FREE, Type.PREMIUM_RATE, Type.SHARED_COST, Type.UAN)


_FINDERS: dict[str, Callable[[str], Iterator[Span]]] = {
    EMAIL: _emails,
    IBAN: _ibans,
    NIR: _nirs,
    CARD: _cards,
    PHONE: _phones,
}
"""The surest first: what one has found, the next ones leave alone."""


def _in_url(text: str, start: int) -> bool:
    """An address of a page may hold any figures."""
    begin = max(text.rfind(mark, 0, start) for mark in ' \n\t<>()[]"«»') + 1
    return bool(_URL.match(text, begin))


def _names_a_thing(text: str, start: int) -> bool:
    return bool(_REFERENCE.search(text, max(0, start - 30), start))
