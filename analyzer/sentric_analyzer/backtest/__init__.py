"""Policies tried on recorded runs: what each would have decided, and what agents do when they are left alone."""

from sentric_analyzer.backtest.comparison import Comparison
from sentric_analyzer.backtest.document import backtest_document
from sentric_analyzer.backtest.habits import Habits
from sentric_analyzer.backtest.suggestion import Suggestion

__all__ = ["Comparison", "Habits", "Suggestion", "backtest_document"]
