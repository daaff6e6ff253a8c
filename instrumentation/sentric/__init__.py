"""Security observability and control for AI agents, on OpenTelemetry."""

from typing import TYPE_CHECKING

from sentric._version import __version__
from sentric.errors import SentricError
from sentric.settings import Settings

if TYPE_CHECKING:
    from sentric.monitor import SentricMonitor

__all__ = ["SentricError", "SentricMonitor", "Settings", "__version__"]


def __getattr__(name: str) -> object:
    """Import what is heavy when it is first asked for."""
    if name == "SentricMonitor":
        from sentric.monitor import SentricMonitor

        return SentricMonitor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
