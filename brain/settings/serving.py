"""The HTTP service: who is answered, how much, and what is seen of it from outside."""

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from brain.settings.section import Section
from brain.types import INTERNAL, PUBLIC


class AccessSettings(Section):
    """Which documents each kind of reader may see."""

    readers: dict[str, tuple[str, ...]] = Field(
        {PUBLIC: (PUBLIC,), INTERNAL: (INTERNAL, PUBLIC)}, description="the audiences whose documents each reader sees"
    )


class ServiceSettings(Section):
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


class MetricsSettings(Section):
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


class TelemetrySettings(Section):
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


class LimitSettings(Section):
    """How much is answered to whom. Beyond it the answer is 429, with `Retry-After`."""

    url: str = Field("memory://", description="where is counted: in this process, or redis://… for several")
    key: Rate = Field("600/minute", description="requests with one API key that has no rate of its own")
    address: Rate = Field("60/minute; 2000/day", description="requests of one address, of visitors and without a key")
    visitor: Rate = Field("20/minute; 200/day", description="requests with one token of a widget")
    site: Rate = Field("20000/day", description="requests of all visitors of one site key that has no rate of its own")
