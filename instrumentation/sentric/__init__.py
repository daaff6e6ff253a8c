"""Security observability and control for AI agents, on OpenTelemetry."""

from importlib import import_module
from typing import TYPE_CHECKING

from sentric._version import __version__
from sentric.errors import ActionBlocked, SentricError
from sentric.settings import Settings

if TYPE_CHECKING:
    from sentric.guard.functions import acall, call, guard
    from sentric.guard.question import Verdict, aevaluate, evaluate
    from sentric.guard.stated_run import run
    from sentric.instrumentors._all import instrument
    from sentric.monitor import SentricMonitor

__all__ = [
    "ActionBlocked",
    "SentricError",
    "SentricMonitor",
    "Settings",
    "Verdict",
    "__version__",
    "acall",
    "aevaluate",
    "call",
    "evaluate",
    "guard",
    "instrument",
    "run",
]

_HEAVY = {
    "SentricMonitor": "sentric.monitor",
    "Verdict": "sentric.guard.question",
    "acall": "sentric.guard.functions",
    "aevaluate": "sentric.guard.question",
    "call": "sentric.guard.functions",
    "evaluate": "sentric.guard.question",
    "instrument": "sentric.instrumentors._all",
    "run": "sentric.guard.stated_run",
}
"""What is imported when it is first asked for, each with its module."""


def __getattr__(name: str) -> object:
    """Import what is heavy when it is first asked for."""
    if name == "guard":  # the package of that name, which may be called
        return import_module("sentric.guard")
    if name in _HEAVY:
        found = globals()[name] = getattr(import_module(_HEAVY[name]), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
