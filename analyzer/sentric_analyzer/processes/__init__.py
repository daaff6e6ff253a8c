"""Processes that belong to this one: started fresh, supervised, started again when they die, and never left behind."""

from sentric_analyzer.processes.child import Child
from sentric_analyzer.processes.cores import roam, together
from sentric_analyzer.processes.counts import METRICS, Counted, Counter, Sums
from sentric_analyzer.processes.messages import ChildError
from sentric_analyzer.processes.parent import Parent
from sentric_analyzer.processes.priority import IN_THE_BACKGROUND, give_way

__all__ = [
    "IN_THE_BACKGROUND",
    "METRICS",
    "Child",
    "ChildError",
    "Counted",
    "Counter",
    "Parent",
    "Sums",
    "give_way",
    "roam",
    "together",
]
