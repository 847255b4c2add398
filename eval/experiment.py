"""An experiment file (YAML): which variants are asked which cases, how they are scored, and the bar they must clear.

    name: shorter-answers
    datasets: [cases.jsonl]
    variants:
      now: {}                                  # the settings of brain.toml, as they are
      shorter: {llm: {prompt_version: 2}}      # overrides of any setting
    scorers: [checks]
    bar: {metric: passed, margin: 0.05}

Everything else has a default; `docs/evaluation.md` explains each field.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from eval.yaml_file import read_yaml

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Share = Annotated[float, Field(ge=0, le=1)]

ScorerName = Literal["checks", "retrieval", "citations", "support", "length", "timing", "judge", "ragas"]
RagasName = Literal[
    "faithfulness",
    "answer_relevancy",
    "context_precision",
    "context_recall",
    "factual_correctness",
    "noise_sensitivity",
    "string_similarity",
    "bleu",
    "rouge",
    "chrf",
    "semantic_similarity",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Judge(_Strict):
    """An OpenAI-compatible chat endpoint that grades answers, or that ragas asks."""

    url: str
    model: str
    api_key_env: str = Field("", description="the environment variable that holds the key")
    prompt: str = "judge"
    prompt_version: int | None = Field(None, ge=1)
    temperature: float = Field(0, ge=0, le=2)
    max_tokens: int = Field(600, ge=16)
    timeout_s: float = Field(60, gt=0)
    repeats: int = Field(1, ge=1, le=20, description="gradings of each answer; more show how much the judge wavers")


class Bar(_Strict):
    """What the candidate must clear. It is locked before the first answer."""

    metric: str = "passed"
    margin: float = Field(0.05, ge=0, lt=1, description="how much worse, in points of the metric's mean, is accepted")
    confidence: float = Field(
        0.95, ge=0.5, lt=1, description="of the two-sided interval; each error at most half the rest"
    )
    power: float = Field(0.8, gt=0, lt=1, description="at which the number of further cases is counted")
    min_coverage: Share = Field(0.9, description="share of the cases that must be scored for both variants")
    sequential: bool = Field(False, description="may stop early, for or against; half of the error is kept for the end")
    slices: tuple[Literal["language", "audience", "tag", "kind"], ...] = ("language", "audience", "tag", "kind")
    adjust: Literal["holm", "benjamini-hochberg"] = Field(
        "holm",
        description="p-values of the slices: chance of even one false finding, or share of false ones among the findings",
    )
    holdout: bool = Field(False, description="the datasets are sealed: each use is counted")


class Budget(_Strict):
    """Where the run stops cleanly. Replies from the cache cost nothing."""

    usd: float | None = Field(None, gt=0)
    tokens: int | None = Field(None, gt=0)
    calls: int | None = Field(None, gt=0)


class Prices(_Strict):
    """US dollars for a million tokens."""

    input: float = Field(0, ge=0)
    output: float = Field(0, ge=0)


class Experiment(_Strict):
    """One comparison. `variants` are overrides of the settings; the first is the baseline, the second the candidate."""

    name: Name
    datasets: tuple[str, ...] = Field(min_length=1)
    languages: tuple[str, ...] = Field((), description="cases in these languages only; empty: all")
    settings: dict[str, Any] = Field({}, description="overrides that all variants share")
    variants: dict[Name, dict[str, Any]] = Field(min_length=1)
    baseline: str = ""
    candidate: str = ""
    scorers: tuple[ScorerName, ...] = ("checks", "retrieval", "citations", "support", "length", "timing")
    ragas: tuple[RagasName, ...] = ()
    judge: Judge | None = None
    bar: Bar = Bar()
    repeats: int = Field(1, ge=1, le=50)
    audience: str = "agent"
    tenant: str = "default"
    concurrency: int = Field(4, ge=1, le=256)
    retries: int = Field(4, ge=0, le=20, description="of a call that ended with 429, a 5xx or no connection")
    budget: Budget = Budget()
    prices: dict[str, Prices] = Field({}, description="by model name")
    seed: int = 0

    @model_validator(mode="after")
    def _names_known_parts(self) -> Self:
        for field, position in (("baseline", 0), ("candidate", 1)):
            named = getattr(self, field)
            if named and named not in self.variants:
                raise ValueError(f"{field}: {named!r} is not one of the variants {', '.join(self.variants)}")
            if not named and len(self.variants) > position:
                object.__setattr__(self, field, list(self.variants)[position])
        if "judge" in self.scorers and not self.judge:
            raise ValueError("judge: missing, and `scorers` names judge")
        if ("ragas" in self.scorers) != bool(self.ragas):
            raise ValueError("ragas: `scorers` must name ragas, and `ragas` its metrics, or neither")
        return self

    def plain(self) -> dict[str, Any]:
        """JSON-ready values; no secret can be in them but those that a variant's settings hold in plain, which are masked."""
        return _masked(self.model_dump(mode="json"))  # type: ignore[no-any-return]


def load_experiment(path: Path) -> Experiment:
    """Reads the file. Raises EvaluationError with a line `file:line: field: what is wrong` for each error.

    Paths of datasets are relative to the file's folder.
    """
    experiment = read_yaml(path, Experiment)
    datasets = tuple(str((path.parent / name).resolve()) for name in experiment.datasets)
    return experiment.model_copy(update={"datasets": datasets})


def digest(value: Any) -> str:
    """SHA-256 (hex) of JSON-ready values, the same for any order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _masked(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _masked(held, name) for name, held in value.items()}
    if isinstance(value, list):
        return [_masked(held, key) for held in value]
    return "**********" if key == "api_key" and value else value
