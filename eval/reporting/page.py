"""A verdict as one self-contained page: no script, style, font or picture from elsewhere."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from eval.judged_run import Run
from eval.reporting.diffs import Piece, quotes, word_diff
from eval.reporting.plots import Row, interval_plot
from eval.reporting.words import headline, reasons, words
from eval.running.folder import Key, Record

TEMPLATE = "page.html.j2"
ORDER = {"worse": 0, "better": 1, "unscored": 2, "equal": 3}


def page(document: Mapping[str, Any], run: Run, language: str = "en") -> str:
    """HTML. Everything that comes from cases and answers is escaped by the template."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["points"] = lambda value: f"{100 * value:+.1f}".replace("-", "−")
    template = environment.from_string((files("eval.reporting") / TEMPLATE).read_text(encoding="utf-8"))
    said = words(language)
    rows = [_case(row, run, document) for row in document["cases"]]
    rows.sort(key=lambda row: (not row["critical"], ORDER[row["outcome"]], row["id"]))
    return template.render(
        d=document,
        said=said,
        language=language,
        headline=headline(dict(document), language),
        reasons=reasons(dict(document), language),
        plot=_plot(document, said),
        cases=rows,
        parts=sorted(
            {f"{kind}: {value}" for row in rows for kind, values in row["slices"].items() for value in values}
        ),
        counts={name: sum(row["outcome"] == name for row in rows) for name in ORDER},
        alpha=f"{100 * (1 - document['bar']['confidence']) / 2:g}",
        confidence=f"{100 * document['interval_confidence']:g}",
        latency=_latency(document),
    )


def _plot(document: Mapping[str, Any], said: Mapping[str, str]) -> str:
    found = document["effect"]
    if not found:
        return ""
    rows = [_row(document["bar"]["metric"], found, document["decision"])]
    if document["corrected"]:
        rows.append(_row(f"{document['bar']['metric']} (PPI)", document["corrected"], document["decision"]))
    rows += [_row(f"{part['kind']}: {part['value']}", part["effect"], "part") for part in document["slices"]]
    return interval_plot(rows, 100 * document["bar"]["margin"], said["difference"])


def _row(label: str, found: Mapping[str, Any], style: str) -> Row:
    return Row(label, 100 * found["difference"], 100 * found["low"], 100 * found["high"], style)


def _latency(document: Mapping[str, Any]) -> dict[str, str]:
    held = document["metrics"].get("latency_ms", {})
    return {name: f"{found['interval']['mean']:.0f}" for name, found in held.items() if found["interval"]}


def _case(row: Mapping[str, Any], run: Run, document: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown of a case: the question, and each variant's first answer beside the other's."""
    case = next(held for held in run.cases if held.id == row["id"])
    names = document["baseline"], document["candidate"]
    answers = [run.answers.get(Key(case.id, name, 0)) for name in names]
    texts = [_text(record) for record in answers]
    turns = [(turn.role, turn.text) for turn in (case.turns or ())[:-1]]
    shown = [_answer(record, pieces) for record, pieces in zip(answers, word_diff(*texts), strict=True)]
    return {
        **row,
        "question": case.text,
        "turns": turns,
        "expect": case.expect.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        "answers": [{"variant": name, **answer} for name, answer in zip(names, shown, strict=True)],
        "search": " ".join([case.id, case.text, *texts]).casefold(),
        "tags": [f"{kind}: {value}" for kind, values in row["slices"].items() for value in values],
    }


def _answer(record: Record | None, pieces: list[Piece]) -> dict[str, Any]:
    answer = record["answer"] if record else None
    if not answer:
        return {"pieces": [], "refused": (record or {}).get("error") or "–", "quotes": [], "ms": None}
    reason = "" if answer["sentences"] else f"{answer['status']}, {answer['reason']}"
    return {"pieces": pieces, "refused": reason, "quotes": list(quotes(answer)), "ms": record["ms"] if record else None}


def _text(record: Record | None) -> str:
    return str(record["answer"]["text"]) if record and record["answer"] else ""
