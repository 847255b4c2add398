"""When does Brain refuse? Precision and recall of refusing on sets that the weights were not fitted on; refits the weights.

    python -m bench.refusing --work WORK own:HOME=CASES removed:HOME=CASES foreign:HOME=CASES …

HOME is a folder made by `brain ingest`, CASES a file of cases; the kinds of sets are explained in `bench/refusing_sets.py`. Two
judgements: by cross-validation (10 folds that split no cluster, of all sets), and by weights fitted on sets of other knowledge bases
with other questions only. `--write` stores what all texts have in common (`brain/encoder/e5_common.npy`); the weights are printed
to be put into `brain/evidence.py`.
"""

import argparse
from collections.abc import Sequence
from itertools import compress
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from bench.measure import show
from bench.refusing_sets import Set, sets_of
from brain.closeness import DATA, Closeness
from brain.closeness import closeness_of as closeness_served
from brain.encoder.e5 import FOLDER
from brain.evidence import (
    ANSWERED,
    LEXICAL_ANSWERED,
    LEXICAL_ON_SUBJECT,
    ON_SUBJECT,
    Features,
    Lexical,
    Weights,
    probability,
)
from eval.stats import mean_interval

SHARE = {"own": 1.0, "removed": 0.1, "foreign": 0.5, "held": 0.0}
"""What the negatives of one knowledge base count. Gold pages taken out leave others that answer in about half of the cases
(`docs/decisions/0017-sufficiency.md`), so that those labels say little. What is held out is only judged."""
OF_SMALL = 0.5
"""What they count in a small knowledge base (`bench/refusing_small.py`), where pages were left out: others may answer too."""
FOLDS = 10
BINS = 5
OF_A_HOME = 300
"""Passages of each knowledge base from which the common directions are taken."""
THRESHOLDS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.45)
OF_THE_SUBJECT = ("close", "covered", "covered_by_all", "said", "crossing", "french")


