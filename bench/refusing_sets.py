"""Questions with what search found for them, for `bench.refusing`: retrieved once and kept, so that fitting again takes a minute.

A set is `KIND:HOME=CASES`. Kinds: `own` (the knowledge base's own questions; a case
says whether it should be answered), `held` (the same, judged and never fitted), `removed`
(the same with their gold pages taken out of what is found: most should be refused, unless another page answers too), `foreign`
(questions about something else: all should be refused).
"""

import asyncio
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from brain.closeness import Closeness
from brain.encoder import Encoder, make_encoder
from brain.evidence import features_of, lexical_of
from brain.index import Index, open_index
from brain.retrieve import Retriever
from brain.settings import load_settings
from brain.types import Passages
from eval.cases import Case, dataset_hash, load_cases

DEEP = 30
"""Passages found, of which those of gold pages are taken out."""
LABELLED = ("answered", "refused")


@dataclass(frozen=True)
class Asked:
    """One case with what was found; `vectors` of the passages by their ids, (dimensions,) each."""

    case: str
    cluster: str
    question: str
    answerable: bool
    gold: frozenset[str]
    found: Passages
    deep: Passages
    vector: np.ndarray
    vectors: dict[str, np.ndarray]

    def without_gold(self, limit: int) -> Passages:
        kept = [passage for passage in self.deep if passage.document_id not in self.gold]
        return replace(self.deep, items=tuple(kept[:limit]))

    @property
    def gold_found(self) -> bool:
        return not self.gold or bool(self.gold & {passage.document_id for passage in self.found})


@dataclass(frozen=True)
class Set:
    """One kind of questions to one knowledge base; `asked` and what each was shown go together."""

    kind: str
    home: str
    source: str
    asked: tuple[Asked, ...]
    shown: tuple[Passages, ...]

    @property
    def name(self) -> str:
        return f"{self.home}: {'its own' if self.home == self.source else self.source}" + (
            ", gold removed" if self.kind == "removed" else ""
        )

    @property
    def family(self) -> str:
        """Of the corpus that the knowledge base is made of: "fr_cnil" of "fr_cnil.small"."""
        return self.home.partition(".")[0]

    @property
    def small(self) -> bool:
        return self.home != self.family

    @property
    def families(self) -> set[str]:
        """Those of the knowledge base and of the questions."""
        return {self.family, self.source.partition(".")[0]}

    @property
    def labels(self) -> np.ndarray:
        return np.array([asked.answerable and self.kind in ("own", "held") for asked in self.asked], int)

    @property
    def known(self) -> np.ndarray:
        """Where the label is: of an answerable question whose page was not found, the passages may hold the answer or not."""
        return np.array([not label or asked.gold_found for label, asked in zip(self.labels, self.asked, strict=True)])

    def features(self, closeness: Closeness | None) -> np.ndarray:
        """(questions, features); without `closeness` those of words alone."""
        rows = []
        for asked, shown in zip(self.asked, self.shown, strict=True):
            if closeness is None:
                rows.append(lexical_of(asked.question, shown.language, shown))
            else:
                vectors = {id: vector.tolist() for id, vector in asked.vectors.items()}
                measured = closeness.measured(shown, asked.vector.tolist(), vectors)
                rows.append(features_of(asked.question, shown.language, measured))
        return np.array(rows)


def sets_of(specifications: Sequence[str], work: Path, passages: int, most_foreign: int) -> list[Set]:
    """The sets that are named, each retrieved or read from `work`. At most `most_foreign` questions of a foreign one: every n-th."""
    encoder: list[Encoder] = []
    return [_set(given, work, passages, most_foreign, encoder) for given in specifications]


def _set(given: str, work: Path, passages: int, most_foreign: int, encoder: list[Encoder]) -> Set:
    kind, _, rest = given.partition(":")
    home, _, cases_file = rest.partition("=")
    if kind not in ("own", "held", "removed", "foreign") or not cases_file:
        raise SystemExit(f"{given}: not KIND:HOME=CASES with KIND own, held, removed or foreign")
    cases = [case for case in load_cases(Path(cases_file)) if _labelled(case)]
    if kind == "foreign":
        cases = cases[:: -(-len(cases) // most_foreign)]
    if kind == "removed":
        cases = [case for case in cases if case.expect.status == "answered" and case.expect.documents]
    asked = _kept(Path(home), cases, work, passages, encoder)
    shown = [a.without_gold(passages) if kind == "removed" else a.found for a in asked]
    pairs = [(a, s) for a, s in zip(asked, shown, strict=True) if s]  # nothing found is refused without any weights
    source = Path(cases_file).parent.name if kind == "foreign" else Path(home).name
    return Set(kind, Path(home).name, source, tuple(a for a, _ in pairs), tuple(s for _, s in pairs))


def _labelled(case: Case) -> bool:
    """Contradictions hold an answer, and who tries to change the rules is refused before anything is searched."""
    return case.expect.status in LABELLED and case.expect.reason != "conflicting" and "injection" not in case.tags


def _kept(home: Path, cases: Sequence[Case], work: Path, passages: int, encoder: list[Encoder]) -> list[Asked]:
    settings = load_settings(home=home)
    index = open_index(settings)
    try:
        file = work / f"{home.name}-{index.manifest['id'][:8]}-{dataset_hash(cases)[:12]}-{passages}.pickle"
        if not file.exists():
            if not encoder:
                encoder.append(make_encoder(settings))
            retriever = Retriever(index, encoder[0], settings)
            asked = list(_asked(cases, retriever, index, encoder[0], passages))
            work.mkdir(parents=True, exist_ok=True)
            file.write_bytes(pickle.dumps(asked))
        kept: list[Asked] = pickle.loads(file.read_bytes())
        return kept
    finally:
        index.close()


def _asked(
    cases: Sequence[Case], retriever: Retriever, index: Index, encoder: Encoder, passages: int
) -> Iterator[Asked]:
    for case in cases:
        question = case.to_question("agent", "default")
        found = asyncio.run(retriever.search(question, passages))
        deep = asyncio.run(retriever.search(question, DEEP))
        ids = {passage.id for passage in (*found, *deep)}
        vectors = {id: np.array(vector, np.float32) for id, vector in index.vectors(list(ids)).items()}
        gold, answerable = frozenset(case.expect.documents or ()), case.expect.status == "answered"
        vector = encoder.encode_questions([question.text])[0]
        yield Asked(case.id, case.unit, question.text, answerable, gold, found, deep, vector, vectors)
