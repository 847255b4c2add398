"""Weights of `brain/evidence.py` fitted on sets of questions, and what they say of questions that they were not fitted on."""

from collections.abc import Sequence
from itertools import compress

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from bench.refusing_sets import Set
from brain.closeness import Closeness
from brain.evidence import Features, Lexical, Weights, probability

SHARE = {"own": 1.0, "removed": 0.1, "foreign": 0.5, "held": 0.0}
"""What the negatives of one knowledge base count. Gold pages taken out leave others that answer in about half of the cases
(`docs/decisions/0017-sufficiency.md`), so that those labels say little. What is held out is only judged."""
OF_SMALL = 0.5
"""What they count in a small knowledge base (`bench/refusing_small.py`), where pages were left out: others may answer too."""
FOLDS = 10
OF_A_HOME = 300
"""Passages of each knowledge base from which the common directions are taken."""
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
    scale = [count / 2 / sum_ if sum_ else 0.0 for sum_ in total]
    return [w * np.where(labels_of(s, subject), scale[1], scale[0]) for w, s in zip(out, sets, strict=True)]


def labels_of(each: Set, subject: bool) -> np.ndarray:
    return np.full(len(each.asked), int(each.kind != "foreign")) if subject else each.labels


def fit(
    sets: Sequence[Set], features: Sequence[np.ndarray], keep: Sequence[np.ndarray], subject: bool
) -> Weights | None:
    """`brief` last and alone, on all sets; the rest not on small knowledge bases, whose unanswerable questions may be answered by a
    page that is left. None where all that is left to fit on has one label: there is nothing to tell apart then."""
    large = [not s.small for s in sets]
    model = _others(*(list(compress(part, large)) for part in (sets, features, keep)), subject)
    if not model or subject or features[0].shape[1] == len(Lexical._fields):
        return model
    return with_brief(model, sets, features, keep)


def _others(
    sets: Sequence[Set], features: Sequence[np.ndarray], keep: Sequence[np.ndarray], subject: bool
) -> Weights | None:
    weights = [w * k for w, k in zip(weights_of(sets, subject), keep, strict=True)]
    left = [labels_of(s, subject)[w > 0] for s, w in zip(sets, weights, strict=True)]
    if len(set().union(*left)) < 2:
        return None
    x, y, w = np.vstack(features), np.concatenate([labels_of(s, subject) for s in sets]), np.concatenate(weights)
    spread = x.std(axis=0) + 1e-9  # the same penalty for each, whatever its unit
    names = Lexical._fields if x.shape[1] == len(Lexical._fields) else Features._fields
    unfitted = [name == "brief" or (subject and name not in OF_THE_SUBJECT) for name in names]
    spread[unfitted] = np.inf  # of the subject what is asked decides, not how
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


def predicted(model: Weights | None, features: np.ndarray) -> np.ndarray:
    """NaN without a model: such a question is not judged."""
    if not model:
        return np.full(len(features), np.nan)
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
    from them. NaN of a set without which nothing is left to fit on, or one label alone."""
    lexicals = {id(s): s.features(None) for s in sets} if lexical else {}
    done: dict[tuple[str, str], tuple[Closeness | None, Weights | None, Weights | None]] = {}
    out: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for each in sets:
        key = (each.home, each.source)
        if key not in done:
            others = [s for s in sets if not s.families & each.families]
            if not others:
                for place in out:
                    place.append(np.full(len(each.asked), np.nan))
                continue
            closeness = None if lexical else closeness_of(others)
            features = [lexicals[id(s)] if lexical else s.features(closeness) for s in others]
            all_ = [np.ones(len(f)) for f in features]
            done[key] = closeness, fit(others, features, all_, False), fit(others, features, all_, True)
        closeness, *models = done[key]
        own = lexicals[id(each)] if lexical else each.features(closeness)
        for place, model in zip(out, models, strict=True):
            place.append(predicted(model, own))
    return out
