"""OTLP in: gRPC and HTTP, checked and bounded, into the log."""

from sentric_analyzer.receiver.address import Address, PortError, parse_address
from sentric_analyzer.receiver.connection import Deadlines
from sentric_analyzer.receiver.counts import COUNTERS, Counter
from sentric_analyzer.receiver.projects import project_of, settle_projects
from sentric_analyzer.receiver.receiver import Receiver

__all__ = [
    "COUNTERS",
    "Address",
    "Counter",
    "Deadlines",
    "PortError",
    "Receiver",
    "parse_address",
    "project_of",
    "settle_projects",
]
