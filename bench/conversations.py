"""Follow-ups and changes of subject: what search finds with the conversation, beside the last turn alone.

    python -m bench.conversations CASES --home HOME           cases with turns: with the conversation / the last turn alone
    python -m bench.conversations CASES --home HOME --switch  single questions, each asked after another one and its passage

Documents as in `brain eval retrieval`; prints hit@1, hit@5 and MRR@10 with the paired difference and its 95 % interval.
"""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from brain.session import Brain, open_brain
from brain.types import Question, Turn
from eval.cases import Case, load_cases
from eval.metrics import hit, reciprocal_rank
from eval.stats.effect import effect

METRICS = {"hit@1": (hit, 1), "hit@5": (hit, 5), "MRR@10": (reciprocal_rank, 10)}
FARTHER = 7
"""How many cases away the question is that was asked before."""
DEPTH = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--switch", action="store_true")
    args = parser.parse_args()
    cases = [case for case in load_cases(args.cases) if case.expect.documents]
    with open_brain(args.home) as brain:
        asyncio.run(_compare(brain, cases, args.switch))


async def _compare(brain: Brain, cases: Sequence[Case], switch: bool) -> None:
    asked = [case.to_question("agent", "default") for case in cases]
    kept = [n for n, question in enumerate(asked) if switch is not bool(question.turns)]
    pairs = [(asked[n], await _before(brain, asked, n) if switch else asked[n]) for n in kept]
    ranked = [[await _documents(brain, question) for question in (replace(a, turns=()), b)] for a, b in pairs]
    print(f"{len(kept)} cases\n\n| | alone | in the conversation | difference (95 %) |\n|---|---|---|---|")
    for name, (metric, depth) in METRICS.items():
        scores = [
            [metric(found, frozenset(cases[n].expect.documents or ()), depth) for found in both]
            for n, both in zip(kept, ranked, strict=True)
        ]
        alone, within = zip(*scores, strict=True)
        gap = effect(alone, within, [cases[n].unit for n in kept])
        print(
            f"| {name} | {gap.baseline:.3f} | {gap.candidate:.3f} | {gap.difference:+.3f} ({gap.low:+.3f} to {gap.high:+.3f}) |"
        )


async def _before(brain: Brain, asked: Sequence[Question], number: int) -> Question:
    """The question after another one, which its best passage answered."""
    other = asked[(number + FARTHER) % len(asked)]
    (passage,) = await brain.search(other, limit=1)
    return replace(asked[number], turns=(Turn("user", other.text), Turn("assistant", passage.text)))


async def _documents(brain: Brain, question: Question) -> list[str]:
    return list((await brain.search(question, limit=DEPTH, per_document=1)).by_document())


if __name__ == "__main__":
    main()