def closeness_of(sets: Sequence[Set]) -> Closeness:
    """What the sets' texts have in common, every knowledge base counting the same."""
    draw = np.random.default_rng(0)
    passages: dict[str, dict[str, np.ndarray]] = {}
    questions = {a.question: a.vector for s in sets for a in s.asked}
    for each in sets:
        for asked in each.asked:
            passages.setdefault(each.home, {}).update(asked.vectors)
    rows = []
    for _, vectors in sorted(passages.items()):
        ids = draw.permutation(sorted(vectors))[:OF_A_HOME]
        rows += [vectors[id] for id in ids]
    picked = [questions[text] for text in draw.permutation(sorted(questions))[: len(rows) // 2]]
    return Closeness.measured_on(np.array(picked), np.array(rows))


def weights_of(sets: Sequence[Set], subject: bool) -> list[np.ndarray]:
    """What each question counts: every knowledge base the same, and as much that should be answered as that should be refused."""
    out = []
    for each in sets:
        labels, known = labels_of(each, subject), each.known
        weights = np.zeros(len(labels))
        for label in (0, 1):
            chosen = (labels == label) & known
            share = 1.0 if label and not subject and SHARE[each.kind] else SHARE[each.kind]
            if each.small and not label:
                share *= OF_SMALL
            same = max(1, sum(o.family == each.family and o.kind == each.kind for o in sets))
            weights[chosen] = share / same / max(1, chosen.sum())
        out.append(weights)
    total = [
        sum(float(w[labels_of(s, subject) == label].sum()) for w, s in zip(out, sets, strict=True)) for label in (0, 1)
    ]
    count = sum(map(len, out))
    return [
        w * np.where(labels_of(s, subject), 1 / total[1], 1 / total[0]) * count / 2
        for w, s in zip(out, sets, strict=True)
    ]


def labels_of(each: Set, subject: bool) -> np.ndarray:
    return np.full(len(each.asked), int(each.kind != "foreign")) if subject else each.labels


def fit(sets: Sequence[Set], features: Sequence[np.ndarray], keep: Sequence[np.ndarray], subject: bool) -> Weights:
    """`brief` last and alone, on all sets; the rest not on small knowledge bases, whose unanswerable questions may be answered by a
    page that is left."""
    large = [not s.small for s in sets]
    model = _others(*(list(compress(part, large)) for part in (sets, features, keep)), subject)
    lexical = features[0].shape[1] == len(Lexical._fields)
    return model if subject or lexical else with_brief(model, sets, features, keep)


def _others(sets: Sequence[Set], features: Sequence[np.ndarray], keep: Sequence[np.ndarray], subject: bool) -> Weights:
    weights = [w * k for w, k in zip(weights_of(sets, subject), keep, strict=True)]
    x, y, w = np.vstack(features), np.concatenate([labels_of(s, subject) for s in sets]), np.concatenate(weights)
    spread = x.std(axis=0) + 1e-9  # the same penalty for each, whatever its unit
    names = Lexical._fields if x.shape[1] == len(Lexical._fields) else Features._fields
    left = [name == "brief" or (subject and name not in OF_THE_SUBJECT) for name in names]
    spread[left] = np.inf  # of the subject what is asked decides, not how
    model = LogisticRegression(C=1.0, max_iter=10_000).fit((x / spread)[w > 0], y[w > 0], sample_weight=w[w > 0])
    return Weights(float(model.intercept_[0]), tuple(map(float, model.coef_[0] / spread)))


def with_brief(
    model: Weights, sets: Sequence[Set], features: Sequence[np.ndarray], keep: Sequence[np.ndarray]
) -> Weights:
    """The model with the weight of `brief` fitted on all sets, the others as they are."""
    weights = [w * k for w, k in zip(weights_of(sets, False), keep, strict=True)]
    x, y, w = np.vstack(features), np.concatenate([s.labels for s in sets]), np.concatenate(weights)
    others = np.array([*model.each[:-1], 0.0])
    logits, brief = model.bias + x @ others, x[:, -1]

    def loss(weight: float) -> float:
        z = logits + weight * brief
        return float((w * (np.logaddexp(0, z) - y * z)).sum() + weight**2 * brief.var() / 2)

    return Weights(model.bias, (*others[:-1], float(minimize_scalar(loss, bounds=(0, 10), method="bounded").x)))


def predicted(model: Weights, features: np.ndarray) -> np.ndarray:
    return np.array([probability(model, row) for row in features])


def cross_validated(
    sets: Sequence[Set], features: Sequence[np.ndarray], subject: bool, seed: int = 0
) -> list[np.ndarray]:
    """Probabilities by models that saw no question of the same cluster, to whatever knowledge base."""
    clusters = [[f"{s.source}/{a.cluster}" for a in s.asked] for s in sets]
    names = sorted({cluster for each in clusters for cluster in each})
    fold_of = dict(zip(np.random.default_rng(seed).permutation(names), np.arange(len(names)) % FOLDS, strict=True))
    folds = [np.array([fold_of[cluster] for cluster in each], int) for each in clusters]
    out = [np.zeros(len(each)) for each in folds]
    for fold in range(FOLDS):
        model = fit(sets, features, [each != fold for each in folds], subject)
        for place, own, each in zip(out, features, folds, strict=True):
            if (each == fold).any():
                place[each == fold] = predicted(model, own[each == fold])
    return out


def left_out(sets: Sequence[Set], lexical: bool) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Probabilities (answered, on the subject) by models that saw neither the knowledge base nor the questions, nor took directions
    from them."""
    lexicals = {id(s): s.features(None) for s in sets} if lexical else {}
    done: dict[tuple[str, str], tuple[Closeness | None, Weights, Weights]] = {}
    out: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for each in sets:
        key = (each.home, each.source)
        if key not in done:
            others = [s for s in sets if not s.families & each.families]
            closeness = None if lexical else closeness_of(others)
            features = [lexicals[id(s)] if lexical else s.features(closeness) for s in others]
            all_ = [np.ones(len(f)) for f in features]
            done[key] = closeness, fit(others, features, all_, False), fit(others, features, all_, True)
        closeness, *models = done[key]
        own = lexicals[id(each)] if lexical else each.features(closeness)
        for place, model in zip(out, models, strict=True):
            place.append(predicted(model, own))
    return out


def rows_of(sets: Sequence[Set], said: Sequence[np.ndarray], needed: float) -> list[list[str]]:
    """One row a set: of the answerable, whose page was found, the share answered; of the others the share refused."""
    return [
        [
            each.name,
            *_share(each, probabilities >= needed, (each.labels == 1) & each.known),
            *_share(each, probabilities < needed, each.labels == 0),
        ]
        for each, probabilities in zip(sets, said, strict=True)
    ]


def refusing(each: Set, probabilities: np.ndarray, needed: float) -> list[str]:
    """Precision and recall of refusing, of all questions of a set, those too whose page was not found."""
    refused, should = probabilities < needed, each.labels == 0
    return [each.name, *_share(each, should, refused), *_share(each, refused, should)]


def _share(each: Set, hits: np.ndarray, of: np.ndarray) -> list[str]:
    if not of.any():
        return ["0", "–", ""]
    clusters = [asked.cluster for asked, counts in zip(each.asked, of, strict=True) if counts]
    found = mean_interval([float(hit) for hit in hits[of]], clusters)
    return [str(found.n), f"{found.mean:.2f}", f"{found.low:.2f}–{found.high:.2f}"]


def pooled(sets: Sequence[Set], said: Sequence[np.ndarray], needed: float) -> list[str]:
    """Over sets, each counting the same."""
    answered = [
        float((p >= needed)[(s.labels == 1) & s.known].mean())
        for s, p in zip(sets, said, strict=True)
        if s.labels.any()
    ]
    refused = {
        kind: [float((p < needed).mean()) for s, p in zip(sets, said, strict=True) if s.kind == kind] for kind in SHARE
    }
    own = [
        float((p < needed)[s.labels == 0].mean())
        for s, p in zip(sets, said, strict=True)
        if s.kind == "own" and not s.labels.all()
    ]
    shares = (answered, own, refused["removed"], refused["foreign"])
    return [f"{np.mean(values):.3f}" if values else "–" for values in shares]


def curve(sets: Sequence[Set], said: Sequence[np.ndarray]) -> list[list[str]]:
    return [[f"{needed:.2f}", *pooled(sets, said, needed)] for needed in np.arange(0.2, 0.8, 0.05)]


def served(sets: Sequence[Set]) -> list[list[str]]:
    """By the weights as served, at each threshold: of each set the share answered of the answerable, or else of the others."""
    closeness = closeness_served(FOLDER)
    said = [np.array([probability(ANSWERED, row) for row in each.features(closeness)]) for each in sets]
    rows = []
    for each, probabilities in zip(sets, said, strict=True):
        for answerable in (True, False):
            of = ((each.labels == 1) & each.known) if answerable else each.labels == 0
            if of.any():
                shares = [f"{(probabilities >= needed)[of].mean():.2f}" for needed in THRESHOLDS]
                rows.append([each.name, "yes" if answerable else "no", str(int(of.sum())), *shares])
    return rows


def reasons(
    sets: Sequence[Set], said: Sequence[np.ndarray], subject: Sequence[np.ndarray], needed: float
) -> list[list[str]]:
    """Of the refused, mean over sets, the share that is called out of scope: of foreign questions it should be 1, of others 0."""
    rows = []
    for cut in np.arange(0.1, 0.65, 0.1):
        row = [f"{cut:.1f}"]
        for kind in SHARE:
            of_kind = [(p < needed, on < cut) for s, p, on in zip(sets, said, subject, strict=True) if s.kind == kind]
            row.append(f"{np.mean([out[refused].mean() for refused, out in of_kind if refused.any()]):.2f}")
        rows.append(row)
    return rows


def calibration(sets: Sequence[Set], said: Sequence[np.ndarray]) -> list[list[str]]:
    """Of what is said to be so likely, the share that is answerable, weighed as in fitting; last the mean difference (ECE)."""
    weights, labels = np.concatenate(weights_of(sets, False)), np.concatenate([s.labels for s in sets])
    p = np.concatenate(said)
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    rows, apart = [], 0.0
    for at in range(BINS):
        w = weights * (bins == at)
        if w.sum():
            mean, share = float(w @ p / w.sum()), float(w @ labels / w.sum())
            apart += abs(mean - share) * w.sum() / weights.sum()
            rows.append(
                [f"{at / BINS:.1f} to {(at + 1) / BINS:.1f}", str(int((w > 0).sum())), f"{mean:.2f}", f"{share:.2f}"]
            )
    return [*rows, ["mean difference", "", "", f"{apart:.3f}"]]


def report(sets: Sequence[Set], needed: float, lexical: bool) -> None:
    closeness = None if lexical else closeness_of(sets)
    features = [s.features(closeness) for s in sets]
    which = "words alone" if lexical else "words and vectors"
    crossed = tuple(cross_validated(sets, features, subject) for subject in (False, True))
    judged = [("cross-validated", crossed), ("left out", left_out(sets, lexical))]
    models = (LEXICAL_ANSWERED, LEXICAL_ON_SUBJECT) if lexical else (ANSWERED, ON_SUBJECT)
    shipped = features if lexical else [s.features(closeness_served(FOLDER)) for s in sets]
    judged.append(("as shipped", tuple([predicted(model, f) for f in shipped] for model in models)))
    for how, (said, subject) in judged:
        title = f"{which}, {how}, answered from {needed}"
        show(title, ["set", "n", "answered", "95 %", "n", "refused", "95 %"], rows_of(sets, said, needed), [])
        both = [refusing(s, p, needed) for s, p in zip(sets, said, strict=True) if 0 < s.labels.sum() < len(s.labels)]
        show(f"refusing: {title}", ["set", "n", "precision", "95 %", "n", "recall", "95 %"], both, [])
        heads = ["needed", "answered", "refused: own", "gold removed", "foreign"]
        show(f"mean over sets: {title}", heads, curve(sets, said), [])
        heads = ["least on the subject", "own", "gold removed", "foreign"]
        show(f"called out_of_scope: {title}", heads, reasons(sets, said, subject, needed), [])
        show(f"calibration: {title}", ["probability", "n", "said", "answerable"], calibration(sets, said), [])
    if not lexical:
        beside = with_brief(ANSWERED, sets, shipped, [np.ones(len(f)) for f in shipped])
        print(f"beside the other weights as shipped: brief={beside.each[-1]:.2f}")
    kind = Lexical if lexical else Features
    for name, on in (("ANSWERED", False), ("ON_SUBJECT", True)):
        model = fit(sets, features, [np.ones(len(f)) for f in features], on)
        values = ", ".join(f"{k}={w:.2f}" for k, w in zip(kind._fields, model.each, strict=True))
        print(f"{'LEXICAL_' * lexical}{name} = Weights({model.bias:.2f}, {kind.__name__}({values}))")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", help="KIND:HOME=CASES")
    parser.add_argument("--work", type=Path, required=True, help="folder where what was found is kept")
    parser.add_argument("--passages", type=int, default=8)
    parser.add_argument("--foreign", type=int, default=200, help="most questions of a foreign set")
    parser.add_argument("--needed", type=float, default=0.45, help="answer.sufficiency")
    parser.add_argument("--served", action="store_true", help="only what the stored weights do, at many thresholds")
    parser.add_argument("--write", action="store_true", help="store the common directions in the package")
    given = parser.parse_args()
    sets = sets_of(given.sets, given.work, given.passages, given.foreign)
    if given.served:
        heads = ["set", "answerable", "n", *(f"{needed:.2f}" for needed in THRESHOLDS)]
        show("share that is answered, or handed to a model, at each threshold", heads, served(sets), [])
        return
    if given.write:
        measured = closeness_of(sets)
        rows = np.vstack([measured.questions, measured.passages, measured.directions]).astype(np.float32)
        np.save(Path("brain/encoder") / DATA, rows)
    for lexical in (False, True):
        report(sets, given.needed, lexical)


if __name__ == "__main__":
    main()
