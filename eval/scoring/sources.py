"""Were the right documents found, and were they cited? Against the documents that the case names."""

from eval.metrics import hit, ndcg, reciprocal_rank
from eval.scoring.base import ScoreValue, Stored


class Retrieval:
    """Ranking metrics of the passages that the answer was made from."""

    metrics = ("hit@1", "hit@5", "MRR@10", "nDCG@10")

    async def score(self, stored: Stored) -> list[ScoreValue]:
        gold = frozenset(stored.case.expect.documents or ())
        if not gold:
            return []
        ranked = stored.ranked
        return [
            ScoreValue("hit@1", hit(ranked, gold, 1)),
            ScoreValue("hit@5", hit(ranked, gold, 5)),
            ScoreValue("MRR@10", reciprocal_rank(ranked, gold, 10)),
            ScoreValue("nDCG@10", ndcg(ranked, gold, 10)),
        ]


class Citations:
    """Precision: share of the citations whose document is right. Recall: any right one cited, or the share of `must_cite`."""

    metrics = ("citation_precision", "citation_recall")

    async def score(self, stored: Stored) -> list[ScoreValue]:
        expect, cited = stored.case.expect, stored.cited
        gold = set(expect.documents or ()) | set(expect.must_cite or ())
        if not gold or not stored.answered:
            return []
        right = [document for document in cited if document in gold]
        recall = float(bool(right))
        if expect.must_cite:
            recall = len(set(cited) & set(expect.must_cite)) / len(set(expect.must_cite))
        return [
            ScoreValue("citation_precision", len(right) / len(cited) if cited else 0.0),
            ScoreValue("citation_recall", recall),
        ]


class Supported:
    """Share of the draft's sentences that their cited passages bear out, as Brain's own verifier found."""

    metrics = ("support",)

    async def score(self, stored: Stored) -> list[ScoreValue]:
        checked = [s["support"] for s in stored.answer["trace"].get("checked", ()) if s.get("support")]
        if not checked:
            return []
        return [ScoreValue("support", sum(bool(support["supported"]) for support in checked) / len(checked))]
