"""How answers are made of what is found."""

from typing import Literal

from pydantic import Field, SecretStr

from brain.settings.section import Section


class FacetSettings(Section):
    """How users speak of the tags of one key: what to call the key, by language, and its values."""

    label: dict[str, str] = Field({}, description="what to call the key, by language")
    names: dict[str, tuple[str, ...]] = Field({}, description="of a value; the first one is shown, each is recognised")


SUFFICIENT = {"extractive": 0.45, "llm": 0.15}
"""`answer.sufficiency` where it is not set. A model may say itself that the passages do not hold the answer, and what it writes is
checked; quoted sentences are always true and may still not answer. `docs/decisions/0017-sufficiency.md` has the curve."""


class AnswerSettings(Section):
    """How an answer is made."""

    provider: Literal["extractive", "llm"] = "extractive"
    passages: int = Field(8, ge=1, le=50)
    max_sentences: int = Field(3, ge=1, le=10)
    unsupported: Literal["remove", "mark"] = Field(
        "remove",
        description="what becomes of a sentence that its passages do not bear out: left out, or shown with a mark",
    )
    judge: Literal["none", "llm"] = Field(
        "none", description="who is asked about sentences that the check is in doubt about; llm: the model of [llm]"
    )
    judge_s: float = Field(5, gt=0, description="longest wait for the judge; without its word the check decides")
    rewrite: Literal["model", "rules"] = Field(
        "model",
        description="who makes a follow-up a question of its own; model: that of [llm], where it writes answers",
    )
    rewrite_s: float = Field(3, gt=0, description="longest wait for the model; without its word rules do it")
    sufficiency: float | None = Field(
        None,
        ge=0,
        le=1,
        description="least probability that the passages hold the answer; not set: 0.45, and 0.15 where a model writes",
    )
    contact: dict[str, str] = Field({}, description="the way to a person, by language: a text or a URL; with a refusal")
    facets: dict[str, FacetSettings] = Field({}, description="by the key of the tags")

    def needed(self, provider: Literal["extractive", "llm"] | None = None) -> float:
        """The least probability with which this provider, or else the one that is set, is handed the passages."""
        return SUFFICIENT[provider or self.provider] if self.sufficiency is None else self.sufficiency


class LLMSettings(Section):
    """An OpenAI-compatible chat endpoint (vLLM, Mistral, OpenAI, Ollama, llama.cpp), or a GGUF file in this process."""

    provider: Literal["endpoint", "local"] = "endpoint"
    url: str = ""
    model: str = ""
    file: str = Field("", description="of a local model, GGUF")
    threads: int = Field(0, ge=0, description="of a local model; 0: one for each core")
    api_key: SecretStr = SecretStr("")
    temperature: float = Field(0, ge=0, le=2)
    max_tokens: int = Field(400, ge=16)
    context_tokens: int = Field(3000, ge=256, description="most tokens of the whole prompt")
    connect_s: float = Field(3, gt=0, description="longest wait for a connection")
    first_token_s: float = Field(10, gt=0, description="longest wait for the first word of an answer")
    timeout_s: float = Field(20, gt=0, description="longest wait for the model in all, tries repeated included")
    prompt: str = "answer"
    price_in: float = Field(0, ge=0, description="of a million tokens read, in any currency; for a trace's cost")
    price_out: float = Field(0, ge=0, description="of a million tokens written")
    mask: Literal["auto", "always", "never"] = Field(
        "auto",
        description="personal data before it is sent; auto: where the endpoint is not of this machine or a private network",
    )
    prompt_version: int = Field(0, ge=0, description="0: the released one")
