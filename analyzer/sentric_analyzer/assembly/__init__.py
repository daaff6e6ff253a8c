"""Spans to complete traces, in bounded memory."""

from sentric_analyzer.assembly.assembler import Assembler, Reason, Released
from sentric_analyzer.assembly.trace import Times

__all__ = ["Assembler", "Reason", "Released", "Times"]
