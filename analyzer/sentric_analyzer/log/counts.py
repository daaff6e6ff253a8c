"""What is told about the log."""

from enum import StrEnum

from sentric_analyzer.declaration import Declaration, Kind


class Metric(StrEnum):
    """Name of a metric."""

    CUT = "sentric_log_cut_bytes"
    LAG = "sentric_log_lag_bytes"
    LATE = "sentric_log_lag_seconds"
    FREE = "sentric_log_disk_free_bytes"


METRICS = {
    Metric.CUT: Declaration(
        "Bytes cut off the log at a start: of writes that a crash cut short, never acknowledged.", "reason", ("torn",)
    ),
    Metric.LAG: Declaration("Bytes that wait in the log to be stored.", kind=Kind.GAUGE),
    Metric.LATE: Declaration("Seconds for which what is stored next has waited in the log.", kind=Kind.GAUGE),
    Metric.FREE: Declaration("Bytes that are free on the log's disk.", kind=Kind.GAUGE),
}
