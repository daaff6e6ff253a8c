"""The three Export requests of OTLP."""

from dataclasses import dataclass

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from sentric_analyzer.log import Signal

_PACKAGE = "opentelemetry.proto.collector"


@dataclass(frozen=True, slots=True)
class Export:
    """One Export request and where it is sent."""

    name: str
    path: str
    """Of OTLP/HTTP."""
    service: str
    """Of OTLP/gRPC."""
    request: type[Message]
    response: type[Message]
    signal: Signal | None
    """What the log calls it; None: it is acknowledged and counted, and not kept."""


TRACES = Export(
    "traces",
    "/v1/traces",
    f"{_PACKAGE}.trace.v1.TraceService",
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
    Signal.TRACES,
)
LOGS = Export(
    "logs",
    "/v1/logs",
    f"{_PACKAGE}.logs.v1.LogsService",
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
    Signal.LOGS,
)
METRICS = Export(
    "metrics",
    "/v1/metrics",
    f"{_PACKAGE}.metrics.v1.MetricsService",
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
    None,
)
EXPORTS = (TRACES, LOGS, METRICS)
