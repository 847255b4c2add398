"""What a page holds but does not show: hidden elements and comments."""

import re
from dataclasses import dataclass

from brain.text.invisible import visible
from ingest.parse.hidden import hidden_elements

_MAY_HIDE = re.compile(r"<!--|<[a-z][^<>]{0,2000}?\b(?:style|hidden|aria-hidden|color)\b", re.IGNORECASE)
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Concealed:
    """Texts of hidden elements, and comments, each on one line."""

    texts: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


def concealed_text(raw: str) -> Concealed:
    """Of HTML, or of Markdown with HTML in it; nothing of other texts."""
    if not _MAY_HIDE.search(raw):
        return Concealed()
    comments = tuple(_line(match[1]) for match in _COMMENT.finditer(raw))
    return Concealed(_texts(_COMMENT.sub(" ", raw)), comments)


def _texts(raw: str) -> tuple[str, ...]:
    import lxml.etree  # type: ignore[import-untyped]
    import lxml.html  # type: ignore[import-untyped]

    try:
        page = lxml.html.document_fromstring(visible(raw).replace("<?xml", "<!xml"))
    except (lxml.etree.ParserError, ValueError):  # no element and no text; or what no parser takes
        return ()
    lxml.etree.strip_elements(page, "script", "style", "svg", with_tail=False)
    return tuple(line for element in hidden_elements(page) if (line := _line(element.text_content())))


def _line(text: str) -> str:
    return " ".join(visible(text).split())
