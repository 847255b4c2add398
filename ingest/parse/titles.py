"""Titles that programs write into a file's properties."""

import re

# What Word, LibreOffice, Chrome and scanners write when nobody gave a title.
_MEANINGLESS = re.compile(
    r"(microsoft (word|powerpoint|excel) -|untitled|sans (titre|nom)|\(?anonymous|document ?\d*$|about:|https?:|"
    r"présentation powerpoint|powerpoint presentation|scan)|.*\.(docx?|pdf|odt|rtf|indd|pptx?|xlsx?|tmp|html?)$",
    re.IGNORECASE,
)


def sensible(title: str) -> bool:
    """Whether a property "title" can be shown as the document's title."""
    title = title.strip()
    return 3 <= len(title) <= 200 and not _MEANINGLESS.match(title) and any(letter.isalpha() for letter in title)
