"""The marks inside Markdown text: what a reader sees is kept, emphasis and internal targets go."""

import html
import re
from collections.abc import Mapping

# A passage is quoted to users and matched word by word, so that "**1 200 €**" is better as "1 200 €".
# Repetitions are bounded or exclude their own opening, so that hostile text costs no more than linear time.
_KEPT = re.compile(r"(?<!`)(`+)(?!`)(.{1,2000}?)(?<!`)\1(?!`)|\\([!-/:-@\[-`{-~])", re.DOTALL)
_COMMENT = re.compile(r"<!--(?:(?!<!--).)*?-->", re.DOTALL)
_TARGET = r"\(\s*(<[^<>\n]{0,2000}>|(?:[^\s()]|\([^\s()]{0,500}\)){0,2000})(?:\s+[\"'(][^\n\"]{0,500}[\"')])?\s*\)"
_LABEL = r"\[((?:[^\[\]]|\[[^\[\]]{0,500}\]){0,1000})\]"
_IMAGE = re.compile(rf"!{_LABEL}(?:{_TARGET}|\[[^\[\]]{{0,200}}\])")
_LINK = re.compile(rf"(?<!!){_LABEL}(?:{_TARGET}|\[([^\[\]]{{0,200}})\])")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:|tel:)[^<>\s]+)>")
_ANCHOR = re.compile(r"<a\b[^<>]*?href\s*=\s*[\"']([^\"'<>]*)[\"'][^<>]*>([^<>]*)</a\s*>", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|mailto:)[^\s<>()\[\]|*]+")
_BREAK = re.compile(r"<br\s*/?>\n?", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|center|cite|code|dd|del|details|dfn|div|dl|dt|em|figcaption|figure|font|h[1-6]|hr|i|img|ins|kbd|"
    r"label|li|mark|ol|p|picture|q|s|samp|section|small|span|strong|sub|summary|sup|table|tbody|td|th|thead|time|tr|u|ul|var|wbr)\b[^<>]*>",
    re.IGNORECASE,
)
_INSIDE = r"(?=[^\s*])((?:(?!\n\s*\n)[^|]){1,1000}?)(?<=\S)"
_STRUCK = re.compile(r"~~(?=\S)[^~\n]{1,500}~~")
_EMPHASIS = (
    re.compile(rf"(?<!\*)(\*{{2,4}}){_INSIDE}\1(?!\*)"),
    re.compile(r"(?<![\w*])(\*\*)(?=\S)([^*|\n]{1,500}?) \*\*(?![\w*])"),  # "**Prime **:", as editors leave it
    re.compile(rf"(?<![\w*])(\*){_INSIDE}\*(?![\w*])"),
    re.compile(r"(?<!\w)(__?)(?=[^\s_])([^_|\n]{1,1000}?)(?<=\S)\1(?!\w)"),
)
# Escapes that a plain reader does not need; those that keep a line from becoming a heading or a cell stay.
_UNESCAPED = "\\!\"$%&'()*+,-./:;=?@[]^_{}~"
PUBLIC_LINK = re.compile(r"(?:https?://|mailto:|tel:)\S", re.IGNORECASE)


def plain(text: str, references: Mapping[str, str]) -> str:
    """`text` (Markdown, no code blocks) without emphasis, comments and HTML tags.

    Images become their alternative text, links their text; an absolute http(s), mailto or tel target is kept.
    `references` gives the targets of `[text][label]`, labels in lower case. Code spans stay as they are.
    """
    kept: list[str] = []

    def keep(text: str) -> str:
        kept.append(text)
        return f"\ue000{len(kept) - 1}\ue001"  # text.clean has removed private-use characters

    text = _KEPT.sub(lambda match: keep(match[3] if match[3] and match[3] in _UNESCAPED else match[0]), text)
    text = _IMAGE.sub(lambda match: match[1], _COMMENT.sub("", text))
    text = _LINK.sub(lambda match: _link(match, references), text)
    text = _tags(_AUTOLINK.sub(r"\1", text))
    text = _STRUCK.sub("", _URL.sub(lambda match: keep(match[0]), text))  # struck out: no longer true, not to be quoted
    for pattern in _EMPHASIS:
        text = pattern.sub(r"\2", text)
    text = re.sub(r"\n{3,}", "\n\n", text)
    return re.sub("\ue000(\\d+)\ue001", lambda match: kept[int(match[1])], html.unescape(text))


def _link(match: re.Match[str], references: Mapping[str, str]) -> str:
    label, target, reference = match[1], match[2], match[3]
    if target is None:
        target = references.get((reference or label).lower())
        if target is None:  # not a link after all: "[1][2]"
            return match[0]
    target = target.strip("<>")
    return f"[{label}]({target})" if label.strip() and PUBLIC_LINK.match(target) else label


def _tags(text: str) -> str:
    if "<" not in text:
        return text
    text = _ANCHOR.sub(lambda m: f"[{m[2]}]({m[1]})" if m[2].strip() and PUBLIC_LINK.match(m[1]) else m[2], text)
    lines = (_BREAK.sub(" " if line.lstrip().startswith("|") else "\n", line) for line in text.split("\n"))
    return _TAG.sub("", "\n".join(lines))
