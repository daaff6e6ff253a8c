"""The one place where Sentric's own bugs are held back from the agent it observes.

Observing code must never change what the agent does, not even by failing. Whatever goes wrong in it ends here: it is
logged once for each place, and the agent goes on. The agent's own errors never come here. Enforcing code must not use
this: what it cannot decide, it refuses.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
D = TypeVar("D")

_logger = logging.getLogger("sentric")
_reported: set[tuple[str, str]] = set()
"""Bounded by the places there are in this code, times the types of errors."""


def shielded(default: D) -> Callable[[Callable[P, R]], Callable[P, R | D]]:
    """Make a function of ours safe to call from an agent: on a bug of ours it gives `default`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R | D]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R | D:
            try:
                return function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001  # the boundary: see the module's docstring
                report(function.__qualname__, error)
                return default

        return call

    return decorate


def report(place: str, error: Exception, what: str = "not recorded, the agent goes on") -> None:
    """Log a bug of ours, once for each place and type of error, with what comes of it."""
    kind = type(error).__name__
    if (place, kind) in _reported:
        return
    _reported.add((place, kind))
    line, frame = "?", error.__traceback__
    while frame is not None:
        line, frame = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}", frame.tb_next
    # Not the error's text: it may quote what the agent works with.
    _logger.error("sentric: %s at %s in %s: %s; please report this", kind, line, place, what)
