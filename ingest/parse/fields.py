"""The fields that a file states about itself, validated, and the Document made of them."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import PurePosixPath

from brain.errors import DocumentError
from brain.types import DEFAULT_TENANT, Document
from ingest.parse.options import Content, Defaults
from ingest.parse.text import clean, one_line

NAMES = ("id", "title", "url", "language", "audience", "tenant", "tags", "valid_from", "valid_until", "updated_at")
LONGEST_ID = 500


def document(content: Content, name: str, defaults: Defaults) -> Document:
    """The Document of `content`, read from the file `name`. Raises `DocumentError` naming the field that is bad."""
    fields = content.fields
    body = clean(content.body)
    valid_from, valid_until = _day(fields, "valid_from"), _day(fields, "valid_until")
    if valid_from and valid_until and valid_until < valid_from:
        raise DocumentError("valid_until is before valid_from", "Exchange or correct the two dates.")
    return Document(
        id=_id(fields, name),
        title=_string(fields, "title") or first_heading(body) or one_line(content.title) or _readable(name),
        body=body,
        tenant=_tenant(fields, defaults),
        source=defaults.source,
        url=_url(fields),
        language=_language(fields) or defaults.language,
        audience=_strings(fields, "audience") or defaults.audience,
        tags=_strings(fields, "tags") or defaults.tags,
        valid_from=valid_from,
        valid_until=valid_until,
        updated_at=_day(fields, "updated_at"),
    )


def first_heading(body: str) -> str:
    """The first level-one heading outside code, or ""."""
    fence = ""
    for line in body.split("\n"):
        if mark := re.match(r" {0,3}(```|~~~)", line):
            fence = "" if fence == mark[1] else fence or mark[1]
        elif not fence and (heading := re.match(r"# +(.*?)[ #]*$", line)):
            return one_line(heading[1])
    return ""


def _readable(name: str) -> str:
    """ "guides/mot-de-passe_oublie.md" → "Mot de passe oublie"."""
    stem = " ".join(re.split(r"[-_\s]+", PurePosixPath(name).stem)).strip()
    return stem[:1].upper() + stem[1:] or name


def _bad(field: str, value: object, right: str) -> DocumentError:
    # A container's repr is left out: YAML and JSON can nest it without end.
    shown = repr(value)[:80] if isinstance(value, str | int | float) else f"a {type(value).__name__}"
    return DocumentError(f"the field {field} is {shown}, which is not {right}", f"Give {field} as {right}.")


def _string(fields: Mapping[str, object], field: str) -> str:
    """The field as one line of text; "" where it is absent or empty."""
    value = fields.get(field)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise _bad(field, value, "one line of text")
    return "" if value is None else one_line(str(value))


def _strings(fields: Mapping[str, object], field: str) -> tuple[str, ...]:
    """A list, or text separated by commas, as distinct strings in their order."""
    value = fields.get(field)
    items = value if isinstance(value, list | tuple) else (value or "",)
    if not all(isinstance(item, str | int) and not isinstance(item, bool) for item in items):
        raise _bad(field, value, "a list of words, or words separated by commas")
    split = [str(item) for item in items] if items is value else str(items[0]).split(",")
    return tuple(dict.fromkeys(word for word in map(one_line, split) if word))


def _id(fields: Mapping[str, object], name: str) -> str:
    identifier = _string(fields, "id") or name
    if len(identifier) > LONGEST_ID:
        raise _bad("id", identifier, f"a name of at most {LONGEST_ID} characters")
    return identifier


def _tenant(fields: Mapping[str, object], defaults: Defaults) -> str:
    stated = _string(fields, "tenant")
    if stated and defaults.tenant is not None and stated != defaults.tenant:
        hint = "Move the file to that tenant's source, or remove its tenant field."
        raise DocumentError(f"it states the tenant {stated!r}, but its source belongs to {defaults.tenant!r}", hint)
    return stated or defaults.tenant or DEFAULT_TENANT


def _url(fields: Mapping[str, object]) -> str | None:
    url = _string(fields, "url")
    # Users click on it: "javascript:" and its like must not get through.
    if url and not re.match(r"https?://[^\s/]+\S*$", url, re.IGNORECASE):
        raise _bad("url", url, "an address that begins with https:// or http://")
    return url or None


def _language(fields: Mapping[str, object]) -> str | None:
    language = _string(fields, "language").lower()
    match = re.match(r"([a-z]{2,3})([-_][a-z0-9]+)*$", language)
    if language and not match:
        raise _bad("language", language, 'a language code such as "fr" or "en-GB"')
    return match[1] if match and match[1] != "und" else None


def _day(fields: Mapping[str, object], field: str) -> date | None:
    """An ISO date or date and time, or a French dd/mm/yyyy."""
    value = fields.get(field)
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    text = _string(fields, field)
    french = re.match(r"(\d{1,2})/(\d{1,2})/(\d{4})$", text)
    try:
        if french:
            return date(int(french[3]), int(french[2]), int(french[1]))
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        raise _bad(field, text, "a date such as 2026-03-31 or 31/03/2026") from None
