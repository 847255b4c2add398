"""The acceptance check of a new index: one number, for `brain reindex --check`. Plugged in by the entry point `brain.checks`."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from brain.errors import CaseError, StoreError
from eval.cases import load_cases
from eval.retrieval import Searcher, evaluate_retrieval


def hit_at_5(path: Path) -> Callable[[Searcher], float]:
    """What gives the share of cases one of whose documents is among the first five found.

    Raises CaseError, before anything is built, where the cases are wrong or name no documents; the check itself StoreError
    where a search fails: a failure to measure is no result.
    """
    cases = load_cases(path)
    if not any(case.expect.documents for case in cases):
        raise CaseError(f"No case of {path} names documents.", "Add expect.documents: the ids that should be found.")

    def share(searcher: Searcher) -> float:
        report = asyncio.run(evaluate_retrieval(searcher, cases, depth=5))
        if report.unscored:
            failed = report.unscored[0]
            raise StoreError(
                f"The search of case {failed.id} failed: {failed.reason}", "Mend that, then reindex again."
            )
        return report.metrics["hit@5"].mean

    return share
