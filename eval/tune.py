"""Learned fusion: how much each ranking should count on this knowledge base, from its own titles and from cases.

A page's title is asked as a question of pages without their titles: what the encoder and BM25 make of the bodies alone decides how
much each counts. Cases, where there are any, are asked of the index as it is. The weights are those of a conditional logit (each
question picks its page out of the candidates), pulled towards the present ones, and they are kept only where they find the pages of
questions that they were not fitted on better than the present ones do (`Tuning.better`).

Source: Cao et al., "Learning to rank: from pairwise approach to listwise approach", ICML 2007 (ListNet, top one).
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from brain.encoder import Encoder
from brain.errors import CaseError
from brain.facets import title_key
from brain.fuse import QUESTION, Features, Rankings, features_of
from brain.index import Index
from brain.index.base import Payload, Point, Scope, page_of
from brain.index.edge import EdgeIndex
from brain.rankings import Ranker, Remembered
from brain.retrieve import Retriever
from brain.settings import Settings
from brain.text.analyzer import terms
from brain.text.bm25 import passage_vector
from brain.text.language import detect
from brain.types import Question
from eval.cases import Case
from eval.metrics import hit, reciprocal_rank
from eval.stats.effect import Effect, effect

LEAST = 30
"""Questions: fewer say nothing about weights."""
LEAST_TERMS = 2
"""A title of one word is no question."""
PULL = 0.02
"""Strength of the pull towards the present weights, for each question: a prior, weak beside hundreds of questions."""
SHARPNESS = 4.0
"""Scores are sums of values up to 1: so much steeper, and the softmax picks a page as decidedly as a ranking does."""
FOLDS = 5
CHANCE = 0.1
"""P-value of a gain; larger ones leave the weights as they are."""
METRICS = {"hit@5": (hit, 5), "MRR@10": (reciprocal_rank, 10)}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """One question: what is known of each candidate page, (pages, features), and which of them are right, (pages,)."""

    kind: str
    cluster: str
    pages: Floats
    right: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Tuning:
    """Weights fitted on all examples, and what weights fitted in the same way do on questions that were held out, by kind."""

    present: Features
    fitted: Features
    held_out: dict[str, dict[str, Effect]]

    @property
    def better(self) -> bool:
        """No metric falls for any kind of question, and for one of them MRR@10 rises by more than chance would have it."""
        differences = [d.difference for metrics in self.held_out.values() for d in metrics.values()]
        rises = [metrics["MRR@10"] for metrics in self.held_out.values()]
        return min(differences) >= 0 and any(rise.difference > 0 and rise.p < CHANCE for rise in rises)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "present": self.present._asdict(),
            "fitted": self.fitted._asdict(),
            "better": self.better,
            "held_out": {kind: {m: asdict(d) for m, d in found.items()} for kind, found in self.held_out.items()},
        }


def tune(examples: Sequence[Example], present: Features = QUESTION) -> Tuning:
    """Raises CaseError where there are fewer than `LEAST` questions whose page is among the candidates."""
    usable = [example for example in examples if example.right.any() and not example.right.all()]
    if len(usable) < LEAST:
        raise CaseError(
            f"{len(usable)} questions find their page among the candidates at all; {LEAST} are needed to learn from.",
            "Ingest more pages that have a title of their own, or give --cases with documents that are in the index.",
        )
    held_out: dict[str, list[tuple[Example, Features]]] = defaultdict(list)
    for fold in _folds(examples):
        kept = [example for example in usable if example.cluster not in fold]
        weights = fit(kept, present)
        for example in examples:
            if example.cluster in fold:
                held_out[example.kind].append((example, weights))
    return Tuning(present, fit(usable, present), {kind: _differences(on, present) for kind, on in held_out.items()})


def fit(examples: Sequence[Example], start: Features) -> Features:
    """The weights under which each question's right pages get most of the softmax over its candidates."""
    origin = np.array(start, dtype=np.float64)
    scale = np.maximum(np.abs(origin), 0.5)
    counts: dict[str, int] = defaultdict(int)
    for example in examples:
        counts[example.kind] += 1
    shares = [1 / (counts[example.kind] * len(counts)) for example in examples]

    def loss(weights: Floats) -> tuple[float, Floats]:
        value, gradient = 0.0, np.zeros_like(weights)
        for example, share in zip(examples, shares, strict=True):
            logits = SHARPNESS * (example.pages @ weights)
            chances = np.exp(logits - logits.max())
            among_right = chances * example.right
            value -= share * np.log(among_right.sum() / chances.sum())
            difference = chances / chances.sum() - among_right / among_right.sum()
            gradient += share * SHARPNESS * (example.pages.T @ difference)
        gap = (weights - origin) / scale
        return value + PULL * float(gap @ gap), gradient + 2 * PULL * gap / scale

    # A ranking can count for nothing, never against a page; a page can be too long, never long enough.
    bounds = [(None, 0.0) if name == "huge" else (0.0, None) for name in Features._fields]
    found = minimize(loss, origin, jac=True, method="L-BFGS-B", bounds=bounds)
    return Features(*(round(float(weight), 3) for weight in found.x))


