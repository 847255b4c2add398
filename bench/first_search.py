"""Opens Brain, answers one search and says so: what `bench.search` times from the start of the process.

Example: python -m bench.first_search /data/home "Combien de temps pour un remboursement ?"
"""

import argparse
import asyncio
from pathlib import Path

from brain.session import open_brain
from brain.types import INTERNAL, Question


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("question")
    parser.add_argument("--audience", default=INTERNAL)
    given = parser.parse_args()
    with open_brain(given.home) as brain:
        found = asyncio.run(brain.search(Question(given.question, audience=given.audience), 10))
        print(f"{len(found)} passages", flush=True)


if __name__ == "__main__":
    main()
