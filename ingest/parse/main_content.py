"""What a reader sees of a web page: its main content, without navigation, hidden parts and styling."""

from typing import Any

from ingest.parse.hidden import hidden_elements
from ingest.parse.inline import PUBLIC_LINK

_INLINE = (
    "a",
    "abbr",
    "b",
    "button",
    "code",
    "del",
    "em",
    "i",
    "img",
    "s",
    "script",
    "span",
    "strike",
    "strong",
    "sup",
)
_DROPPED = " | ".join(
    (
        "//script | //style | //template | //noscript | //iframe | //object | //svg | //canvas | //video | //audio",
        "//nav | //aside | //footer | //select | //input | //textarea | //head",
        "//header[not(ancestor::article or ancestor::main or ancestor::section)]",
        "//*[@role='navigation' or @role='search' or @role='banner' or @role='contentinfo' or @role='complementary']",
        # Some CMS wrap the whole page in one form; accordions hold a heading's words in a button.
        "//form[not(.//h1 or .//h2 or .//main or .//article)]",
        "//button[not(ancestor::h1 or ancestor::h2 or ancestor::h3 or ancestor::h4 or ancestor::h5 or ancestor::h6)]",
        "//del | //s | //strike",  # struck out: no longer true, so not to be quoted
    )
)
_STYLING = ("strong", "b", "em", "i", "u", "span", "font", "mark", "small", "big", "ins", "abbr", "dfn", "cite", "q")
_KEPT_ATTRIBUTES = {"href", "colspan", "rowspan", "start"}
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def cleaned(page: Any) -> Any:
    """The element with the main content of an lxml `page`, which is changed in place."""
    import lxml.etree  # type: ignore[import-untyped]

    lxml.etree.strip_tags(page, lxml.etree.Comment, lxml.etree.ProcessingInstruction)
    for element in (*page.xpath(_DROPPED), *hidden_elements(page)):
        _replace(element, "" if element.tag in _INLINE else " ")
    main = _main(page)
    for image in main.xpath(".//img"):
        _replace(image, image.get("alt") or "")
    for power in main.xpath(".//sup[not(*)]"):
        power.text = (power.text or "").translate(_SUPERSCRIPT)  # "10<sup>3</sup>" is not 103
    _keep_public_links(main)
    lxml.etree.strip_tags(main, *_STYLING)
    for element in main.iter():
        for attribute in set(element.attrib) - _KEPT_ATTRIBUTES:
            del element.attrib[attribute]
    return main


def _main(page: Any) -> Any:
    """<main>, else the only <article>, else the body."""
    for path in ("//main | //*[@role='main']", "//article"):
        found = page.xpath(path)
        if found and (len(found) == 1 or path != "//article") and found[0].text_content().strip():
            return found[0]
    body = page.find("body")
    return page if body is None else body


def _keep_public_links(main: Any) -> None:
    for link in main.xpath(".//a"):
        if not PUBLIC_LINK.match((link.get("href") or "").strip()) or not link.text_content().strip():
            link.drop_tag()
            continue
        before = link.getprevious()
        # Editors cut links in two, in the midst of a word at worst.
        if before is not None and before.tag == "a" and not before.tail and before.get("href") == link.get("href"):
            before.append(link)
            before.tail, link.tail = link.tail, None
            link.drop_tag()


def _replace(element: Any, text: str) -> None:
    """Take `element` out of its tree, with `text` in its place; what follows it stays."""
    if element.getparent() is not None:
        element.tail = text + (element.tail or "")
        element.drop_tree()
