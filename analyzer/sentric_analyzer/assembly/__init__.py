"""Spans to complete traces, in bounded memory."""

from sentric_analyzer.assembly.assembler import Assembler, Reason, Released

__all__ = ["Assembler", "Reason", "Released"]
