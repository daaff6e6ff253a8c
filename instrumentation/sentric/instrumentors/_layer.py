"""Our wrapper around a method of one object, shared by all who watch that object."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sentric.forks import process_lock
from sentric.guard.boundary import shielded

Wrapped: TypeAlias = Callable[..., Awaitable[Any]]
Wrapper: TypeAlias = Callable[[Wrapped, Any, Any, Any], Awaitable[Any]]
"""Makes the call in place of a method; given the method, its object, and the positional and keyword arguments."""
_laying = process_lock()
"""Reentrant: a block that is collected as garbage lifts its layers wherever that happens."""


@dataclass(slots=True, eq=False)
class _Layer:
    """Our wrapper of a method of one object. Agents that share the object share it, and the last one lifts it."""

    owner: Any
    name: str
    wrapper: Wrapped
    before: Any
    """What the object itself held under this name; None where it had the method from its class."""
    users: int = 0

    def lay(self) -> None:
        object.__setattr__(self.owner, self.name, self.wrapper)
        object.__setattr__(self.owner, _mark(self.name), self)

    @shielded(None)
    def lift(self) -> None:
        with _laying:
            self.users -= 1
            # One that somebody else has wrapped since stays where it is, so that theirs is not lost with it. The mark
            # stays too, for the next user; outside of a run the layer does nothing.
            if self.users or vars(self.owner).get(self.name) is not self.wrapper:
                return
            if self.before is None:
                object.__delattr__(self.owner, self.name)
            else:
                object.__setattr__(self.owner, self.name, self.before)
            object.__delattr__(self.owner, _mark(self.name))


@shielded(lambda: None)
def lay(owner: Any, name: str, wrapper: Wrapper) -> Callable[[], None]:
    """Let the calls of a method of one object go through `wrapper`.

    Returns:
        What ends this use. The object is as it was when all its uses have ended, in whatever order.
    """
    with _laying:
        layer: _Layer | None = vars(owner).get(_mark(name))
        if layer is None or layer.owner is not owner:  # a copy of an object brings along the mark of the other
            layer = _Layer(owner, name, _through(wrapper, getattr(owner, name), owner), vars(owner).get(name))
            layer.lay()
        layer.users += 1
    return layer.lift


def is_laid(owner: Any, name: str) -> bool:
    """Whether the calls of a method of one object go through a wrapper of ours."""
    return _mark(name) in getattr(owner, "__dict__", {})


def _through(wrapper: Wrapper, wrapped: Wrapped, owner: Any) -> Wrapped:
    async def observed(*args: Any, **kwargs: Any) -> Any:
        return await wrapper(wrapped, owner, args, kwargs)

    return observed


def _mark(name: str) -> str:
    return f"_sentric_{name}"
