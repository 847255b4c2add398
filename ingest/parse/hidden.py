"""Which elements of a page its own markup hides from its readers. Style sheets are not read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_HIDING = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|font-size:0(?![.\d]*[1-9])|opacity:0(?![.\d]*[1-9])|text-indent:-\d{3}"
    r"|(?:left|right|top):-\d{4}|clip:rect\(0|(?<![a-z-])color:transparent"
)
_COLOUR = re.compile(r"(?:\A|;)color:([^;]+)")
_BACKGROUND = re.compile(r"(?:\A|;)background(?:-color)?:([^;]+)")
_WHITE = re.compile(r"(?:white|#f{3}|#f{6}|#fe{2}fe{2}|#fefefe|rgba?\(25[45],25[45],25[45][^)]*\))(?:!important)?\Z")
_PLAIN = "white"


def hidden_elements(page: Any) -> Iterator[Any]:
    """Elements of an lxml tree, outer ones before what is in them."""
    for element in page.xpath("//*[@hidden or @aria-hidden='true' or @style or @color]"):
        stated = element.attrib
        said = ("hidden" in stated and stated["hidden"] != "until-found") or stated.get("aria-hidden") == "true"
        if said or _HIDING.search(_style(stated)) or _in_its_own_colour(element):
            yield element


def _style(stated: Mapping[str, str]) -> str:
    return re.sub(r"\s", "", stated.get("style") or "").lower()


def _in_its_own_colour(element: Any) -> bool:
    """Whether its words have the colour of what is behind them, as far as the markup says."""
    match = _COLOUR.search(_style(element.attrib))
    colour = match[1] if match else (element.get("color") or "").strip().lower()
    if not colour:
        return False
    for around in (element, *element.iterancestors()):
        behind = _BACKGROUND.search(_style(around.attrib))
        if behind or around.get("bgcolor"):
            return _named(colour) == _named(behind[1] if behind else around.get("bgcolor").strip().lower())
        if around.get("class") or around.get("id"):
            return False  # a style sheet may give it a background
    return _named(colour) == _PLAIN


def _named(colour: str) -> str:
    return _PLAIN if _WHITE.match(colour) else colour.removesuffix("!important")
