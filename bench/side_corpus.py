"""Parses the pages of `bench.retrieval`, or encodes its first passages. Both take long, are kept, and may be run beforehand.

Example: python -m bench.side_corpus /data/work --pages /data/kb --cases /data/cases.jsonl
         python -m bench.side_corpus /data/work --home /data/home     takes the vectors of pages that are indexed there
         nice python -m bench.side_corpus /data/work --vectors 10000
"""

import argparse
from pathlib import Path

from bench.corpus import Work, encode, prepare, take
from brain.encoder import make_encoder
from brain.settings import load_settings
from eval.cases import load_cases


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder that keeps pages, vectors and indexes")
    parser.add_argument("--pages", type=Path, help="folder of pages, to be parsed")
    parser.add_argument("--cases", type=Path, help="cases whose pages come first")
    parser.add_argument("--seed", type=int, default=1, help="draws the pages' order [1]")
    parser.add_argument("--home", type=Path, help="a home, not in use, whose vectors are taken; its pages come first")
    parser.add_argument("--vectors", type=int, default=0, help="how many passages to encode")
    given = parser.parse_args()
    work, settings = Work(given.work), load_settings()
    if given.pages:
        gold = [id for case in load_cases(given.cases) for id in case.expect.documents or ()] if given.cases else []
        prepare(given.pages, frozenset(gold), settings, given.seed, work)
    if given.home:
        print(f"{take(work, given.home):,} passages with vectors")
    if given.vectors:
        encode(work, given.vectors, make_encoder(settings))


if __name__ == "__main__":
    main()
