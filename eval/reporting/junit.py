"""A verdict as JUnit XML, for a build server: one test for the bar, one for each case."""

import re
from typing import Any
from xml.etree import ElementTree as Xml

_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold."""


def junit(document: dict[str, Any]) -> str:
    """The bar fails unless the verdict is to ship; critical cases fail on their own, others never: the bar is made of them."""
    suite = Xml.Element("testsuite", name=_safe(document["name"]))
    bar = Xml.SubElement(suite, "testcase", classname="verdict", name="bar")
    if document["decision"] in ("dont_ship", "inconclusive"):
        said = "\n".join([document["headline"], *document["reasons"]])
        Xml.SubElement(bar, "failure", message=_safe(document["headline"]), type=document["decision"]).text = _safe(
            said
        )
    elif document["decision"] == "could_not_run":
        Xml.SubElement(bar, "error", message=_safe("; ".join(document["reasons"])), type="could_not_run")
    for case in document["cases"]:
        _case(suite, case, document)
    tests = list(suite)
    suite.set("tests", str(len(tests)))
    for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(name, str(sum(test.find(kind) is not None for test in tests)))
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: Xml.Element, case: dict[str, Any], document: dict[str, Any]) -> None:
    kind = "critical" if case["critical"] else "cases"
    test = Xml.SubElement(suite, "testcase", classname=kind, name=_safe(case["id"]))
    why = case["why"].get(document["candidate"], "")
    if case["candidate"] is None:
        Xml.SubElement(test, "skipped", message=_safe(why or "unscored"))
    elif case["id"] in document["critical"]["failed"]:
        Xml.SubElement(test, "failure", message=_safe(why or "failed"), type="critical")
    else:
        text = f"{case['outcome']}: {case['baseline']} -> {case['candidate']}\n{why}"
        Xml.SubElement(test, "system-out").text = _safe(text)


def _safe(text: str) -> str:
    return _UNPRINTABLE.sub("�", text)
