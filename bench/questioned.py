"""Short answers that echo the question or give a figure of something else: does the check tell the wrong ones?

    python -m bench.questioned [--pairs tests/brain/questioned.jsonl] [--documents eval/sample/kb] [--show]

`--pairs`: one JSON object a line with `document` (a file under `--documents`), `cites` (words of the passage where the question would
lead), `language`, `kind`, `question`, `claim`, `supported`. Documents are cut as they are when they are ingested. The claim cites the
passage that holds its figures and most of its words, as a model would; the document's other passages are found beside it.
"""

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bench.measure import show
from brain import load_settings
from brain.encoder import make_encoder
from brain.text.analyzer import terms
from brain.types import Citation, Passage, Scores, Sentence, Support
from brain.verify import Verifier
from brain.verify.matching import unmatched
from brain.verify.values import values_in
from ingest.parse import Defaults, Limits, parse
from ingest.split import split

ROOT = Path(__file__).parents[1]
PAIRS, DOCUMENTS = ROOT / "tests/brain/questioned.jsonl", ROOT / "eval/sample/kb"


@dataclass(frozen=True)
class Asked:
    """A question and a claim that answers it, rightly or not. `kind`: value, yesno, echo, condition, other words."""

    document: str
    cites: str
    language: str
    kind: str
    question: str
    claim: str
    supported: bool
    split: str = ""


def read(path: Path) -> list[Asked]:
    return [Asked(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def checked(asked: Asked, documents: Path, verifier: Verifier) -> Support:
    """The claim's support, of a sentence that cites the passage it seems to be from."""
    passages = _passages(documents / asked.document, asked.language)
    cited = _cited(asked, passages)
    sentence = Sentence(asked.claim, (Citation(cited.id, cited.document_id, (0, 1), cited.text[:1]),))
    by_id = {passage.id: passage for passage in passages}
    support = verifier.check(sentence, asked.claim, asked.language, by_id, asked.question).support
    assert support is not None
    return support


@lru_cache
def _passages(path: Path, language: str) -> list[Passage]:
    document = parse(path.read_bytes(), path.name, Defaults("bench"), Limits(max_bytes=10**7))[0]
    return [
        Passage(
            chunk.id, document.id, chunk.text, chunk.span, Scores(1.0),
            title=document.title, heading_path=chunk.heading_path, language=language,
        )
        for chunk in split(document, load_settings().splitter)
    ]  # fmt: skip


def _cited(asked: Asked, passages: Sequence[Passage]) -> Passage:
    figures = values_in(asked.claim, asked.language)
    said, both = (set(terms(text, asked.language)) for text in (asked.claim, f"{asked.question} {asked.claim}"))

    def fits(passage: Passage) -> tuple[int, int, int, bool]:
        missing = unmatched(figures, values_in(passage.text, asked.language))
        held = set(terms(passage.text, asked.language)), set(terms(f"{passage.above} {passage.text}", asked.language))
        return -len(missing), len(said & held[0]), len(both & held[1]), _bare(asked.cites) in _bare(passage.text)

    return max(passages, key=fits)


def _bare(text: str) -> str:
    return re.sub(r"[*\s’']+", " ", text)


def tally(found: Iterable[tuple[Asked, Support]]) -> dict[tuple[str, str, bool], list[bool]]:
    """Whether each was flagged, by language, kind and whether it is supported."""
    flagged: dict[tuple[str, str, bool], list[bool]] = defaultdict(list)
    for asked, support in found:
        for kind in (asked.kind, "all"):
            flagged[asked.language, kind, asked.supported].append(not support.supported)
    return flagged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, default=PAIRS)
    parser.add_argument("--documents", type=Path, default=DOCUMENTS)
    parser.add_argument("--show", action="store_true", help="print what is judged wrongly")
    given = parser.parse_args()
    encode = make_encoder(load_settings()).encode_questions
    table = []
    for name, verifier in (("words and vectors", Verifier(encode)), ("words alone", Verifier())):
        found = [(asked, checked(asked, given.documents, verifier)) for asked in read(given.pairs)]
        for (language, kind, supported), flagged in sorted(tally(found).items()):
            what = "right: flagged" if supported else "wrong: flagged"
            table.append([f"{language}, {kind}, {what} ({name})", str(len(flagged)), str(sum(flagged))])
        for asked, support in found if given.show else ():
            if asked.supported != support.supported:
                print(f"{name}: {asked.question} | {asked.claim} | {support.problems or 'passes'}")
    show("Claims beside their question", ["", "n", "flagged"], table, [])


if __name__ == "__main__":
    main()
