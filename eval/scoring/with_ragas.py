"""ragas behind one adapter: our endpoint, encoder, cache and limits; what it can't compute is unscored, with the reason.

ragas sends usage data unless told not to, keeps a cache whose keys leave out model and endpoint, and turns failures into NaN:
the first is switched off, the second never used, the third made visible.
"""

import asyncio
import math
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx

from brain.encoder import Encoder
from brain.errors import EvaluationError
from eval.experiment import Judge, RagasName
from eval.scoring.asking_judge import client_of
from eval.scoring.base import ScoreValue, Stored, unscored

ASKS_JUDGE = frozenset(
    {
        "faithfulness",
        "answer_relevancy",
        "context_precision",
        "context_recall",
        "factual_correctness",
        "noise_sensitivity",
    }
)
NEEDS_ANSWER = frozenset(set(RagasName.__args__) - {"context_precision", "context_recall"})  # type: ignore[attr-defined]
NEEDS_REFERENCE = frozenset(set(RagasName.__args__) - {"faithfulness", "answer_relevancy"})  # type: ignore[attr-defined]
NEEDS_CONTEXTS = frozenset({"faithfulness", "context_precision", "context_recall", "noise_sensitivity"})
LOWER_IS_BETTER = frozenset({"noise_sensitivity"})


class Ragas:
    """The metrics named, as `ragas_…`. `noise_sensitivity` is turned round, so that more is better for every metric."""

    def __init__(
        self,
        metrics: Sequence[RagasName],
        judge: Judge | None,
        transport: httpx.AsyncBaseTransport | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        self.metrics = tuple(f"ragas_{name}" for name in metrics)
        self._timeout = judge.timeout_s if judge else 60.0
        if (asked := sorted(ASKS_JUDGE & set(metrics))) and not judge:
            raise EvaluationError(f"ragas: {', '.join(asked)} ask a judge, and none is set.", "Add `judge:`.")
        self._made = _make(metrics, judge, transport, encoder)

    async def score(self, stored: Stored) -> list[ScoreValue]:
        return [await self._one(name, compute, stored) for name, compute in self._made.items() if _asked(name, stored)]

    async def _one(self, name: str, compute: "Compute", stored: Stored) -> ScoreValue:
        metric = f"ragas_{name}"
        if name in NEEDS_CONTEXTS and not stored.contexts:
            return unscored(metric, "no passage was found")
        try:
            async with asyncio.timeout(self._timeout * 10):  # a metric makes several calls
                value = float((await compute(stored)).value)
        except TimeoutError:
            return unscored(metric, "ragas did not end in time")
        except Exception as error:  # noqa: BLE001  ragas and instructor raise what they like; each is a reason, never a zero
            return unscored(metric, f"{type(error).__name__}: {error}"[:300])
        if math.isnan(value):
            return unscored(metric, "ragas gave NaN")
        return ScoreValue(metric, 1 - value if name in LOWER_IS_BETTER else value)


Compute = Callable[[Stored], Awaitable[Any]]


def _asked(name: str, stored: Stored) -> bool:
    return (name not in NEEDS_ANSWER or stored.answered) and (
        name not in NEEDS_REFERENCE or bool(stored.case.expect.reference)
    )


def _make(
    names: Sequence[RagasName], judge: Judge | None, transport: httpx.AsyncBaseTransport | None, encoder: Encoder | None
) -> dict[str, Compute]:
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"
    try:
        from ragas.metrics import collections as ragas
    except ImportError as error:
        raise EvaluationError(f"ragas is not installed: {error}", "Run: pip install 'brain-answers[eval]'") from error
    llm = _model(judge, transport) if judge and ASKS_JUDGE & set(names) else None
    vectors = _embeddings(encoder) if encoder else None
    if {"answer_relevancy", "semantic_similarity"} & set(names) and not vectors:
        raise EvaluationError("ragas: answer_relevancy and semantic_similarity need an encoder.")
    makers: dict[str, Callable[[], Any]] = {
        "faithfulness": lambda: ragas.Faithfulness(llm=llm),
        "answer_relevancy": lambda: ragas.AnswerRelevancy(llm=llm, embeddings=vectors),
        "context_precision": lambda: ragas.ContextPrecision(llm=llm),
        "context_recall": lambda: ragas.ContextRecall(llm=llm),
        "factual_correctness": lambda: ragas.FactualCorrectness(llm=llm),
        "noise_sensitivity": lambda: ragas.NoiseSensitivity(llm=llm),
        "string_similarity": ragas.NonLLMStringSimilarity,
        "bleu": ragas.BleuScore,
        "rouge": ragas.RougeScore,
        "chrf": ragas.CHRFScore,
        "semantic_similarity": lambda: ragas.SemanticSimilarity(embeddings=vectors),
    }
    try:
        return {name: _computing(makers[name]()) for name in names}
    except ImportError as error:
        raise EvaluationError(f"ragas misses a package: {error}", "Run: pip install 'brain-answers[eval]'") from error


def _computing(metric: Any) -> Compute:
    """Gives a metric those of its inputs that it names."""
    import inspect

    wanted = set(inspect.signature(metric.ascore).parameters)

    async def compute(stored: Stored) -> Any:
        inputs = {
            "user_input": stored.case.text,
            "response": stored.text,
            "retrieved_contexts": stored.contexts,
            "reference": stored.case.expect.reference or "",
        }
        return await metric.ascore(**{name: value for name, value in inputs.items() if name in wanted})

    return compute


def _model(judge: Judge, transport: httpx.AsyncBaseTransport | None) -> Any:
    from ragas.llms import llm_factory

    # Only an AsyncOpenAI works with the collections' metrics; ragas' own default of 1,024 tokens cuts lists of statements.
    client, tokens = client_of(judge, transport), max(4096, judge.max_tokens)
    return llm_factory(judge.model, client=client, temperature=judge.temperature, max_tokens=tokens)


def _embeddings(encoder: Encoder) -> Any:
    from ragas.embeddings.base import BaseRagasEmbedding

    class Embeddings(BaseRagasEmbedding):  # type: ignore[misc]  # untyped
        def embed_text(self, text: str, **_: Any) -> list[float]:
            return [float(value) for value in encoder.encode_passages([text])[0]]

        async def aembed_text(self, text: str, **_: Any) -> list[float]:
            return await asyncio.to_thread(self.embed_text, text)

    return Embeddings()
