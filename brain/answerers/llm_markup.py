"""A model's words as plain text: no HTML, no hidden targets of links, nothing invisible."""

import re

from brain.text.invisible import visible

_WITH_CONTENT = re.compile(
    r"<(script|style|iframe|object|svg|template|noscript|textarea|title)\b[^<>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<![A-Za-z\[][^<>]*>|<\?[^<>]*>", re.DOTALL)
_ANCHOR = re.compile(r"<a\b[^<>]*?\bhref\s*=\s*[\"']?([^\"'<>\s]*)[\"']?[^<>]*>(.*?)</a\s*>", re.DOTALL | re.IGNORECASE)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:|tel:)[^<>\s]+)>", re.IGNORECASE)
_NAMES = (
    "a|abbr|address|area|article|aside|audio|b|base|bdi|bdo|blockquote|body|br|button|canvas|caption|center|cite|code|col|colgroup|dd|del|details|dfn|"
    "dialog|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|"
    "legend|li|link|main|map|mark|marquee|math|menu|meta|nav|noscript|object|ol|optgroup|option|output|p|param|picture|plaintext|portal|pre|progress|q|s|"
    "samp|script|section|select|slot|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title|"
    "tr|track|tt|u|ul|var|video|wbr|xmp"
)
_TAG = re.compile(rf"</?(?:(?:{_NAMES})(?![\w:-])[^<>]*|[A-Za-z][^<>]*[=/\"'][^<>]*)>", re.IGNORECASE)
"""Names of HTML, and whatever has attributes. `<bucket-name>` is a word between brackets."""
_OPEN = re.compile(r"<(?=[/!?]?[A-Za-z][^<>]*(?:<|\Z))")
"""What would be a tag if a `>` came later: with a blank behind it, it never is."""
_BREAKING = re.compile(r"</?(?:br|p|div|li|tr|h[1-6]|ul|ol)\b[^<>]*>", re.IGNORECASE)
_TARGET = (
    r"\(\s*<?((?:[a-z][a-z0-9+.-]*:|//|/|\#|www\.)[^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?"
    r"(?:\s+[\"'(][^\n\"]{0,300}[\"')])?\s*\)"
)
_IMAGE = re.compile(rf"!\[([^\[\]]{{0,500}})\]{_TARGET}", re.IGNORECASE)
_LINK = re.compile(rf"(\[\[?\d[\d ,;]*\]\]?|\[([^\[\]]{{0,500}})\]){_TARGET}", re.IGNORECASE)
_SHOWN = re.compile(r"(?:https?://|mailto:|tel:|www\.)", re.IGNORECASE)
_STRONG = re.compile(r"(\*\*|__)(?=\S)([^*_\n]{1,500}?)(?<=\S)\1")


def plain_reply(text: str) -> str:
    """The reply without markup. A link becomes its words with its address behind them, so that the address is checked and seen."""
    text = visible(text)
    before = None
    while before != text:  # what is left when a tag is taken out may be a tag
        before = text
        text = _COMMENT.sub("", _WITH_CONTENT.sub("", text))
        text = _IMAGE.sub(lambda match: match[1], text)
        text = _LINK.sub(lambda match: _linked(match[2] if match[2] is not None else match[1], match[3]), text)
        text = _AUTOLINK.sub(r"\1", _ANCHOR.sub(lambda match: _linked(match[2], match[1]), text))
        text = _TAG.sub("", _BREAKING.sub("\n", text))
    return _OPEN.sub("< ", _STRONG.sub(r"\2", text))


def _linked(words: str, target: str) -> str:
    address = target.removeprefix("mailto:").removeprefix("tel:")
    if not _SHOWN.match(target) or words.strip() in (target, address):
        return words
    return f"{words} ({address})" if words.strip() else address
