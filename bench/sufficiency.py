"""How well do we know that the passages hold no answer? Fits `brain/evidence.py` and shows how it does on sets not fitted on.

    python -m bench.sufficiency HOME=CASES [HOME=CASES …] --foreign HOME=CASES …

    python -m bench.sufficiency .homes/cnil=cases_cnil.jsonl .homes/sample=eval/sample/cases.jsonl \
        --foreign .homes/cnil=cases_aws.jsonl

Each HOME is a folder made by `brain ingest`. Cases after `--foreign` are questions about something else: every one
should be refused. A case that should be answered counts only where a gold page was retrieved: the weights judge the passages.
Weights are fitted with every set counting the same; figures are leave-one-set-out, so each set is judged by the others.
"""

import argparse
import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression

from brain import Brain, load_settings
from brain.evidence import Features, features_of
from eval.cases import load_cases


@dataclass(frozen=True)
class Labelled:
    """Features (rows, 3) and labels (1: the passages hold the answer) of one set."""

    name: str
    features: np.ndarray
    labels: np.ndarray


def collect(brain: Brain, name: str, cases: Path, foreign: bool, passages: int) -> Labelled:
    rows, labels = [], []
    for case in load_cases(cases):
        question = case.to_question("agent", "default")
        found = asyncio.run(brain.search(question, passages))
        gold = set(case.expect.documents or ())
        answerable = case.expect.status == "answered" and not foreign
        if answerable and gold and not gold & {p.document_id for p in found}:
            continue
        rows.append(features_of(question.text, found.language, found))
        labels.append(int(answerable))
    return Labelled(name, np.array(rows), np.array(labels))


def fit(sets: list[Labelled]) -> LogisticRegression:
    features, labels = np.vstack([s.features for s in sets]), np.concatenate([s.labels for s in sets])
    sizes = {(s.name, label): max(1, int((s.labels == label).sum())) for s in sets for label in (0, 1)}
    weights = np.concatenate([[1 / sizes[s.name, label] for label in s.labels] for s in sets])
    for label in (0, 1):  # as much weight for what should be answered as for what should be refused
        weights[labels == label] /= weights[labels == label].sum()
    model = LogisticRegression(C=1000, max_iter=10_000)
    return model.fit(features, labels, sample_weight=weights * len(labels) / 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", help="HOME=CASES")
    parser.add_argument("--foreign", nargs="*", default=[], help="HOME=CASES, all to be refused")
    parser.add_argument("--passages", type=int, default=8)
    given = parser.parse_args()
    sets = []
    wanted = [(pair, False) for pair in given.sets] + [(pair, True) for pair in given.foreign]
    for home in dict.fromkeys(pair.partition("=")[0] for pair, _ in wanted):
        with Brain.open(load_settings(home=home)) as brain:
            for pair, foreign in wanted:
                if pair.partition("=")[0] == home:
                    name = f"{Path(home).name} / {Path(pair.partition('=')[2]).parent.name}"
                    sets.append(collect(brain, name, Path(pair.partition("=")[2]), foreign, given.passages))
    show(sets)


def show(sets: list[Labelled]) -> None:
    console = Console()
    table = Table(
        "set (home / cases)", "should answer", "of them answered", "should refuse", "of them refused", "accuracy"
    )
    for held_out in sets:
        model = fit([s for s in sets if s is not held_out])
        said, labels = model.predict(held_out.features), held_out.labels
        table.add_row(
            held_out.name,
            str(int(labels.sum())),
            _share(said[labels == 1] == 1),
            str(int((labels == 0).sum())),
            _share(said[labels == 0] == 0),
            _share(said == labels),
        )
    console.print(table)
    model = fit(sets)
    values = ", ".join(f"{name}={w:.2f}" for name, w in zip(Features._fields, model.coef_[0], strict=True))
    console.print(f"WEIGHTS = Features({values})\nBIAS = {model.intercept_[0]:.2f}", markup=False)


def _share(hits: np.ndarray) -> str:
    return f"{hits.mean():.2f}" if len(hits) else "–"


if __name__ == "__main__":
    main()
