"""All settings: one nested model, from `brain.toml`, then environment variables `BRAIN_…`, then flags (the last wins).

[encoder]                    BRAIN_ENCODER__PROVIDER=endpoint
provider = "endpoint"        BRAIN_ENCODER__URL=http://localhost:8080/v1
"""

import os
import tomllib
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableVariable

from brain.errors import SettingsError
from brain.insights.settings import InsightSettings, ReviewSettings
from brain.types import INTERNAL, PUBLIC

CONFIG_FILE = "brain.toml"
_NOT_SETTINGS = ("BRAIN_CONFIG", "BRAIN_TEST_", "BRAIN_DATA_")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EncoderSettings(_Section):
    """What turns texts into vectors."""

    provider: Literal["embedded", "sentence-transformers", "endpoint"] = "embedded"
    model: str = Field("", description="hub name or folder (sentence-transformers), or the endpoint's model name")
    url: str = Field("", description="base URL of an OpenAI-compatible endpoint, such as http://localhost:8080/v1")
    api_key: SecretStr = SecretStr("")
    question_prefix: str = ""
    passage_prefix: str = ""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    engine: Literal["auto", "openvino", "torch"] = Field(
        "auto", description="of the embedded encoder; auto: OpenVINO, for passages torch where the CPU has bfloat16"
    )
    timeout_s: float = Field(30, gt=0)

    @model_validator(mode="after")
    def _complete(self) -> "EncoderSettings":
        if self.provider != "embedded" and not self.model:
            raise ValueError(f"provider '{self.provider}' needs encoder.model")
        if self.provider == "endpoint" and not self.url:
            raise ValueError("provider 'endpoint' needs encoder.url")
        return self


class HnswSettings(_Section):
    """The graph that dense vectors are searched by."""

    m: int = Field(16, ge=4, le=128, description="links of a vector; twice as many on the lowest level")
    ef_construct: int = Field(100, ge=8, le=1000, description="candidates looked at when a vector is linked")
    on_disk: bool = False
    ef: int = Field(0, ge=0, le=10_000, description="candidates of a search; 0: as many as are asked for")


class QuantizationSettings(_Section):
    """Shorter copies of the dense vectors, to search by; the vectors themselves stay."""

    kind: Literal["none", "int8", "binary"] = "none"
    always_ram: bool = Field(True, description="the copies stay in memory where the vectors are on disk")
    rescore: bool = Field(True, description="what the copies find is ordered by the vectors themselves")
    oversampling: float = Field(
        1, ge=1, le=10, description="how many times as much is found by the copies, and ordered"
    )


class ClusterSettings(_Section):
    """How a Qdrant cluster divides and repeats a collection. On one node there is nothing to set."""

    shards: int = Field(1, ge=1, description="parts; fixed when the collection is made")
    replicas: int = Field(1, ge=1, description="copies of each part, on as many nodes")
    write_consistency: int = Field(1, ge=1, description="copies that must have a write before it is acknowledged")
    read_consistency: int | Literal["majority", "quorum", "all"] = Field(1, description="copies that a search asks")

    @model_validator(mode="after")
    def _possible(self) -> "ClusterSettings":
        if self.write_consistency > self.replicas:
            raise ValueError("write_consistency can't be more than replicas")
        return self


class IndexSettings(_Section):
    """Where the vectors live: Qdrant Edge in this process, or a Qdrant server. Sizes: `docs/scale.md`."""

    provider: Literal["edge", "server"] = "edge"
    url: str = Field("", description="of a Qdrant server, such as http://localhost:6333; ':memory:' for trying out")
    api_key: SecretStr = SecretStr("")
    collection: str = "brain"
    prefer_grpc: bool = True
    timeout_s: int = Field(30, gt=0)
    vectors_on_disk: bool = Field(False, description="dense vectors stay on disk and are read when they are looked at")
    payload_on_disk: bool = Field(True, description="texts and what else is stored beside the vectors")
    payload_index_on_disk: bool = Field(False, description="what filters are answered by")
    hnsw: HnswSettings = HnswSettings()
    quantization: QuantizationSettings = QuantizationSettings()
    cluster: ClusterSettings = ClusterSettings()

    @model_validator(mode="after")
    def _complete(self) -> "IndexSettings":
        if self.provider == "server" and not self.url:
            raise ValueError("provider 'server' needs index.url")
        return self


