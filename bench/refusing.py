"""When does Brain refuse? Precision and recall of refusing on sets that the weights were not fitted on; refits the weights.

    python -m bench.refusing --work WORK own:HOME=CASES removed:HOME=CASES foreign:HOME=CASES …

HOME is a folder made by `brain ingest`, CASES a file of cases; the kinds of sets are explained in `bench/refusing_sets.py`. Two
judgements: by cross-validation (10 folds that split no cluster, of all sets), and by weights fitted on sets of other knowledge bases
with other questions only. `--write` stores what all texts have in common (`brain/encoder/e5_common.npy`) and the
vectors of everyday questions; the weights are printed
to be put into `brain/evidence.py`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.measure import show
from bench.refusing_fit import closeness_of, cross_validated, fit, left_out, predicted, weights_of, with_brief
from bench.refusing_sets import Set, sets_of
from brain.closeness import DATA
from brain.closeness import closeness_of as closeness_served
from brain.encoder import make_encoder
from brain.encoder.e5 import FOLDER
from brain.everyday import DATA as EVERYDAY
from brain.everyday import LANGUAGES, questions
from brain.evidence import (
    ANSWERED,
    LEXICAL_ANSWERED,
    LEXICAL_ON_SUBJECT,
    ON_SUBJECT,
    Features,
    Lexical,
    probability,
)
from brain.settings import load_settings
from eval.stats import mean_interval

BINS = 5
THRESHOLDS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.45)
REFUSED_KINDS = ("own", "removed", "foreign")


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
        if ((s.labels == 1) & s.known).any()
    ]
    refused = {
        kind: [float((p < needed).mean()) for s, p in zip(sets, said, strict=True) if s.kind == kind]
        for kind in REFUSED_KINDS
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
        for kind in REFUSED_KINDS:
            shares = [
                float((on < cut)[p < needed].mean())
                for s, p, on in zip(sets, said, subject, strict=True)
                if s.kind == kind and (p < needed).any() and not np.isnan(on).any()
            ]
            row.append(f"{np.mean(shares):.2f}" if shares else "–")
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
            apart += float(abs(mean - share) * w.sum() / weights.sum())
            rows.append(
                [f"{at / BINS:.1f} to {(at + 1) / BINS:.1f}", str(int((w > 0).sum())), f"{mean:.2f}", f"{share:.2f}"]
            )
    return [*rows, ["mean difference", "", "", f"{apart:.3f}"]]


def show_judged(
    title: str, sets: Sequence[Set], said: Sequence[np.ndarray], subject: Sequence[np.ndarray], needed: float
) -> None:
    """All tables of one judgement; what no weights could be fitted for is named and left out of them."""
    unjudged = [s.name for s, p in zip(sets, said, strict=True) if np.isnan(p).any()]
    if unjudged:
        print(f"Not judged, nothing else to fit weights on ({title}): {', '.join(unjudged)}")
    rated = [(s, p, on) for s, p, on in zip(sets, said, subject, strict=True) if not np.isnan(p).any()]
    if not rated:
        return
    sets, said, subject = (list(part) for part in zip(*rated, strict=True))
    show(title, ["set", "n", "answered", "95 %", "n", "refused", "95 %"], rows_of(sets, said, needed), [])
    both = [refusing(s, p, needed) for s, p in zip(sets, said, strict=True) if 0 < s.labels.sum() < len(s.labels)]
    show(f"refusing: {title}", ["set", "n", "precision", "95 %", "n", "recall", "95 %"], both, [])
    heads = ["needed", "answered", "refused: own", "gold removed", "foreign"]
    show(f"mean over sets: {title}", heads, curve(sets, said), [])
    heads = ["least on the subject", "own", "gold removed", "foreign"]
    show(f"called out_of_scope: {title}", heads, reasons(sets, said, subject, needed), [])
    show(f"calibration: {title}", ["probability", "n", "said", "answerable"], calibration(sets, said), [])


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
        show_judged(f"{which}, {how}, answered from {needed}", sets, said, subject, needed)
    if not lexical:
        beside = with_brief(ANSWERED, sets, shipped, [np.ones(len(f)) for f in shipped])
        print(f"beside the other weights as shipped: brief={beside.each[-1]:.2f}")
    kind = Lexical if lexical else Features
    for name, on in (("ANSWERED", False), ("ON_SUBJECT", True)):
        model = fit(sets, features, [np.ones(len(f)) for f in features], on)
        if not model:
            print(f"{'LEXICAL_' * lexical}{name}: all questions have one label, nothing to fit")
            continue
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
    parser.add_argument(
        "--write",
        action="store_true",
        help="store the common directions, and the everyday questions' vectors, in the package",
    )
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
        encoder = make_encoder(load_settings())
        everyday = [encoder.encode_questions(questions(language)) for language in LANGUAGES]
        np.save(Path("brain/encoder") / EVERYDAY, np.stack(everyday).astype(np.float16))
    for lexical in (False, True):
        report(sets, given.needed, lexical)


if __name__ == "__main__":
    main()
