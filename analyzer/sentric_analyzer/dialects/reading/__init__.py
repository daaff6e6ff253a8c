"""Runs out of what spans tell, whichever conventions they are told in."""

from sentric_analyzer.dialects.reading.runs import RUN_ID_LIMIT, classified, runs_of

__all__ = ["RUN_ID_LIMIT", "classified", "runs_of"]