class UpkeepSettings(_Section):
    """What a service does for its index while it runs."""

    watch_s: float = Field(2, gt=0, description="seconds between looks whether there is a new index to go over to")
    optimize_at: int = Field(
        50_000, ge=0, description="passages outside the graph from which an embedded index is optimised; 0: never"
    )


class SplitterSettings(_Section):
    """How documents become passages. Part of the index's fingerprint."""

    tokens: int = Field(250, ge=50, le=450, description="most tokens of a passage, title and headings apart")


class SparseSettings(_Section):
    """BM25. Part of the index's fingerprint."""

    k1: float = Field(1.2, ge=0)
    b: float = Field(0.75, ge=0, le=1)
    average_length: float = Field(90, gt=0, description="terms of an average passage, title and headings weighted")
    average_title: float = Field(5, gt=0, description="terms of an average title")
    title_weight: float = Field(3, ge=0, description="how often a title's term counts in each of its passages")
    heading_weight: float = Field(2, ge=0, description="the same for a heading's term")


class RetrievalSettings(_Section):
    """How passages are found."""

    candidates: int = Field(200, ge=10, le=1000, description="passages taken from each of dense and sparse")
    per_document: int = Field(3, ge=1, description="most passages of one document in a result")


class RerankSettings(_Section):
    """What reads the best pages again beside the question. It is skipped, not waited for, where it fails or is slow."""

    provider: Literal["none", "cross-encoder", "endpoint"] = "none"
    model: str = Field("", description="hub name or folder (cross-encoder), or the endpoint's model name")
    url: str = Field("", description="base URL of an endpoint that has /rerank, such as http://localhost:8080/v1")
    api_key: SecretStr = SecretStr("")
    timeout_s: float = Field(1, gt=0, description="longest wait of a question")
    candidates: int = Field(20, ge=2, le=200, description="pages that are read again, by their best passage")

    @model_validator(mode="after")
    def _complete(self) -> "RerankSettings":
        if self.provider == "cross-encoder" and not self.model:
            raise ValueError("provider 'cross-encoder' needs rerank.model")
        if self.provider == "endpoint" and not self.url:
            raise ValueError("provider 'endpoint' needs rerank.url")
        return self


class FacetSettings(_Section):
    """How users speak of the tags of one key: what to call the key, by language, and its values."""

    label: dict[str, str] = {}
    names: dict[str, tuple[str, ...]] = Field({}, description="of a value; the first one is shown, each is recognised")


SUFFICIENT = {"extractive": 0.45, "llm": 0.15}
"""`answer.sufficiency` where it is not set. A model may say itself that the passages do not hold the answer, and what it writes is
checked; quoted sentences are always true and may still not answer. `docs/decisions/0017-sufficiency.md` has the curve."""


class AnswerSettings(_Section):
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
    facets: dict[str, FacetSettings] = {}

    def needed(self, provider: Literal["extractive", "llm"] | None = None) -> float:
        """The least probability with which this provider, or else the one that is set, is handed the passages."""
        return SUFFICIENT[provider or self.provider] if self.sufficiency is None else self.sufficiency


class LLMSettings(_Section):
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


class IngestSettings(_Section):
    """Limits of what is read from a source."""

    max_file_mb: float = Field(50, gt=0)
    timeout_s: float = Field(60, gt=0, description="for parsing one file")
    workers: int = Field(0, ge=0, description="processes that parse; 0: one for each core")
    flagged: Literal["keep", "skip"] = Field(
        "keep",
        description="documents in which something meant for an assistant is noticed: indexed all the same, or left out",
    )


class LiveSettings(_Section):
    """Documents that programs send while a service runs."""

    max_document_mb: float = Field(2, gt=0, description="most of a request with one document")
    max_import_mb: float = Field(50, gt=0, description="most of a request with many")
    keep_days: int = Field(30, ge=0, description="imports that ended are forgotten; 0: never")
    webhook_tolerance_s: int = Field(300, ge=1, description="how old a webhook's message may be, in seconds")


class TracesSettings(_Section):
    """What is kept of each answer, in the state's database and without personal data."""

    enabled: bool = True
    keep_days: int = Field(90, ge=0, description="older ones are deleted; 0: none is")


class FeedbackSettings(_Section):
    """What people say of answers."""

    keep_days: int = Field(365, ge=0, description="older feedback is deleted; 0: none is")


