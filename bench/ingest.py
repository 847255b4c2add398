"""Ingestion: how fast beside the bare encoder, how large, and what a second run and one changed page cost.

All runs read a copy of FOLDER in a temporary folder; FOLDER itself is never touched.

Example: python -m bench.ingest /data/kb --home /data/home --audience public --json ingest.json
"""

import argparse
import json
import random
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

from bench.bare_encoder import KINDS
from bench.measure import Finished, brain_command, busy, keep, machine, module, show, step, watched
from brain.index import open_index
from brain.settings import load_settings
from brain.state import default_source
from ingest.engine import prepare_all
from ingest.parse import SUFFIXES, Defaults, Limits
from ingest.prepare import Prepared, Reading
from ingest.source import list_folder
from ingest.split import encoded_text

STARTS = 3
CHANGES = 3
TINY_PAGE = "---\nid: start\n---\n\n# Start\n\nOne sentence, to see what starting costs.\n"
PARAGRAPH = re.compile(r"<p\b[^>]*>.*?</p>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Bench:
    """What is ingested, and how: a copy of the pages, a home, an audience, a folder for passing things."""

    pages: Path
    home: Path
    audience: str
    work: Path

    def ingest(self) -> Finished:
        """`brain ingest`, to its end."""
        return self.command(self.pages, self.home)

    def command(self, folder: Path, home: Path) -> Finished:
        flags = ["--home", home, "--audience", self.audience, "--json"]
        return watched([brain_command(), "ingest", folder, *flags])

    def prepared(self) -> list[Prepared]:
        """The copy, parsed and split as ingestion does it."""
        settings = load_settings(home=self.home)
        limits = Limits(max_bytes=int(settings.ingest.max_file_mb * 1e6))
        defaults = Defaults(source=default_source(self.pages), audience=(self.audience,))
        files = list_folder(self.pages, SUFFIXES).files
        return list(prepare_all(files, Reading(defaults, limits, settings.splitter), settings.ingest))


def start_up(bench: Bench) -> float:
    """Seconds that a fresh ingestion of one sentence takes: importing, loading the encoder, making an index."""
    folder = bench.work / "one"
    folder.mkdir()
    (folder / "start.md").write_text(TINY_PAGE, encoding="utf-8")
    return median(bench.command(folder, bench.work / f"start{n}").wall_s for n in range(STARTS))


def texts_prepared(prepared: Sequence[Prepared]) -> dict[str, str]:
    """The encoded text of each passage, by passage id."""
    documents = [pair for file in prepared for pair in file.documents]
    return {c.id: encoded_text(d.title, c.heading_path, c.text) for d, chunks in documents for c in chunks}


def texts_indexed(home: Path) -> dict[str, str]:
    """The same, read back from the index."""
    index = open_index(load_settings(home=home))
    try:
        return {i: encoded_text(p["title"], tuple(p["heading_path"]), p["text"]) for i, p in index.points()}
    finally:
        index.close()


def bare(texts: Sequence[str], work: Path) -> dict[str, Any]:
    """Both encoders on the texts, each in a process of its own."""
    file = work / "texts.json"
    file.write_text(json.dumps(texts), encoding="utf-8")
    runs = {kind: watched(module("bare_encoder", kind, file)) for kind in KINDS}
    return {kind: run.json() | {"others": run.others} for kind, run in runs.items()}


def full_run(bench: Bench, startup_s: float) -> dict[str, Any]:
    """The first ingestion: its rate with and without start-up, its memory."""
    run = bench.ingest()
    found = run.json()
    encoded = found["encoded"]
    return {
        "documents": found["added"],
        "failed": len(found["failed"]),
        "encoded": encoded,
        "wall_s": run.wall_s,
        "rate": encoded / run.wall_s,
        "rate_net": encoded / (run.wall_s - startup_s),
        "memory": asdict(run.peaks),
        "others": run.others,
    }


def again(bench: Bench) -> dict[str, Any]:
    """A run, and what it counted."""
    run = bench.ingest()
    found = run.json()
    return {"wall_s": run.wall_s, "encoded": found["encoded"], "updated": found["updated"], "others": run.others}


def changed_page(bench: Bench, page: Path) -> dict[str, Any]:
    """Runs after one sentence more in the page, several times; the median of the wall times."""
    runs = []
    for number in range(1, CHANGES + 1):
        page.write_text(_with_sentence(page, f"This page was checked once more, time {number}."), encoding="utf-8")
        runs.append(again(bench))
    return {"page": page.name, "wall_s": median(run["wall_s"] for run in runs), "runs": runs}


def editable_page(prepared: Sequence[Prepared], seed: int) -> Path:
    """A page, drawn by the seed, that one document came from and that a sentence can be added to."""
    paths = [file.file.path for file in prepared if len(file.documents) == 1]
    pages = [path for path in paths if path.suffix == ".md" or (path.suffix == ".html" and _has_paragraph(path))]
    if not pages:
        raise SystemExit("No .md or .html page that a sentence can be added to.")
    return random.Random(seed).choice(pages)


def _has_paragraph(page: Path) -> bool:
    return bool(PARAGRAPH.search(page.read_text(encoding="utf-8", errors="replace")))


def _with_sentence(page: Path, sentence: str) -> str:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        return f"{text.rstrip()}\n\n{sentence}\n"
    # The longest paragraph is part of the article, not of menus or the footer, which are left out when parsing.
    end = max(PARAGRAPH.finditer(text), key=lambda found: len(found[0])).end() - len("</p>")
    return f"{text[:end]} {sentence}{text[end:]}"


def measure(bench: Bench, share: float, seed: int) -> dict[str, Any]:
    """Everything, in the order: bare encoders, ingestion, bare encoders again, nothing changed, one page changed."""
    step("parsing and splitting the copy")
    prepared = bench.prepared()
    before = texts_prepared(prepared)
    drawn = random.Random(seed).sample(sorted(before), max(1, round(share * len(before))))
    step(f"bare encoders on {len(drawn):,} of {len(before):,} passages")
    rates = [bare([before[id] for id in drawn], bench.work)]
    step("start-up")
    startup = start_up(bench)
    step("full ingestion")
    full = full_run(bench, startup)
    step("bare encoders again, on the texts in the index")
    after = texts_indexed(bench.home)
    rates.append(bare([after[id] for id in drawn if id in after], bench.work))
    step("second run, nothing changed")
    same = again(bench)
    step("one page changed")
    change = changed_page(bench, editable_page(prepared, seed))
    figures = {"start_up_s": startup, "full": full, "bare": {"before": rates[0], "after": rates[1]}}
    return figures | {"ratios": _ratios(full, rates), "unchanged": same, "changed": change}


def _ratios(full: dict[str, Any], rates: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """For each encoder its mean rate, and ingestion's rates over it."""
    means = {kind: mean(rate[kind]["rate"] for rate in rates) for kind in KINDS}
    return {
        kind: {"mean": rate, "whole": full["rate"] / rate, "net": full["rate_net"] / rate}
        for kind, rate in means.items()
    }


def rows(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Figure, what was measured, target."""
    full, ratios, same, change = (figures[key] for key in ("full", "ratios", "unchanged", "changed"))
    memory = full["memory"]
    bares = [row for kind in KINDS for row in _bare_rows(kind, figures["bare"], ratios[kind])]
    return [
        ("documents, passages, failed files", f"{full['documents']:,}, {full['encoded']:,}, {full['failed']}", ""),
        ("ingestion, wall time", f"{full['wall_s']:.1f} s", ""),
        ("start-up (one sentence, fresh home)", f"{figures['start_up_s']:.1f} s", ""),
        ("ingestion, passages/s over the whole wall time", f"{full['rate']:.1f}", ""),
        ("ingestion, passages/s net of start-up", f"{full['rate_net']:.1f}", ""),
        *bares,
        (f"peak memory, {memory['processes']} processes (PSS)", f"{memory['tree_mb'] / 1e3:.2f} GB", "< 3 GB"),
        ("peak memory, main process (RSS)", f"{memory['main_rss_mb'] / 1e3:.2f} GB", ""),
        ("nothing changed, wall time", f"{same['wall_s']:.1f} s", "< 6 s"),
        ("nothing changed, passages encoded", str(same["encoded"]), "0"),
        (f"one page changed, wall time (median of {CHANGES})", f"{change['wall_s']:.1f} s", "< 3 s"),
        ("one page changed, pages updated", _each(change, "updated"), "1"),
        ("one page changed, passages encoded", _each(change, "encoded"), ""),
    ]


def _bare_rows(kind: str, bares: dict[str, Any], ratio: dict[str, float]) -> list[tuple[str, str, str]]:
    before, after = bares["before"][kind], bares["after"][kind]
    name = {"brain": "Brain's encoder", "plain": "sentence-transformers"}[kind]
    rates = f"{before['rate']:.1f}, {after['rate']:.1f}, {ratio['mean']:.1f}"
    return [
        (f"bare {name} ({before['precision']}), passages/s: before, after, mean", rates, ""),
        (f"ingestion / bare {name}: whole, net", f"{ratio['whole']:.0%}, {ratio['net']:.0%}", "85 %"),
    ]


def others(figures: dict[str, Any]) -> list[float]:
    """What other processes took of the machine, at each measurement."""
    bares = [rate for rates in figures["bare"].values() for rate in rates.values()]
    runs = [figures["full"], figures["unchanged"], *figures["changed"]["runs"], *bares]
    return [run["others"] for run in runs]


def _each(change: dict[str, Any], key: str) -> str:
    return ", ".join(str(run[key]) for run in change["runs"])


NOTES = (
    "bare: loading and a warm-up excluded, on a random share of the same passages; before: parsed here, "
    "after: read back from the index",
    f"start-up: median of {STARTS} fresh ingestions of one sentence; 'net' takes it off the wall time",
    "PSS: shared pages are divided among the processes that share them; sampled every 0.1 s, more rarely where that "
    "would take over 5 % of a core",
)


def main() -> None:
    given = arguments()
    if given.home and given.home.exists() and any(given.home.iterdir()):
        raise SystemExit(f"{given.home} is not empty: give a fresh --home.")
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        pages = shutil.copytree(given.folder, work / "pages")
        bench = Bench(pages, (given.home or work / "home").absolute(), given.audience, work)
        place = machine()
        figures = measure(bench, given.bare_share, given.seed)
    show(f"ingestion of {given.folder}", ("", "measured", "target"), rows(figures), [*NOTES, *busy(others(figures))])
    keep(given.json, {"folder": given.folder, "bare_share": given.bare_share, "machine": place} | figures)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of pages")
    parser.add_argument("--home", type=Path, help="a fresh home, kept afterwards [default: a temporary one]")
    parser.add_argument(
        "--bare-share", type=float, default=0.25, help="share of the passages for the bare encoders [0.25]"
    )
    parser.add_argument("--audience", default="public", help="audience of pages that name none [public]")
    parser.add_argument("--seed", type=int, default=1, help="draws the share and the changed page [1]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
