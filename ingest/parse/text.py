"""Bytes to clean text: encodings, Unicode form, spaces, invisible characters."""

import codecs
import re
import unicodedata

from brain.errors import DocumentError
from brain.text.invisible import visible

# Accented letters and signs of French and its neighbours: what a rightly decoded Western text is made of.
_WESTERN = set("àâäæçéèêëîïíìôöòóœùûüúÿñáãõåøßÀÂÄÆÇÉÈÊËÎÏÍÔÖÓŒÙÛÜÚŸÑÁÅØ€«»‹›“”„‘’‚…–—•·°§©®™²³µ±×÷½¼¾£¥¿¡ºª\u00a0")
_MISREAD = re.compile(r"[A-Za-z][½¼¾]|[½¼¾][a-z]")  # "c½ur": ISO-8859-15 read as Windows-1252
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAVE_AS_UTF8 = "Save the file as UTF-8 text, or give it the suffix of its real format."


def decode(raw: bytes, declared: str | None = None) -> str:
    """The text of `raw`: UTF-8, else the encoding it declares, else a Western one, else charset-normalizer's guess.

    Raises `DocumentError` for binary data and for bytes that no likely encoding explains.
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = _strict(raw, "utf-16")
    elif b"\0" in raw:
        raise DocumentError("it is binary data, not text (it has NUL bytes)", _SAVE_AS_UTF8)
    else:
        text = _strict(raw, "utf-8-sig")
        text = text if text is not None or not declared else _strict(raw, _browser_name(declared))
        text = text if text is not None else _western(raw) or _guess(raw)
    if text is None:
        raise DocumentError("its text encoding can't be told", _SAVE_AS_UTF8)
    if len(_CONTROLS.findall(text)) > len(text) / 100:
        raise DocumentError("it is binary data, not text (it is full of control characters)", _SAVE_AS_UTF8)
    return text


def clean(text: str) -> str:
    """NFC, newlines as `\\n`, plain spaces, nothing invisible, no trailing spaces, at most two blank lines running."""
    text = _SPACES.sub(" ", _BREAKS.sub("\n", text))
    text = unicodedata.normalize("NFC", visible(text))
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{4,}", "\n\n", text).strip("\n")


def one_line(text: str) -> str:
    """`text` cleaned, its white space as single spaces."""
    return " ".join(clean(text).split())


def _strict(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except (UnicodeDecodeError, LookupError):  # LookupError: a declared encoding that does not exist
        return None


def _browser_name(declared: str) -> str:
    """Browsers read "ISO-8859-1" as Windows-1252, and pages count on it."""
    return "cp1252" if declared.lower() in ("iso-8859-1", "latin-1", "latin1", "us-ascii") else declared


def _western(raw: bytes) -> str | None:
    """`raw` in the Western encoding that makes most sense of it; None where it does not look like Western text."""
    decoded = (_strict(raw, encoding) for encoding in ("cp1252", "iso8859-15", "mac-roman", "cp850"))
    best = max((text for text in decoded if text is not None), key=_likelihood)
    letters = [character.isascii() for character in best if character.isalpha()]
    # Western text is mostly ASCII letters: Cyrillic read as Windows-1252 is accented letters throughout.
    return best if _likelihood(best) >= 0.97 and 2 * sum(letters) >= len(letters) else None


def _likelihood(text: str) -> float:
    foreign = [character for character in text if character > "\x7f"]
    plausible = sum(character in _WESTERN for character in foreign) - len(_MISREAD.findall(text))
    return plausible / max(len(foreign), 1)


def _guess(raw: bytes) -> str | None:
    from charset_normalizer import from_bytes

    match = from_bytes(raw).best()
    # Much "chaos" is its word for text that reads as no language at all.
    return str(match) if match is not None and match.chaos < 0.2 else None
