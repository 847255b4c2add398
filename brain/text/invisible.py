"""Characters that nobody sees: what a page can hide words in, and what a terminal obeys instead of showing."""

import re

# Control, zero-width, directional, tag and private-use characters (icon fonts), lone surrogates. Line feed and tab stay.
_NEVER = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_JOINED = (
    "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18af"
    "\ufb50-\ufdff\ufe0f\u2190-\u2bff\U0001f000-\U0001faff"
)
"""Arabic, Indic and their like, and emoji: there a joiner changes what is seen."""
_JOINERS = re.compile(
    f"(?<![{_JOINED}])[\u200c\u200d]+|[\u200c\u200d]+(?![{_JOINED}])|(?<=[\u200c\u200d])[\u200c\u200d]+"
)
_VARIANTS = re.compile("(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]+")
"""One says how a character looks; more in a row can only carry something else."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """The text without invisible characters. Joiners stay in scripts and emoji that need them; soft hyphens go, no reader
    misses them."""
    if text.isascii() and text.isprintable():
        return text
    return _VARIANTS.sub("", _JOINERS.sub("", _NEVER.sub("", text)))


def without_controls(text: str) -> str:
    """The text for a terminal: nothing that moves the cursor, rings, colours or turns the direction of reading."""
    return text if text.isascii() and text.isprintable() else _CONTROLS.sub("", text)
