"""The durable log: an OTLP request is in it, on disk, before it is acknowledged."""

from sentric_analyzer.log.errors import (
    LogBusyError,
    LogCorruptError,
    LogError,
    LogHeldError,
    LogUnavailableError,
)
from sentric_analyzer.log.log import Limits, Log
from sentric_analyzer.log.record import Entry, Receipt, Record, Signal

__all__ = [
    "Entry",
    "Limits",
    "Log",
    "LogBusyError",
    "LogCorruptError",
    "LogError",
    "LogHeldError",
    "LogUnavailableError",
    "Receipt",
    "Record",
    "Signal",
]