def examples_from_cases(
    index: Index,
    encoder: Encoder,
    settings: Settings,
    cases: Iterable[Case],
    progress: Callable[[int], None] = lambda _: None,
) -> list[Example]:
    """Cases that name documents, but for those within a conversation: these have weights of their own."""
    ranker = Ranker(index, Remembered(index.tags), settings.retrieval.candidates)
    retriever = Retriever(index, encoder, settings)
    examples = []
    for case in cases:
        progress(1)
        if not case.expect.documents or case.turns:
            continue
        question = case.to_question("agent", "default")
        # As search itself does: its stemming and its scope, or the weights would fit another ranking.
        language = question.language or detect(question.text)
        rankings = _rankings(ranker, encoder, question, language, retriever.scope(question))
        documents = _documents(index, rankings)
        gold = set(case.expect.documents)
        examples.append(
            _example("cases", case.unit, rankings, {p for p, document in documents.items() if document in gold})
        )
    return examples


def examples_from_titles(
    index: Index,
    encoder: Encoder,
    settings: Settings,
    pages: int = 600,
    seed: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Example]:
    """Titles asked of `pages` pages drawn by `seed`, of which half are asked for; `progress` is told of passages encoded."""
    drawn = _draw(index, pages, seed)
    passages = [(id, payload) for found in drawn.values() for id, payload in found]
    bodies = ["\n".join([*_headings(payload), payload["text"]]) for _, payload in passages]
    with TemporaryDirectory(prefix="brain-tune-") as folder:
        titleless = EdgeIndex.create(Path(folder) / "index", index.manifest)
        try:
            dense = encoder.encode_passages(bodies, progress).tolist()
            titleless.upsert(
                [
                    Point(id, vector, _without_title(payload, settings), payload)
                    for (id, payload), vector in zip(passages, dense, strict=True)
                ]
            )
            return [
                _asked(titleless, encoder, settings, page, found[0][1])
                for page, found in list(drawn.items())[: pages // 2]
            ]
        finally:
            titleless.close()


def _draw(index: Index, pages: int, seed: int) -> dict[str, list[tuple[str, Payload]]]:
    """Pages with their passages; of pages that share a title one. Only the ids of the others are held: texts may be gigabytes."""
    of_page: dict[str, list[str]] = defaultdict(list)
    titles: dict[str, str] = {}
    for id, payload in index.points():
        of_page[page_of(id)].append(id)
        if len(set(terms(payload["title"], payload["language"] or ""))) >= LEAST_TERMS:
            titles[page_of(id)] = title_key(payload["title"])
    of_title = {title: page for page, title in sorted(titles.items())}
    chosen = random.Random(seed).sample(sorted(of_title.values()), min(pages, len(of_title)))
    return {page: list(index.payloads(of_page[page]).items()) for page in chosen}


def _headings(payload: Payload) -> list[str]:
    return [heading for heading in payload["heading_path"] if heading != payload["title"]]


def _without_title(payload: Payload, settings: Settings) -> Any:
    return passage_vector(payload["text"], payload["language"] or "", settings.sparse, heading_path=_headings(payload))


def _asked(index: Index, encoder: Encoder, settings: Settings, page: str, payload: Payload) -> Example:
    """The title of a page as a question, within its tenant and audience."""
    scope = Scope(payload["tenant"], tuple(payload["audience"]))
    ranker = Ranker(index, Remembered(index.tags), settings.retrieval.candidates)
    rankings = _rankings(ranker, encoder, Question(payload["title"]), payload["language"] or "", scope)
    return _example("titles", page, rankings, {page})


def _rankings(ranker: Ranker, encoder: Encoder, question: Question, language: str, scope: Scope) -> Rankings:
    dense = encoder.encode_questions([question.text])[0].tolist()
    return ranker.rankings(question, dense, language, scope)


def _documents(index: Index, rankings: Rankings) -> dict[str, str]:
    """The document of each page."""
    first = {hit.page: hit.id for hits in (rankings.dense, rankings.sparse, rankings.title) for hit in hits}
    payloads = index.payloads(list(first.values()))
    return {page_of(id): payload["document_id"] for id, payload in payloads.items()}


def _example(kind: str, cluster: str, rankings: Rankings, right: set[str]) -> Example:
    features = features_of(rankings)
    pages = np.array(list(features.values()), dtype=np.float64).reshape(-1, len(Features._fields))
    return Example(kind, cluster, pages, np.array([page in right for page in features], dtype=bool))


def _folds(examples: Sequence[Example]) -> list[set[str]]:
    clusters = sorted({example.cluster for example in examples})
    random.Random(0).shuffle(clusters)
    return [set(clusters[fold::FOLDS]) for fold in range(FOLDS)]


def _differences(judged: Sequence[tuple[Example, Features]], present: Features) -> dict[str, Effect]:
    """The present weights beside fitted ones, each on an example that those were not fitted on."""
    clusters = [example.cluster for example, _ in judged]
    return {
        name: effect(
            [metric(*_ranked(example, present), k) for example, _ in judged],
            [metric(*_ranked(example, weights), k) for example, weights in judged],
            clusters,
        )
        for name, (metric, k) in METRICS.items()
    }


def _ranked(example: Example, weights: Features) -> tuple[list[str], frozenset[str]]:
    """The candidates' numbers, best first, and those of the right ones; of a page that is no candidate, a number that none has."""
    order = np.argsort(-(example.pages @ np.array(weights)), kind="stable")
    return [str(number) for number in order], frozenset(map(str, np.flatnonzero(example.right))) or frozenset({"-"})
