"""OpenTelemetry set up as its guide does: in batches, to where OTEL_EXPORTER_OTLP_ENDPOINT says."""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor


def trace_to_otlp(*, at_once: bool = False) -> TracerProvider:
    """Make the provider of this process. What is left in it is sent when the process ends; at once, nothing is left."""
    processor = SimpleSpanProcessor if at_once else BatchSpanProcessor
    provider = TracerProvider()
    provider.add_span_processor(processor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider
