"""Do quoted sentences give what was asked for? No model: the passages' own sentences, as `brain ask` shows them.

    python -m bench.quoting HOME CASES [CASES …] [--misses]

Of the cases that have an answer: how many are answered; of the answered ones whose expected facts (`must_include`) are known, how
many hold all of them; how many quote a gold page first; how much of the reference they say (F1 over terms); words.
"""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from bench.measure import show
from brain.session import Brain
from brain.settings import load_settings
from brain.text.analyzer import terms
from brain.types import Answer, Status
from eval.cases import Case, load_cases
from eval.scoring.facts import states


async def row(brain: Brain, cases: Sequence[Case], misses: bool) -> list[str]:
    asked = [case for case in cases if case.expect.status in (None, "answered")]
    pairs = [(case, await brain.ask(case.to_question("public", "default"))) for case in asked]
    answered = [(case, answer) for case, answer in pairs if answer.status is Status.ANSWERED]
    facts = [(case, answer, _holds_all(case, answer)) for case, answer in answered if case.expect.must_include]
    if misses:
        for case, answer, right in facts:
            if not right:
                print(f"{case.id}: {case.text}\n    wanted {case.expect.must_include}\n    {answer.text}")
    return [
        f"{len(answered)} of {len(asked)}",
        f"{sum(right for *_, right in facts)} of {len(facts)}",
        _mean([float(_first_page(answer) in (case.expect.documents or ())) for case, answer in answered]),
        _mean([_f1(case, answer) for case, answer in answered if case.expect.reference]),
        _mean([float(len(answer.text.split())) for _, answer in answered]),
    ]


def _holds_all(case: Case, answer: Answer) -> bool:
    return all(states(answer.text, fact, answer.language) for fact in case.expect.must_include or ())


def _first_page(answer: Answer) -> str:
    return answer.sentences[0].citations[0].document_id if answer.sentences else ""


def _f1(case: Case, answer: Answer) -> float:
    language = answer.language
    wanted, said = set(terms(case.expect.reference or "", language)), set(terms(answer.text, language))
    return 2 * len(wanted & said) / max(1, len(wanted) + len(said))


def _mean(values: Sequence[float]) -> str:
    return f"{fmean(values):.2f}" if values else "–"


async def run(home: Path, files: Sequence[Path], misses: bool) -> None:
    with Brain.open(load_settings(home=home)) as brain:
        rows = [[file.stem, *await row(brain, load_cases(file), misses)] for file in files]
    show("quoting", ["cases", "answered", "with all facts", "gold page first", "F1", "words"], rows, [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("cases", type=Path, nargs="+")
    parser.add_argument("--misses", action="store_true", help="print the answers that lack a fact")
    given = parser.parse_args()
    asyncio.run(run(given.home, given.cases, given.misses))


if __name__ == "__main__":
    main()
