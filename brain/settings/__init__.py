"""All settings: one nested model, from `brain.toml`, then environment variables `BRAIN_…`, then flags (the last wins).

[encoder]                    BRAIN_ENCODER__PROVIDER=endpoint
provider = "endpoint"        BRAIN_ENCODER__URL=http://localhost:8080/v1
"""

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableVariable

from brain.errors import SettingsError
from brain.insights.settings import InsightSettings, ReviewSettings
from brain.settings.answering import AnswerSettings, FacetSettings, LLMSettings
from brain.settings.keeping import AuditSettings, ConversationsSettings, FeedbackSettings, LiveSettings, TracesSettings
from brain.settings.searching import (
    ClusterSettings,
    EncoderSettings,
    HnswSettings,
    IndexSettings,
    IngestSettings,
    QuantizationSettings,
    RerankSettings,
    RetrievalSettings,
    SparseSettings,
    SplitterSettings,
    UpkeepSettings,
)
from brain.settings.serving import (
    AccessSettings,
    LimitSettings,
    MetricsSettings,
    Rate,
    ServiceSettings,
    TelemetrySettings,
)

__all__ = [
    "AccessSettings",
    "AnswerSettings",
    "AuditSettings",
    "ClusterSettings",
    "ConversationsSettings",
    "EncoderSettings",
    "FacetSettings",
    "FeedbackSettings",
    "HnswSettings",
    "IndexSettings",
    "IngestSettings",
    "InsightSettings",
    "LLMSettings",
    "LimitSettings",
    "LiveSettings",
    "MetricsSettings",
    "QuantizationSettings",
    "Rate",
    "RerankSettings",
    "RetrievalSettings",
    "ReviewSettings",
    "ServiceSettings",
    "Settings",
    "SparseSettings",
    "SplitterSettings",
    "TelemetrySettings",
    "TracesSettings",
    "UpkeepSettings",
    "load_settings",
    "redact_url",
]

CONFIG_FILE = "brain.toml"
_NOT_SETTINGS = ("BRAIN_CONFIG", "BRAIN_TEST_", "BRAIN_DATA_")


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
