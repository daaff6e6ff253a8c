"""Where in a run the code is that runs now: which run, which actions and model calls are under way.

It is kept in the OpenTelemetry context, beside the current span, so both go the same ways: into awaited calls, tasks
and threads that carry the context on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, cast

from opentelemetry import context
from opentelemetry.trace import Span, set_span_in_context

from sentric.guard.boundary import shielded
from sentric.tracing.limits import encode, plain

if TYPE_CHECKING:
    from sentric.guard.live_run import LiveRun

_KEY = context.create_key("sentric-place")
_DIGEST_LIMIT = 1 << 20


@dataclass(frozen=True)
class Call:
    """A tool call as one layer sees it, to know it again in the next layer that wraps the same call."""

    tool: str
    arguments: Mapping[str, object]

    @cached_property
    def digest(self) -> bytes:
        """Of the tool and its canonical arguments; computed only when two layers meet."""
        entries = sorted((str(name), plain(value, _DIGEST_LIMIT)) for name, value in self.arguments.items())
        return sha256(encode([self.tool, [list(entry) for entry in entries]]).encode()).digest()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the code is."""

    run: "LiveRun"
    calls: tuple[Call, ...] = field(default=())
    """The tool calls under way, outermost first."""
    asking: bool = False
    """Whether a model is being asked."""

    def holds(self, call: Call) -> bool:
        """Whether this call is already under way, in an outer layer."""
        return any(call.digest == outer.digest for outer in self.calls)


def here() -> Place | None:
    """The place of the code that runs now; None outside of any run."""
    return cast("Place | None", context.get_value(_KEY))


class Stay:
    """Makes a place and its span the current ones, until it is left."""

    __slots__ = ("_place", "_token")

    def __init__(self, place: Place, span: Span) -> None:
        self._place = place
        self._token = context.attach(context.set_value(_KEY, place, set_span_in_context(span)))

    @shielded(None)
    def leave(self) -> None:
        """Go back to where it was before.

        Where a generator is closed by another task, this place is not current there, and nothing is to be undone.
        """
        if context.get_value(_KEY) is self._place:
            context.detach(self._token)
