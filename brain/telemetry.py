"""Spans to a collector by OpenTelemetry's SDK (extra `otel`), which is imported where it is configured and nowhere else."""

import logging
import os
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from brain.errors import SettingsError
from brain.privacy import mask
from brain.settings import Settings
from brain.spans import Span, Value

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
TIMEOUTS = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
SEND_S = 3
"""How long spans are sent and sent again; a service that stops waits as long for a collector that is away."""
_log = logging.getLogger(__name__)


class Tracer:
    """Begins a span for each request; what is done for it are that span's children."""

    def __init__(self, provider: "TracerProvider", *, content: bool = False) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider, self._content = provider, content
        self._tracer = provider.get_tracer("brain", version("brain-answers"))
        self._propagator = TraceContextTextMapPropagator()

    def request(self, name: str, headers: Mapping[str, str]) -> "RequestSpan":
        """A request from outside; a `traceparent` among its headers is continued."""
        from opentelemetry.trace import SpanKind

        before = self._propagator.extract(headers)
        return RequestSpan(self._tracer, self._tracer.start_span(name, before, SpanKind.SERVER), self._content)

    def close(self) -> None:
        """Sends what waits, which may take seconds."""
        self._provider.shutdown()


class OtelSpan:
    """A Span by OpenTelemetry."""

    def __init__(self, tracer: "trace.Tracer", span: "trace.Span", content: bool) -> None:
        self._tracer, self._span, self.content = tracer, span, content

    def set(self, attributes: Mapping[str, Value | None]) -> None:
        for name, value in attributes.items():
            if value is not None:
                self._span.set_attribute(name, value)

    def child(self, name: str, *, calls: bool) -> Span:
        from opentelemetry.trace import SpanKind, set_span_in_context

        kind = SpanKind.CLIENT if calls else SpanKind.INTERNAL
        begun = self._tracer.start_span(name, set_span_in_context(self._span), kind)
        return OtelSpan(self._tracer, begun, self.content)

    def fail(self, kind: str) -> None:
        from opentelemetry.trace import StatusCode

        self._span.set_attribute("error.type", kind)
        self._span.set_status(StatusCode.ERROR)

    def end(self) -> None:
        self._span.end()


class RequestSpan(OtelSpan):
    """Of an HTTP request, whose route is known only once it was answered."""

    def answered(self, method: str, route: str, status: int, request_id: str) -> None:
        """By the semantic conventions for HTTP servers; a path or query could hold anything, so there is none."""
        self._span.update_name(f"{method} {route}" if route != "-" else method)
        own: dict[str, Value | None] = {
            "http.request.method": method,
            "http.response.status_code": status,
            "brain.request_id": mask(request_id),
        }
        self.set(own | {"http.route": route if route != "-" else None})
        if status >= 500:
            self.fail(str(status))


def make_tracer(settings: Settings) -> Tracer | None:
    """None where nothing is configured. Raises SettingsError where the settings name a collector and the extra is missing."""
    if not configured(settings):
        return None
    if find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        problem = "Traces are configured, but OpenTelemetry is not installed."
        if settings.telemetry.url:
            raise SettingsError(problem, "pip install 'brain-answers[otel]', or unset telemetry.url.")
        _log.warning("%s pip install 'brain-answers[otel]'", problem)  # the variable may be the whole machine's
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    url = settings.telemetry.url
    patience = None if any(os.environ.get(name) for name in TIMEOUTS) else SEND_S
    exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces" if url else None, timeout=patience)
    provider = make_provider()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracer(provider, content=settings.telemetry.content)


def make_provider() -> "TracerProvider":
    """One of its own, not OpenTelemetry's global one: other libraries' spans are not ours to send."""
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider

    own: dict[str, Any] = {SERVICE_VERSION: version("brain-answers")}
    if "OTEL_SERVICE_NAME" not in os.environ:
        own[SERVICE_NAME] = "brain"
    return TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)


def configured(settings: Settings) -> bool:
    """Whether spans are to be sent anywhere."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    return bool(settings.telemetry.url or any(os.environ.get(name) for name in ENDPOINTS))
