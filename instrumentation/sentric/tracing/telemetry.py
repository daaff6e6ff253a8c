"""Where spans and log records go: the process's own OpenTelemetry pipeline, or one of ours where there is none."""

from dataclasses import dataclass

from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import Logger, LoggerProvider
from opentelemetry.trace import Tracer, TracerProvider

from sentric._version import __version__
from sentric.settings import Settings
from sentric.tracing.exit import Provider, providers
from sentric.tracing.limits import batch_size

SCOPE = "sentric"
"""Name of the instrumentation scope."""
_DELAY = 500
"""Milliseconds between two requests."""
_QUEUE = 2048
"""Most spans, and most log records, that wait to be sent: the SDK's default. The oldest is dropped first."""
_LOG_RECORDS = 32


@dataclass(frozen=True, slots=True)
class Telemetry:
    """A tracer and a logger."""

    tracer: Tracer
    logger: Logger

    @classmethod
    def of(
        cls, tracer_provider: TracerProvider | None = None, logger_provider: LoggerProvider | None = None
    ) -> "Telemetry":
        """From these providers, or from the process's own."""
        return cls(
            trace.get_tracer(SCOPE, __version__, tracer_provider),
            _logs.get_logger(SCOPE, __version__, logger_provider),
        )


def configured() -> tuple[Provider, ...]:
    """The providers the process has set up; empty where OpenTelemetry is not set up."""
    return providers(trace.get_tracer_provider(), _logs.get_logger_provider(), metrics.get_meter_provider())


def own(settings: Settings) -> tuple[Telemetry, tuple[Provider, ...]]:
    """A pipeline of our own for a process without one: OTLP over HTTP to the analyzer.

    Returns:
        The pipeline, and its providers, which the caller shuts down.
    """
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk._logs import LoggerProvider as SdkLoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    headers = {"authorization": f"Bearer {settings.api_key}"} if settings.api_key else None
    base = settings.endpoint.rstrip("/")

    def url(signal: str) -> str | None:
        return f"{base}/v1/{signal}" if base else None

    tracers = SdkTracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(
        BatchSpanProcessor(
            OTLPSpanExporter(endpoint=url("traces"), headers=headers),
            max_queue_size=_QUEUE,
            schedule_delay_millis=_DELAY,
            max_export_batch_size=batch_size(settings),
        )
    )
    loggers = SdkLoggerProvider(shutdown_on_exit=False)
    loggers.add_log_record_processor(
        BatchLogRecordProcessor(
            OTLPLogExporter(endpoint=url("logs"), headers=headers),
            max_queue_size=_QUEUE,
            schedule_delay_millis=_DELAY,
            max_export_batch_size=_LOG_RECORDS,
        )
    )
    return Telemetry.of(tracers, loggers), providers(tracers, loggers)
