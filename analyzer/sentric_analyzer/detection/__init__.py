"""Detection: the engine over recorded runs."""

from sentric_analyzer.detection.conversations import Conversations
from sentric_analyzer.detection.detect import detect

__all__ = ["Conversations", "detect"]
