"""Decisions for agents in any language: an action is redacted, judged by the engine, and decided about for good."""

from sentric_analyzer.deciding.asked import Asked, AskedError
from sentric_analyzer.deciding.claims import Claim, ClaimedRule
from sentric_analyzer.deciding.counts import METRICS, Metric
from sentric_analyzer.deciding.decider import Begun, Decider
from sentric_analyzer.deciding.scores import Scorer

__all__ = ["METRICS", "Asked", "AskedError", "Begun", "Claim", "ClaimedRule", "Decider", "Metric", "Scorer"]
