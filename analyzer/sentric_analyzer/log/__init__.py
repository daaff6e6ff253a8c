"""The durable log: an OTLP request is in it, on disk, before it is acknowledged."""

from sentric_analyzer.log.counts import METRICS
from sentric_analyzer.log.counts import Metric as LogMetric
from sentric_analyzer.log.errors import (
    LogBusyError,
    LogCorruptError,
    LogError,
    LogHeldError,
    LogUnavailableError,
)
from sentric_analyzer.log.limits import Limits
from sentric_analyzer.log.link import Link
from sentric_analyzer.log.reader import LogReader
from sentric_analyzer.log.record import Entry, Receipt, Record, Signal
from sentric_analyzer.log.set_aside import SET_ASIDE, SetAside
from sentric_analyzer.log.writer import LogWriter

__all__ = [
    "METRICS",
    "SET_ASIDE",
    "Entry",
    "Limits",
    "Link",
    "LogBusyError",
    "LogCorruptError",
    "LogError",
    "LogHeldError",
    "LogMetric",
    "LogReader",
    "LogUnavailableError",
    "LogWriter",
    "Receipt",
    "Record",
    "SetAside",
    "Signal",
]