class ConversationsSettings(_Section):
    """What the service keeps of conversations that it was asked to keep."""

    keep_days: int = Field(90, ge=0, description="deleted so long after the last question; 0: none is")
    exchanges: int = Field(100, ge=1, le=1000, description="of one conversation; beyond, the first ones are deleted")


class AuditSettings(_Section):
    """The record of administrative acts."""

    keep_days: int = Field(1095, ge=0, description="older entries are deleted; 0: none is")


class AccessSettings(_Section):
    """Which documents each kind of reader may see."""

    readers: dict[str, tuple[str, ...]] = {PUBLIC: (PUBLIC,), INTERNAL: (INTERNAL, PUBLIC)}


class ServiceSettings(_Section):
    """The HTTP service. A caller without a key, where none is needed, is this reader of this tenant."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    tenant: str = "default"
    audience: str = PUBLIC
    max_question_chars: int = Field(4000, ge=1)
    keys: Literal["auto", "required", "off"] = Field(
        "auto",
        description="who needs an API key; auto: everyone, but callers of this machine until the first key is made; off: nobody",
    )
    proxies: str = Field("127.0.0.1", description="whose X-Forwarded-For is believed: addresses or networks, by commas")
    mcp: bool = Field(True, description="tools for agents at /mcp, where the extra `mcp` is installed")
    token_s: int = Field(900, ge=60, le=86_400, description="how long a widget's token is valid, in seconds")
    resume_s: float = Field(
        10,
        ge=0,
        le=300,
        description="seconds in which a stream that was lost may be taken up; then it is stopped; 0: at once",
    )
    log: Literal["text", "json"] = Field("text", description="how the log is written; json: an object a line")


class MetricsSettings(_Section):
    """`/metrics`, for Prometheus: numbers about all tenants, so they are the operator's."""

    enabled: bool = True
    open_to: str = Field(
        "", description="addresses or networks that need no key, by commas, such as 10.0.0.5; others: scope admin"
    )

    @field_validator("open_to")
    @classmethod
    def _networks(cls, value: str) -> str:
        for network in filter(None, (part.strip() for part in value.split(","))):
            ip_network(network)  # ValueError says what is wrong with it
        return value


class TelemetrySettings(_Section):
    """OpenTelemetry traces over OTLP/HTTP, with the extra `otel`. Off without an address here or in OTEL_EXPORTER_OTLP_ENDPOINT."""

    url: str = Field("", description="of a collector, such as http://localhost:4318; wins over OTEL_EXPORTER_OTLP_…")
    content: bool = Field(False, description="questions, prompts and answers too, personal data masked")


Rate = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        pattern=r"^$|^[1-9]\d*/(\d+ ?)?(second|minute|hour|day)s?(; ?[1-9]\d*/(\d+ ?)?(second|minute|hour|day)s?)*$",
    ),
]
"""How often something may happen, such as `20/minute; 500/day`; empty: as often as one likes."""


class LimitSettings(_Section):
    """How much is answered to whom. Beyond it the answer is 429, with `Retry-After`."""

    url: str = Field("memory://", description="where is counted: in this process, or redis://… for several")
    key: Rate = Field("600/minute", description="requests with one API key that has no rate of its own")
    address: Rate = Field("60/minute; 2000/day", description="requests of one address, of visitors and without a key")
    visitor: Rate = Field("20/minute; 200/day", description="requests with one token of a widget")
    site: Rate = Field("20000/day", description="requests of all visitors of one site key that has no rate of its own")


