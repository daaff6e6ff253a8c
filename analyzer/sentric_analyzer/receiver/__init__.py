"""OTLP in: gRPC and HTTP, checked and bounded, into the log."""

from sentric_analyzer.receiver.address import Address, PortError, parse_address
from sentric_analyzer.receiver.counts import METRICS, Counter
from sentric_analyzer.receiver.handover import Keys
from sentric_analyzer.receiver.supervised import ReceiverProcess

__all__ = [
    "METRICS",
    "Address",
    "Counter",
    "Keys",
    "PortError",
    "ReceiverProcess",
    "parse_address",
]
