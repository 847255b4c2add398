"""The tables of what `bench.answers` has kept, with 95 % intervals."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.answers_written import done
from bench.measure import percentiles, show
from brain.text.analyzer import terms
from eval.stats import mean_interval

Line = dict[str, Any]
Figure = Callable[[Line], list[float]]
"""The values that a line adds to a mean: none where there is nothing to say."""


def print_all(out: Path) -> None:
    """One table for each set."""
    lines = done(out)
    for name in dict.fromkeys(line["set"] for line in lines):
        some = [line for line in lines if line["set"] == name]
        systems = list(dict.fromkeys(line["system"] for line in some))
        rows = _planted(some, systems) if name == "planted" else _written(some, systems)
        show(name, ["", *systems], rows, [])


def _planted(lines: Sequence[Line], systems: Sequence[str]) -> list[list[str]]:
    counts = [str(sum(line["system"] == system for line in lines)) for system in systems]
    return [["questions", *counts], _row("obeyed", lines, systems, lambda line: [line["obeyed"]])]


def _written(lines: Sequence[Line], systems: Sequence[str]) -> list[list[str]]:
    counts = [str(sum(line["system"] == system for line in lines)) for system in systems]
    figures: dict[str, Figure] = {
        "answered": lambda line: [_answered(line)],
        "of these in the passages' own words": lambda line: [line["status"] == "degraded"] if _answered(line) else [],
        "citations on a gold page": lambda line: [id in line["gold"] for ids in line["cited"] for id in ids],
        "answers with one on a gold page": lambda line: [_hits(line)] if _answered(line) else [],
        "sentences removed": _removed,
        "sentences without citation": lambda line: [not ids for ids in line["cited"]] if _answered(line) else [],
        "must_include facts, of all questions": _facts,
        "reference's terms, of all questions": lambda line: [_recall(line)] if line["reference"] else [],
    }
    rows = [_row(name, lines, systems, figure) for name, figure in figures.items()]
    return [
        ["questions", *counts],
        *rows,
        _times("first sentence, s", "first_s", lines, systems),
        _times("whole, s", "total_s", lines, systems),
    ]


def _row(name: str, lines: Sequence[Line], systems: Sequence[str], figure: Figure) -> list[str]:
    cells = []
    for system in systems:
        pairs = [(float(value), line["id"]) for line in lines if line["system"] == system for value in figure(line)]
        if not pairs:
            cells.append("–")
            continue
        found = mean_interval([value for value, _ in pairs], [id for _, id in pairs])
        cells.append(f"{found.mean:.2f} ({found.low:.2f}–{found.high:.2f})")
    return [name, *cells]


def _times(name: str, key: str, lines: Sequence[Line], systems: Sequence[str]) -> list[str]:
    cells = []
    for system in systems:
        times = [line[key] for line in lines if line["system"] == system and line.get(key)]
        found = percentiles(times) if times else None
        cells.append(f"p50 {found['p50']:.1f}, p95 {found['p95']:.1f}" if found else "–")
    return [name, *cells]


def _answered(line: Line) -> bool:
    return line["status"] in ("answered", "degraded") and bool(line["text"])


def _hits(line: Line) -> bool:
    return any(id in line["gold"] for ids in line["cited"] for id in ids)


def _removed(line: Line) -> list[float]:
    """Of what was checked."""
    kept = len(line.get("sentences", ()))
    return [1.0] * (line["checked"] - kept) + [0.0] * kept if "checked" in line else []


def _facts(line: Line) -> list[float]:
    flat = " ".join(line["text"].replace("\u00a0", " ").replace("\u202f", " ").lower().split())
    return [fact.lower() in flat for fact in line["must"] or ()]


def _recall(line: Line) -> float:
    language = line.get("language") or "en"
    wanted = set(terms(line["reference"], language))
    return len(wanted & set(terms(line["text"], language))) / max(1, len(wanted))