class Settings(BaseSettings):
    """Everything Brain can be told."""

    model_config = SettingsConfigDict(
        env_prefix="BRAIN_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    home: Path = Field(Path(".brain"), description="folder of the index and the state")
    cache_dir: Path | None = Field(None, description="folder of the unpacked encoder; default: the user's cache")
    state_url: str = Field("", description="SQLAlchemy URL; default: SQLite in the home folder")
    encoder: EncoderSettings = EncoderSettings()
    index: IndexSettings = IndexSettings()
    upkeep: UpkeepSettings = UpkeepSettings()
    splitter: SplitterSettings = SplitterSettings()
    sparse: SparseSettings = SparseSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    rerank: RerankSettings = RerankSettings()
    answer: AnswerSettings = AnswerSettings()
    llm: LLMSettings = LLMSettings()
    ingest: IngestSettings = IngestSettings()
    live: LiveSettings = LiveSettings()
    traces: TracesSettings = TracesSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    conversations: ConversationsSettings = ConversationsSettings()
    audit: AuditSettings = AuditSettings()
    insights: InsightSettings = InsightSettings()
    review: ReviewSettings = ReviewSettings()
    access: AccessSettings = AccessSettings()
    service: ServiceSettings = ServiceSettings()
    limits: LimitSettings = LimitSettings()
    metrics: MetricsSettings = MetricsSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        local = self.llm.provider == "local"
        if self.answer.provider == "llm" and not (self.llm.file if local else self.llm.url and self.llm.model):
            raise ValueError(f"answer.provider 'llm' needs {'llm.file' if local else 'llm.url and llm.model'}")
        if self.service.audience not in self.access.readers:
            known = ", ".join(self.access.readers)
            raise ValueError(f"service.audience '{self.service.audience}' is not a reader of access.readers ({known})")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _TomlFile(settings_cls)

    def shown(self) -> dict[str, Any]:
        """As plain values that may be printed: secrets read `**********`, a password in a URL `***`."""
        values = self.model_dump(mode="json")
        values["state_url"] = redact_url(self.state_url)
        for section in ("encoder", "index", "rerank", "llm", "limits", "telemetry"):
            values[section]["url"] = redact_url(values[section]["url"])
        return values


class _TomlFile(PydanticBaseSettingsSource):
    """`brain.toml` of the working folder, or the file that BRAIN_CONFIG names."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # not called: __call__ gives all values at once

    def __call__(self) -> dict[str, Any]:
        named = os.environ.get("BRAIN_CONFIG")
        path = Path(named or CONFIG_FILE)
        if not path.is_file():
            if named:
                raise SettingsError(f"BRAIN_CONFIG names {named}, which is not a file.", "Correct or unset it.")
            return {}
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} is not valid TOML: {error}", f"Mend {path}.") from error


def load_settings(**overrides: Any) -> Settings:
    """Reads all sources; `overrides` (nested dicts, flags) win. Raises SettingsError that names every wrong key and value."""
    unknown = [_unknown(name) for name in os.environ if _is_unknown(name)]
    if unknown:
        raise SettingsError("\n".join(unknown), "Correct or unset the variable.")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [_explain(dict(problem)) for problem in error.errors()]
        raise SettingsError("\n".join(lines), f"See {CONFIG_FILE}, the BRAIN_… variables and the flags.") from None
    except UnreadableVariable as error:
        # Without its cause, which holds the value: that may be a secret.
        raise SettingsError(f"A variable is not valid JSON: {error}.", "Write BRAIN_SECTION__KEY=value.") from None


def _is_unknown(name: str) -> bool:
    key = name.removeprefix("BRAIN_").lower().split("__")[0]
    return name.startswith("BRAIN_") and not name.startswith(_NOT_SETTINGS) and key not in Settings.model_fields


def _unknown(name: str) -> str:
    known = [f"BRAIN_{field.upper()}" for field in Settings.model_fields]
    return f"Unknown environment variable {name}.{_suggest(name.split('__', maxsplit=1)[0], known)}"


def _suggest(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]}?" if close else f" Known: {', '.join(known)}."


def _explain(problem: dict[str, Any]) -> str:
    """One line for one problem of pydantic's; never shows the value of a secret."""
    path = [str(part) for part in problem["loc"]]
    name = ".".join(path)
    if problem["type"] == "extra_forbidden":
        model: Any = Settings
        for part in path[:-1]:
            model = model.model_fields[part].annotation
        return f"Unknown setting {name}.{_suggest(path[-1], list(model.model_fields))}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not path or problem["type"] == "value_error":
        return f"Wrong setting {name}: {message}" if name else f"Wrong settings: {message}"
    value = "" if "key" in name or "url" in name else f" (got {problem['input']!r})"
    return f"Wrong setting {name}: {message}{value}"


def redact_url(url: str) -> str:
    """The URL with its password, if any, as `***`."""
    scheme, separator, rest = url.partition("://")
    userinfo, at, host = rest.rpartition("@")
    if not (separator and at):
        return url
    user, colon, _ = userinfo.partition(":")
    return f"{scheme}://{user}{':***' if colon else ''}@{host}"
