"""How often does Brain say that pages contradict each other: where they don't (false alarms), and where they do (recall)?

    python -m bench.contradictions --work WORK own:HOME=CASES …

False alarms: of the questions that would be answered, the share that is told of a contradiction. Recall: for each such question that
asks for a figure, the sentence of the found gold page which is closest to it and states one; that page is put a second time among
what was found, under another id, title and date, with that figure altered (and, harder, the sentence in other words).

Beside it, pairs of pages written for it (`bench/stated_pairs.jsonl`), two titles, headings and sentences each: 37 contradict
each other, 30 speak of different cases. `seen`: whether the rules of `brain/cases.py` were made with an eye on them.
"""

import argparse
import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from bench.altered import reworded
from bench.measure import show
from bench.refusing_sets import Asked, Set, sets_of
from brain.closeness import Likeness, closeness_of, likeness_of
from brain.conflicts import conflict
from brain.encoder import make_encoder
from brain.encoder.e5 import FOLDER
from brain.evidence import assess
from brain.settings import load_settings
from brain.stated import stated_in
from brain.text.asking import asks_for_figure
from brain.types import Passage, Passages, Scores
from eval.stats import mean_interval

PAIRS = Path(__file__).parent / "stated_pairs.jsonl"
_FIGURE = re.compile(r"\d+(?:[ \u00a0]\d{3})*")


def false_alarms(each: Set, like: Likeness | None, needed: float) -> list[str]:
    found = [(asked, bool(conflict(asked.question, asked.found, like))) for asked in _answered(each, needed)]
    return _row(each, "false alarms", found)


def recall(each: Set, like: Likeness, needed: float, *, other_words: bool) -> list[str]:
    found = []
    for asked in _answered(each, needed):
        if twice := _with_altered(asked, like, other_words):
            found.append((asked, bool(conflict(asked.question, twice, like))))
    return _row(each, "altered, in other words" if other_words else "altered", found)


def _answered(each: Set, needed: float) -> Iterator[Asked]:
    """The answerable questions that would be answered, what was found measured as it is now."""
    closeness = closeness_of(FOLDER)
    assert closeness
    for asked in each.asked:
        vectors = {id: vector.tolist() for id, vector in asked.vectors.items()}
        found = closeness.measured(asked.found, asked.vector.tolist(), vectors)
        if asked.answerable and assess(asked.question, found.language, found).probability >= needed:
            yield replace(asked, found=found)


def _with_altered(asked: Asked, like: Likeness, other_words: bool) -> Passages | None:
    if not asks_for_figure(asked.question):
        return None
    stated = [
        s for p in asked.found if p.document_id in asked.gold for s in stated_in(p) if _FIGURE.search(s.value.shown)
    ]
    if not stated:
        return None
    likeness = like([asked.question, *(s.unit.text for s in stated)])[0]
    best = max(zip(likeness[1:], stated, strict=True), key=lambda pair: pair[0])[1]
    draw = random.Random(asked.case)
    said = best.unit.text.replace(best.value.shown, _altered(best.value.shown, draw), 1)
    if other_words:
        said = reworded(said, draw)
    text = best.passage.text.replace(best.unit.text, said, 1)
    return _beside(asked.found, best.passage, text)


def _altered(shown: str, draw: random.Random) -> str:
    match = _FIGURE.search(shown)
    assert match
    number = int(re.sub(r"\D", "", match[0]))
    other = number + draw.choice([step for step in (-3, -2, -1, 1, 2, 3, 5, 10) if number + step > 0])
    return shown[: match.start()] + str(other) + shown[match.end() :]


def _beside(found: Passages, original: Passage, text: str) -> Passages:
    copy = replace(
        original,
        id=f"{original.id}-2",
        document_id=f"{original.document_id}-2",
        title=f"{original.title} (rappel)",
        text=text,
        updated_at=date(2020, 1, 1),
    )
    at = found.items.index(original) + 1
    return replace(found, items=(*found.items[:at], copy, *found.items[at:]))


def written_pairs(like: Likeness) -> list[list[str]]:
    """Of the written pairs, the share that is told of a contradiction: of those that contradict it should be 1, of the others 0."""
    told: dict[tuple[bool, bool], list[bool]] = {}
    for line in PAIRS.read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        pages = tuple(_page(at, pair["language"], **side) for at, side in enumerate(pair["sides"]))
        found = bool(conflict(pair["question"], Passages(pages, pair["language"]), like))
        told.setdefault((pair["contradict"], pair["seen"]), []).append(found)
    rows = []
    for (contradict, seen), found in sorted(told.items(), reverse=True):
        share = mean_interval([float(each) for each in found], [str(at) for at in range(len(found))])
        name = f"written pairs, {'seen' if seen else 'not seen'}"
        what = "contradict" if contradict else "different cases"
        rows.append([name, what, str(share.n), f"{share.mean:.3f}", f"{share.low:.3f}–{share.high:.3f}"])
    return rows


def _page(at: int, language: str, title: str, heading: str, text: str) -> Passage:
    """The heading of one page stands above its passage, that of the other within it."""
    text = f"## {heading}\n\n{text}" if heading and at else text
    path = (heading,) if heading and not at else ()
    return Passage(
        f"p{at}", f"d{at}", text, (0, len(text)), Scores(1.0), title=title, heading_path=path, language=language
    )


def _row(each: Set, what: str, found: list[tuple[Asked, bool]]) -> list[str]:
    if not found:
        return [each.name, what, "0", "–", ""]
    share = mean_interval([float(flagged) for _, flagged in found], [asked.cluster for asked, _ in found])
    return [each.name, what, str(share.n), f"{share.mean:.3f}", f"{share.low:.3f}–{share.high:.3f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", help="own:HOME=CASES")
    parser.add_argument("--work", type=Path, required=True, help="folder where what was found is kept")
    parser.add_argument("--passages", type=int, default=8)
    parser.add_argument("--needed", type=float, default=load_settings().answer.needed(), help="answer.sufficiency")
    given = parser.parse_args()
    like = likeness_of(make_encoder(load_settings()))
    assert like, "the embedded encoder"
    rows = written_pairs(like)
    for each in sets_of(given.sets, given.work, given.passages, 1):
        rows += [false_alarms(each, like, given.needed)]
        rows += [recall(each, like, given.needed, other_words=other) for other in (False, True)]
    show("Told of a contradiction", ["set", "pages", "n", "share", "95 %"], rows, [])


if __name__ == "__main__":
    main()
