"""How documents become an index, and how it is searched."""

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from brain.settings.section import Section


class EncoderSettings(Section):
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


class HnswSettings(Section):
    """The graph that dense vectors are searched by."""

    m: int = Field(16, ge=4, le=128, description="links of a vector; twice as many on the lowest level")
    ef_construct: int = Field(100, ge=8, le=1000, description="candidates looked at when a vector is linked")
    on_disk: bool = False
    ef: int = Field(0, ge=0, le=10_000, description="candidates of a search; 0: as many as are asked for")


class QuantizationSettings(Section):
    """Shorter copies of the dense vectors, to search by; the vectors themselves stay."""

    kind: Literal["none", "int8", "binary"] = "none"
    always_ram: bool = Field(True, description="the copies stay in memory where the vectors are on disk")
    rescore: bool = Field(True, description="what the copies find is ordered by the vectors themselves")
    oversampling: float = Field(
        1, ge=1, le=10, description="how many times as much is found by the copies, and ordered"
    )


class ClusterSettings(Section):
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


class IndexSettings(Section):
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


class UpkeepSettings(Section):
    """What a service does for its index while it runs."""

    watch_s: float = Field(2, gt=0, description="seconds between looks whether there is a new index to go over to")
    optimize_at: int = Field(
        50_000, ge=0, description="passages outside the graph from which an embedded index is optimised; 0: never"
    )


class SplitterSettings(Section):
    """How documents become passages. Part of the index's fingerprint."""

    tokens: int = Field(250, ge=50, le=450, description="most tokens of a passage, title and headings apart")


class SparseSettings(Section):
    """BM25. Part of the index's fingerprint."""

    k1: float = Field(1.2, ge=0)
    b: float = Field(0.75, ge=0, le=1)
    average_length: float = Field(90, gt=0, description="terms of an average passage, title and headings weighted")
    average_title: float = Field(5, gt=0, description="terms of an average title")
    title_weight: float = Field(3, ge=0, description="how often a title's term counts in each of its passages")
    heading_weight: float = Field(2, ge=0, description="the same for a heading's term")


class RetrievalSettings(Section):
    """How passages are found."""

    candidates: int = Field(200, ge=10, le=1000, description="passages taken from each of dense and sparse")
    per_document: int = Field(3, ge=1, description="most passages of one document in a result")


class RerankSettings(Section):
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


class IngestSettings(Section):
    """Limits of what is read from a source."""

    max_file_mb: float = Field(50, gt=0)
    timeout_s: float = Field(60, gt=0, description="for parsing one file")
    workers: int = Field(0, ge=0, description="processes that parse; 0: one for each core")
    flagged: Literal["keep", "skip"] = Field(
        "keep",
        description="documents in which something meant for an assistant is noticed: indexed all the same, or left out",
    )
