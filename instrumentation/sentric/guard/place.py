"""Where in a run the code is that runs now: which run, which actions and model calls are under way.

It is kept in the OpenTelemetry context, beside the current span, so both go the same ways: into awaited calls, tasks
and threads that carry the context on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from secrets import token_bytes
from typing import TYPE_CHECKING, cast

from opentelemetry import context
from opentelemetry.trace import Span, set_span_in_context

from sentric.guard.boundary import shielded
from sentric.guard.bounded import Bounded

if TYPE_CHECKING:
    from sentric.guard.live_run import LiveRun

_KEY = context.create_key("sentric-place")
DIGEST_LIMIT = 1 << 22
"""Characters of arguments of which it can be told whether they are the same."""
_SEPARATORS = "-_./:"
"""What may stand between the prefix that a framework gives a tool and the tool's own name."""


@dataclass(eq=False)
class Call:
    """A tool call as one layer sees it, to know it again in the next layer that wraps the same call."""

    tool: str
    arguments: Mapping[str, object]
    server: str = ""
    is_over: bool = False
    """What it has left behind, a task or a thread, makes calls of its own."""

    @cached_property
    def digest(self) -> bytes:
        """Of the tool and its canonical arguments."""
        return sha256(self.tool.encode("utf-8", "replace") + b"\0" + self.given).digest()

    @cached_property
    def given(self) -> bytes:
        """Digest of the canonical arguments; computed only when two layers meet. Of too much, it is like no other."""
        whole = Bounded(DIGEST_LIMIT)
        canonical = json.dumps(whole.value(self.arguments), sort_keys=True)
        return sha256(canonical.encode("utf-8", "replace")).digest() if not whole.cut else token_bytes(32)

    def is_inside(self, outer: "Call") -> bool:
        """Whether an outer layer has judged this very call, perhaps by a name with a prefix: `files_read` for `read`.

        This is where a call escapes being judged, so it is the same only if nothing is known here that was not known
        there. The arguments are the same. The name here is all of the name there, or ends it after a separator: what a
        framework puts before it says more, not something else. And who knows here which server's tool it is judges by
        that server's definitions, pins and meanings in the policy; where that was not known there, it is judged again.
        A framework may know the server by a name of its own, and has judged by what the policy says of that.

        What is left to gain: code of the agent's own that is judged as `safe_delete` may call a server's `delete` with
        the same arguments, if it says itself that it is that server's. A model or a server writes no such code; they
        choose arguments, which must be the same, and names, of which the outer one is judged too.
        """
        if self.server and not outer.server:
            return False
        before = outer.tool.removesuffix(self.tool)
        is_named = bool(self.tool) and outer.tool.endswith(self.tool) and (not before or before[-1] in _SEPARATORS)
        return is_named and self.given == outer.given


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
        return any(call.is_inside(outer) for outer in self.calls if not outer.is_over)


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
