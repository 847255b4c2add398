"""Invisible characters that can carry a message, not those that slip into any page."""

import re

_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0020-\U000e007e]{2,}")
"""Letters of the tag block, unless they name a flag (England's, Scotland's)."""
_TURNED = re.compile("[\u202d\u202e]")
_ROW = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]{8,}")
_INSIDE = re.compile(r"(?<=[^\W\d_])[\u200b-\u200d\u2060\ufeff](?=[^\W\d_])")
"""Between two letters: it splits a word for those who search, not for those who read."""
MANY = 10


def smuggled(raw: str) -> str:
    """What was noticed, in words and code points; "" where nothing was."""
    if raw.isascii():
        return ""
    if match := _TAGS.search(raw):
        return f"tag characters that read: {''.join(chr(ord(c) - 0xE0000) for c in match[0])}"
    if match := _ROW.search(raw):
        codes = " ".join(dict.fromkeys(f"U+{ord(c):04X}" for c in match[0]))
        return f"{len(match[0])} invisible characters in a row ({codes})" if len(set(match[0])) > 1 else ""
    if match := _TURNED.search(raw):
        return f"the direction of reading is overridden (U+{ord(match[0]):04X})"
    split = [c for c in _INSIDE.findall(raw) if c not in "\u200c\u200d"]
    return f"{len(split)} words with an invisible character inside" if len(split) >= MANY else ""
