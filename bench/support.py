"""Is a sentence supported by its passage? Fits `brain/verify/support.py`, and shows by cross-validation how well it does.

    python -m bench.support --claims claims.jsonl --pages pages.jsonl.gz [--answers answers.jsonl] [--json FILE]

`--claims`: one JSON object a line with `claim`, `evidence` (its sentences), `label` ("supported" or another) and
`meta.claim_title`, the source article. `--pages`: French pages with `id`, `title`, `markdown`, of which pairs are made
(`bench/altered.py`). `--answers`: answers that people wrote from a passage to a question (`input`, `passages[].text`,
`output[].answer`), all supported: how many sentences are flagged nevertheless?
Folds never split a source article or a page. Weights are fitted with both sets, and both labels, counting the same.
"""

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from bench.altered import IF, KINDS, Pair, pairs
from bench.measure import machine, percentiles, show
from brain import load_settings
from brain.encoder import make_encoder
from brain.text.sentences import sentence_spans
from brain.types import Citation, Passage, Scores, Sentence
from brain.verify import Verifier
from brain.verify.reading import Close, Evidence, Text, claims_of
from brain.verify.support import THRESHOLD, Features, look_up, uncovered
from brain.verify.verifier import Encode

FOLDS, ROUNDS = 5, 10
RESAMPLED = 2000


@dataclass(frozen=True)
class Row:
    """One claim: what is wrong in it, and its features (with and without vectors the first is the same)."""

    group: str
    kind: str
    supported: bool
    wrong: bool
    features: Features


def rows_of(sentence: str, evidence: Evidence, group: str, kind: str, close: Close, question: str = "") -> Row:
    """Of a sentence's claims the worst counts. `question`: what it answers, where that is known."""
    language = evidence.context.language
    found = []
    for claim in claims_of(sentence, language):
        said = Text(f"{question} {sentence}", language).content
        asked = Text(question, language) if question else None
        stated, _, picked, problems = look_up(claim, evidence, said, close, asked)
        closeness = max(close(stated.text, [text.text for text in picked])) if picked else 0.0
        found.append((bool(problems) or not picked, Features(uncovered(stated, evidence), closeness)))
    features = Features(max(f.uncovered for _, f in found), min(f.closeness for _, f in found))
    return Row(group, kind, kind == "supported", any(bad for bad, _ in found), features)


def _evidence(text: str, title: str, language: str) -> Evidence:
    return Evidence.of_passages([Passage("", "", text, (0, len(text)), Scores(0.0), title=title)], language)


def close_by(encode: Callable[[Sequence[str]], Any]) -> Close:
    def close(text: str, others: Sequence[str]) -> Sequence[float]:
        vectors = encode([text, *others])
        return [float(cosine) for cosine in vectors[1:] @ vectors[0]]

    return close


def claim_rows(path: Path, close: Close) -> list[Row]:
    rows = []
    for line in _lines(path):
        evidence = Evidence([Text(sentence, "en") for sentence in line["evidence"]], Text("", "en"), [])
        label = "supported" if line["label"] == "supported" else "not"
        rows.append(rows_of(" ".join(line["claim"].split()), evidence, line["meta"]["claim_title"], label, close))
    return rows


def pair_rows(made: Iterable[Pair], close: Close) -> list[Row]:
    return [
        rows_of(pair.sentence, _evidence(pair.passage, pair.title, "fr"), pair.page, pair.kind, close) for pair in made
    ]


def answer_rows(path: Path, close: Close) -> list[Row]:
    rows = []
    for at, line in enumerate(_lines(path)):
        passage = line["passages"][0]
        evidence = _evidence(passage["text"], passage.get("title", ""), "en")
        answer = line["output"][0]["answer"]
        rows += [
            rows_of(answer[start:end], evidence, str(at), "supported", close, line["input"])
            for start, end in sentence_spans(answer)
        ]
    return rows


def fit(sets: Sequence[Sequence[Row]], columns: Sequence[int]) -> LogisticRegression:
    """On what is not wrong already, which counts as it does beside all that is: the rest is refused without it."""
    rows = [(at, row) for at, rows in enumerate(sets) for row in rows if not row.wrong]
    labels = np.array([row.supported for _, row in rows])
    sizes = Counter((at, row.supported) for at, rows_ in enumerate(sets) for row in rows_)
    weights = np.array([1 / sizes[at, row.supported] for at, row in rows])
    features = np.array([[row.features[column] for column in columns] for _, row in rows])
    return LogisticRegression(C=1000, max_iter=10_000).fit(
        features, labels, sample_weight=weights * len(rows) / (2 * len(sets))
    )


def verdicts(model: LogisticRegression, rows: Sequence[Row], columns: Sequence[int]) -> np.ndarray:
    features = np.array([[row.features[column] for column in columns] for row in rows])
    return (model.predict_proba(features)[:, 1] >= THRESHOLD) & ~np.array([row.wrong for row in rows])


def cross_validated(sets: Sequence[Sequence[Row]], columns: Sequence[int]) -> list[np.ndarray]:
    """Verdicts of each set by models that saw nothing of the row's article or page: (rounds, rows)."""
    out: list[list[np.ndarray]] = [[] for _ in sets]
    for seed in range(ROUNDS):
        folds = [list(_folds(rows, seed)) for rows in sets]
        said = [np.zeros(len(rows), bool) for rows in sets]
        for fold in range(FOLDS):
            model = fit([[rows[i] for i in folds[at][fold][0]] for at, rows in enumerate(sets)], columns)
            for at, rows in enumerate(sets):
                test = folds[at][fold][1]
                said[at][test] = verdicts(model, [rows[i] for i in test], columns)
        for at, verdict in enumerate(said):
            out[at].append(verdict)
    return [np.array(verdict) for verdict in out]


