"""A verdict for a pull request: the sentence, one table, what got worse."""

from typing import Any

from eval.reporting.words import headline, reasons, words

MOST = 10
SIGNS = {"ship": "✅", "dont_ship": "❌", "inconclusive": "❔", "could_not_run": "⚠️"}


def markdown(document: dict[str, Any], language: str = "en") -> str:
    """GitHub-flavoured Markdown."""
    said = words(language)
    lines = [f"## {SIGNS[document['decision']]} {headline(document, language)}", ""]
    lines += [f"- {reason}" for reason in reasons(document, language)]
    if document["effect"]:
        lines += ["", *_effects(document, said)]
    worse = [case for case in document["cases"] if case["outcome"] == "worse"]
    if worse:
        lines += ["", f"<details><summary>{said['worse']}: {len(worse)}</summary>", ""]
        lines += [f"- `{c['id']}` {_one_line(c['why'].get(document['candidate'], ''))}".rstrip() for c in worse[:MOST]]
        lines += [f"- … {len(worse) - MOST}"] if len(worse) > MOST else []
        lines += ["", "</details>"]
    git = document["produced"]["git"]
    revision = f", `{git['revision'][:10]}`{' +' if git['changed'] else ''}" if git else ""
    lines += ["", f"<sub>{said['run']} `{document['run']}`, verdict `{document['id']}`{revision}</sub>", ""]
    return "\n".join(lines)


def _effects(document: dict[str, Any], said: dict[str, str]) -> list[str]:
    confidence = f"{100 * document['interval_confidence']:g}"
    head = f"| | {said['difference']} ({said['points']}) | {said['interval'].format(confidence=confidence)} | "
    head += f"{said['better']} / {said['worse']} / {said['equal']} | {said['cases']}, {said['clusters']} |"
    rows = [("**" + document["bar"]["metric"] + "**", document["effect"])]
    rows += [(f"{part['kind']}: {part['value']}", part["effect"]) for part in document["slices"]]
    return [head, "|---|---|---|---|---|", *(_row(name, found) for name, found in rows)]


def _row(name: str, found: dict[str, Any]) -> str:
    low, high = 100 * found["low"], 100 * found["high"]
    counts = f"{found['better']} / {found['worse']} / {found['equal']}"
    safe = name.replace("|", "\\|")
    return f"| {safe} | {100 * found['difference']:+.1f} | {low:+.1f} … {high:+.1f} | {counts} | {found['n']}, {found['clusters']} |"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:160]
