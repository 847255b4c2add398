"""Plain text files."""

from ingest.parse.options import Content, Limits
from ingest.parse.text import clean, decode

LONGEST_TITLE = 120


def parse_text(raw: bytes, name: str, limits: Limits) -> list[Content]:
    """One Content: the text as it is; its first line is the title if it is short. Raises `DocumentError` for binary."""
    text = decode(raw)
    body = clean(text)
    return [Content(body, title=short_first_line(body), raw=text)]


def short_first_line(body: str) -> str:
    """The first line with words, if it could be a title, else ""."""
    first = next((line.strip() for line in body.split("\n") if line.strip()), "")
    return first if len(first) <= LONGEST_TITLE else ""
