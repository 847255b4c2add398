"""Links that run something when followed, and texts in base64."""

import base64
import binascii
import re

_ACTIVE = re.compile(
    r"(?:\b(?:href|src|action|formaction|xlink:href)\s*=\s*[\"']?|\]\(\s*<?)\s*"
    r"((?:j\s*a\s*v\s*a|v\s*b)\s*s\s*c\s*r\s*i\s*p\s*t\s*:[^\s\"'<>)]{0,100}|data:(?!image/(?:png|jpe?g|gif|webp|avif|bmp|x-icon)\b)[^\s\"'<>)]{0,100})",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"javascript:(?:void|;|\Z|(?:window\.)?(?:print|history\.(?:back|go)|close)\b|//|return false)", re.IGNORECASE
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/]{80,}={0,2}(?![A-Za-z0-9+/=])")
_WORDS = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,}+(?:[ ,.:;!?'’\n-]++[^\W\d_]++){7}")


def active_links(raw: str) -> str:
    """The first link to `javascript:` or `data:` that is not a picture and not the usual way of linking nowhere; else ""."""
    return next((match[1] for match in _ACTIVE.finditer(raw) if not _HARMLESS.match(match[1])), "")


def encoded_text(raw: str) -> str:
    """The first base64 that holds sentences, decoded; "" where there is none. Keys, pictures and certificates hold none."""
    for match in _BASE64.finditer(raw):
        bare = match[0].rstrip("=")
        try:
            text = base64.b64decode(bare + "=" * (-len(bare) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        if _WORDS.search(text):
            return text
    return ""
