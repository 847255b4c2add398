"""Answers written by a model: what checking and the rest cost, how good they are, and whether planted instructions are obeyed.

    python -m bench.answers overhead
    python -m bench.answers write ANSWERS.jsonl {--file GGUF | --url URL} --set NAME=HOME=CASES ... --questions 20 [--peer]
    python -m bench.answers plant ATTACKED.jsonl {--file GGUF | --url URL} --home HOME --cases CASES --attacks FOLDER --questions 10
    python -m bench.answers show ANSWERS.jsonl

`write` and `plant` keep each answer as a line of their file and go on where they stopped; `show` prints the tables of what is there.
"""

import argparse
import asyncio
from pathlib import Path

from bench import answers_overhead, answers_planted, answers_tables, answers_written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("overhead", help="all but the model, for an answer of three sentences")
    written = kinds.add_parser("write", help="ask the model the questions of some sets")
    written.add_argument("--set", action="append", required=True, metavar="NAME=HOME=CASES", dest="sets")
    written.add_argument(
        "--peer", action="store_true", help="also LlamaIndex's CitationQueryEngine, on the same passages"
    )
    planted = kinds.add_parser("plant", help="ask with instructions planted in the passages, and with a plain prompt")
    planted.add_argument("--home", type=Path, required=True)
    planted.add_argument("--cases", type=Path, required=True)
    planted.add_argument("--attacks", type=Path, required=True, help="folder of text_attack_*.json, code_attack_*.json")
    for kind in (written, planted):
        kind.add_argument("out", type=Path)
        model = kind.add_mutually_exclusive_group(required=True)
        model.add_argument("--file", type=Path, help="the model, GGUF")
        model.add_argument("--url", help="or an OpenAI-compatible endpoint that serves one")
        kind.add_argument("--questions", type=int, default=20, help="of each set")
        kind.add_argument("--passages", type=int, default=5)
        kind.add_argument(
            "--sufficiency", type=float, help="answer.sufficiency; as in the settings where it is not given"
        )
        kind.add_argument("--context", type=int, default=2600, help="most tokens of a prompt and its answer")
    kinds.add_parser("show", help="print the tables").add_argument("out", type=Path)
    given = parser.parse_args()
    if given.kind == "overhead":
        asyncio.run(answers_overhead.run())
        return
    if given.kind == "write":
        asyncio.run(answers_written.run(given))
    if given.kind == "plant":
        asyncio.run(answers_planted.run(given))
    answers_tables.print_all(given.out)


if __name__ == "__main__":
    main()
