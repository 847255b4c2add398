"""Processor time of an extractive answer by stage, beside another checkout's: what a question costs, whatever else runs here.

Time by the clock is not looked at. Each round is a process of its own that asks every question once, the two checkouts in turn.

Example: python -m bench.cpu /data/home /data/cases.jsonl --against /other/checkout --json cpu.json
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from bench.measure import keep, machine, show, step

HERE = Path(__file__).resolve().parent.parent
ROUNDS, QUESTIONS = 3, 100
TARGET_MS = 33
"""60 answers a second on two cores."""


def measured(checkout: Path, home: Path, cases: Path) -> dict[str, Any]:
    """One round with the `brain` of that checkout."""
    run = f"import runpy; runpy.run_path({str(HERE / 'bench' / 'side_cpu.py')!r}, run_name='__main__')"
    command = [sys.executable, "-P", "-c", run, str(home), str(cases), str(QUESTIONS)]
    environment = os.environ | {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    return dict(json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout))


def rounds(checkouts: list[Path], home: Path, cases: Path, count: int) -> list[dict[str, float]]:
    """Of each checkout, the median of each stage's milliseconds."""
    found: list[list[dict[str, Any]]] = [[] for _ in checkouts]
    for number in range(count):
        step(f"round {number + 1} of {count}")
        for own, checkout in zip(found, checkouts, strict=True):
            own.append(measured(checkout, home, cases)["ms"])
    return [{stage: median(one[stage] for one in own) for stage in own[0]} for own in found]


def main() -> None:
    given = arguments()
    checkouts = [HERE, *([given.against] if given.against else [])]
    found = rounds(checkouts, given.home, given.cases, given.rounds)
    rows = [[stage, *(f"{one[stage]:.2f}" for one in found)] for stage in found[0]]
    sums = [sum(one.values()) for one in found]
    rows.append(["all", *(f"{whole:.2f}" for whole in sums)])
    names = ["this", *(["other"] if given.against else [])]
    notes = [
        f"target: {TARGET_MS} ms of all processes, the service's HTTP included",
        *([f"of the other's: {sums[0] / sums[1]:.2f}"] if given.against else []),
    ]
    show(f"Extractive answer, processor time, ms a question; median of {given.rounds}", ["", *names], rows, notes)
    keep(given.json, {"machine": machine(), "ms": dict(zip(names, found, strict=True))})


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("cases", type=Path, help="JSONL file of cases")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another checkout, measured in turn")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"processes for each [{ROUNDS}]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
