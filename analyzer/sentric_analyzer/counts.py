"""What is told about the pipeline."""

from enum import StrEnum

from sentric_analyzer.assembly import Reason
from sentric_analyzer.declaration import Declaration, Kind


class Metric(StrEnum):
    """Name of a metric."""

    STORED = "sentric_pipeline_stored"
    TRACES = "sentric_pipeline_traces"
    FAILED = "sentric_pipeline_failed"
    FINDINGS = "sentric_pipeline_findings"
    FAIL_OPENS = "sentric_pipeline_fail_opens"
    INSERTS = "sentric_pipeline_insert_seconds"
    RELEASED = "sentric_assembly_released"
    DUPLICATES = "sentric_assembly_duplicates"
    OPEN = "sentric_assembly_open_traces"
    BYTES = "sentric_assembly_bytes"
    JUDGING = "sentric_judging_traces"
    READY = "sentric_ready"


METRICS = {
    Metric.STORED: Declaration("Spans, log records and judged runs stored.", "what", ("spans", "log_records", "runs")),
    Metric.TRACES: Declaration("Traces released for judging.", "reason", tuple(Reason)),
    Metric.FAILED: Declaration("What could not be read or judged.", "what", ("trace", "open_trace", "log")),
    Metric.FINDINGS: Declaration("Findings, counted anew each time a run is judged.", ("rule", "severity")),
    Metric.FAIL_OPENS: Declaration(
        "Actions that ran though no verdict on them could be made before.", "why", ("blind",)
    ),
    Metric.INSERTS: Declaration(
        "How long inserts took.", "into", ("otel_traces", "otel_logs", "agent_tables"), kind=Kind.SECONDS
    ),
    Metric.RELEASED: Declaration(
        "Traces released, those too that tell nothing of agents.", "reason", tuple(Reason), kind=Kind.WATCHED
    ),
    Metric.DUPLICATES: Declaration("Spans that came again while their trace was open.", kind=Kind.WATCHED),
    Metric.OPEN: Declaration("Traces that are being put together.", kind=Kind.GAUGE),
    Metric.BYTES: Declaration("Bytes of the spans of these.", kind=Kind.GAUGE),
    Metric.JUDGING: Declaration("Traces that wait to be judged.", kind=Kind.GAUGE),
    Metric.READY: Declaration("1 when everything that was sent before the last stop has been read.", kind=Kind.GAUGE),
}
