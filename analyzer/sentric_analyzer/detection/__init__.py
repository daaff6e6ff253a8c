"""Detection: the engine over recorded runs."""

from sentric_analyzer.detection.conversations import Conversations
from sentric_analyzer.detection.detect import detect, with_former
from sentric_analyzer.detection.fixtures import fixture_document, stored_fixture
from sentric_analyzer.detection.judges import Judges, chosen_number
from sentric_analyzer.detection.messages import Judged, OverRun, Setup

__all__ = [
    "Conversations",
    "Judged",
    "Judges",
    "OverRun",
    "Setup",
    "chosen_number",
    "detect",
    "fixture_document",
    "stored_fixture",
    "with_former",
]