def _folds(rows: Sequence[Row], seed: int) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    kinds, groups = [row.kind for row in rows], [row.group for row in rows]
    return StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(np.zeros(len(rows)), kinds, groups)


def interval(rows: Sequence[Row], measure: Callable[[np.ndarray], float]) -> tuple[float, float]:
    """95 %, by resampling whole articles or pages."""
    draw = np.random.default_rng(0)
    by_group: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        by_group.setdefault(row.group, []).append(at)
    groups = [np.array(places) for places in by_group.values()]
    values = []
    for _ in range(RESAMPLED):
        chosen = draw.integers(0, len(groups), len(groups))
        values.append(measure(np.concatenate([groups[i] for i in chosen])))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def balanced(rows: Sequence[Row], said: np.ndarray, places: np.ndarray | None = None) -> float:
    places = np.arange(len(rows)) if places is None else places
    labels, verdict = np.array([row.supported for row in rows])[places], said[:, places]
    if labels.all() or not labels.any():
        return float("nan")
    return float((verdict[:, labels].mean() + 1 - verdict[:, ~labels].mean()) / 2)


def share(rows: Sequence[Row], said: np.ndarray, kind: str) -> list[str]:
    kept = [at for at, row in enumerate(rows) if row.kind == kind]
    flagged = 1 - said[:, kept]
    low, high = interval([rows[at] for at in kept], lambda places: float(flagged[:, places].mean()))
    return [str(len(kept)), f"{flagged.mean():.3f}", f"{low:.3f}–{high:.3f}"]


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return map(json.loads, content.decode("utf-8").strip().split("\n"))


def milliseconds(made: Sequence[Pair], encode: Encode | None, drafts: int = 100) -> dict[str, float]:
    """Processor time of checking an answer: three sentences in other words than their passages', each of another passage."""
    verifier, times = Verifier(encode), []
    supported = [pair for pair in made if pair.kind == "supported"]
    for at in range(min(drafts, len(supported) // 3)):
        three = supported[3 * at : 3 * at + 3]
        passages = [
            Passage(str(i), str(i), p.passage, (0, len(p.passage)), Scores(0.0), title=p.title, language="fr")
            for i, p in enumerate(three)
        ]
        sentences = [
            Sentence(p.sentence, (Citation(str(i), str(i), (0, 1), p.passage[:1]),)) for i, p in enumerate(three)
        ]
        start = process_time()
        said, by_id = " ".join(sentence.text for sentence in sentences), {passage.id: passage for passage in passages}
        for sentence in sentences:
            verifier.check(sentence, said, "fr", by_id, three[0].original)
        times.append(1e3 * (process_time() - start))
    return percentiles(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--each", type=int, default=100, help="pairs of each kind of alteration")
    parser.add_argument("--seed", type=int, default=2026, help="of the pairs that are made")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    encode = make_encoder(load_settings()).encode_questions
    close = close_by(encode)
    made = pairs(list(_lines(given.pages)), given.each, 4 * given.each, given.seed)
    claims, french = claim_rows(given.claims, close), pair_rows(made, close)
    without_if = pair_rows(pairs(list(_lines(given.pages)), given.each, 0, given.seed, (IF,)), close)
    answers = answer_rows(given.answers, close) if given.answers else []
    times = {"words and vectors": milliseconds(made, encode), "words alone": milliseconds(made, None)}
    report(claims, french, without_if, answers, times, given.json)


def report(
    claims: Sequence[Row],
    french: Sequence[Row],
    without_if: Sequence[Row],
    answers: Sequence[Row],
    times: dict[str, dict[str, float]],
    to: Path | None,
) -> None:
    table, kept = [], {}
    for name, columns in (("words and vectors", (0, 1)), ("words alone", (0,))):
        said = cross_validated([claims, french], columns)
        low, high = interval(claims, lambda places, s=said[0]: balanced(claims, s, places))  # type: ignore[misc]
        accuracy = balanced(claims, said[0])
        table.append(
            [f"claims, balanced accuracy ({name})", str(len(claims)), f"{accuracy:.3f}", f"{low:.3f}–{high:.3f}"]
        )
        table += [
            [f"French, {kind}: flagged ({name})", *share(french, said[1], kind)] for kind in ("supported", *KINDS)
        ]
        model = fit([claims, french], columns)
        table.append(
            [
                f"French, “if” left out: flagged ({name})",
                *share(without_if, verdicts(model, without_if, columns)[None], IF),
            ]
        )
        if answers:
            table.append(
                [
                    f"answers that people wrote: flagged ({name})",
                    *share(answers, verdicts(model, answers, columns)[None], "supported"),
                ]
            )
        kept[name] = [*map(float, model.coef_[0]), float(model.intercept_[0])]
    notes = [
        f"{name}: weights {', '.join(f'{w:.2f}' for w in values)} (the last is the bias)"
        for name, values in kept.items()
    ]
    notes += [
        f"three sentences checked, {name}, processor time: p50 {t['p50']:.1f} ms, p95 {t['p95']:.1f} ms"
        for name, t in times.items()
    ]
    show("Is a sentence supported by its passage?", ["", "n", "share", "95 %"], table, notes)
    if to:
        to.write_text(
            json.dumps({"table": table, "weights": kept, "ms": times, "machine": machine()}, indent=1), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
