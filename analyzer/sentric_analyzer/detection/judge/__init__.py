"""A language model's second opinion of runs that are over: it may add to what rules found, and lower nothing."""

from sentric_analyzer.detection.judge.counts import METRICS, Metric
from sentric_analyzer.detection.judge.wishes import KIND
from sentric_analyzer.detection.judge.worker import JudgeWorker

__all__ = ["KIND", "METRICS", "JudgeWorker", "Metric"]
