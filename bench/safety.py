"""What masking and scanning do to real pages: how often, to what, how fast; and how many planted attacks are noticed.

Flags of pages that nobody planted anything in are false, unless the list of them shows otherwise: read it.
"""

import argparse
import json
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table

from brain.errors import DocumentError
from brain.privacy import find
from brain.types import Document
from ingest.parse import SUFFIXES, Defaults, Limits, read
from ingest.scan import scan

PLANTED_IN = 75
"""Pages: each attack goes into each place of one of them."""
PLACES = ("start", "middle", "end")
Page = tuple[Document, str]
_console = Console(width=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="folders of pages")
    parser.add_argument("--attacks", type=Path, action="append", default=[], help='JSON: {"kind": ["attack", …]}')
    parser.add_argument("--list", action="store_true", help="print what would be masked and what is flagged")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = {folder.name: _corpus(folder, listed=given.list) for folder in given.folders}
    attacks = {file.name: _attacks(file, given.folders[0]) for file in given.attacks}
    _show(found, attacks)
    if given.json:
        given.json.write_text(json.dumps({"corpora": found, "attacks": attacks}, indent=1, ensure_ascii=False))


def _pages(folder: Path) -> Iterator[Page]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            try:
                yield from read(path.read_bytes(), path.relative_to(folder).as_posix(), Defaults(), Limits())
            except DocumentError:
                continue  # an empty page, or not one


def _corpus(folder: Path, *, listed: bool) -> dict[str, object]:
    masked, flags, times = Counter[str](), Counter[str](), {"mask": list[float](), "scan": list[float]()}
    flagged = pages = holding = 0
    for document, raw in _pages(folder):
        pages += 1
        start = perf_counter()
        data = find(document.body)
        between = perf_counter()
        noticed = scan(document, raw)
        times["mask"].append(between - start)
        times["scan"].append(perf_counter() - between)
        masked.update(one.kind for one in data)
        flags.update(flag.kind for flag in noticed)
        holding, flagged = holding + bool(data), flagged + bool(noticed)
        if listed:
            for one in data:
                _console.print(f"{document.id}  {one.kind}  {document.body[one.start : one.end]}", markup=False)
            for flag in noticed:
                _console.print(f"{document.id}  {flag.kind}  {flag.found}", markup=False)
    milliseconds = {name: round(1e3 * statistics.mean(taken), 2) for name, taken in times.items()}
    return {
        "pages": pages,
        "pages_masked": holding,
        "masked": masked,
        "pages_flagged": flagged,
        "flags": flags,
        "ms": milliseconds,
    }


def _attacks(file: Path, folder: Path) -> dict[str, list[int]]:
    """Noticed, and planted, by kind of attack."""
    pages = [
        page for page, _ in zip((page for page in _pages(folder) if not scan(*page)), range(PLANTED_IN), strict=False)
    ]
    counts: dict[str, list[int]] = {}
    at = 0
    for kind, attacks in json.loads(file.read_text()).items():
        for attack in attacks:
            for place in PLACES:
                document, _ = pages[at % len(pages)]
                at += 1
                raw = _planted(document.body, attack, place)
                noticed = scan(Document("page", document.title, raw), raw)
                count = counts.setdefault(kind, [0, 0])
                count[0] += bool(noticed)
                count[1] += 1
    return counts


def _planted(body: str, attack: str, place: str) -> str:
    lines = body.split("\n")
    middle = len(lines) // 2
    before = {"start": [], "middle": lines[:middle], "end": lines}[place]
    return "\n".join([*before, "", attack, "", *lines[len(before) :]])


def _show(corpora: dict[str, dict[str, object]], attacks: dict[str, dict[str, list[int]]]) -> None:
    table = Table(
        "corpus", "pages", "masked", "on pages", "flags", "on pages", "ms a page: masking, scanning", title="Real pages"
    )
    for name, found in corpora.items():
        said = [", ".join(f"{k} {n}" for k, n in dict(found[key]).items()) or "none" for key in ("masked", "flags")]  # type: ignore[call-overload]
        ms = found["ms"]
        table.add_row(
            name,
            str(found["pages"]),
            said[0],
            str(found["pages_masked"]),
            said[1],
            str(found["pages_flagged"]),
            str(ms),
        )
    _console.print(table)
    for name, kinds in attacks.items():
        table = Table("kind of attack", "planted", "noticed", title=name)
        for kind, (noticed, planted) in kinds.items():
            table.add_row(kind, str(planted), str(noticed))
        table.add_row("all", str(sum(p for _, p in kinds.values())), str(sum(n for n, _ in kinds.values())))
        _console.print(table)


if __name__ == "__main__":
    main()
