"""Guarded generators: an action that lasts as long as it gives items.

Between two items the code that asks for them is not inside the action: it must not pass for it, and what it calls is
judged by itself. So the action's place is the current one only while the generator itself runs.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial, wraps
from typing import Any

from opentelemetry import context, trace

from sentric.guard.called import Parts
from sentric.guard.calls import said
from sentric.guard.gate import Guarded
from sentric.guard.place import Stay, here

Begun = Callable[[tuple[Any, ...], Mapping[str, Any]], Guarded]
"""Makes the block of an action out of the arguments of its call."""


def guarded_generator(function: Callable[..., Any], begun: Begun) -> Callable[..., Any]:
    """A generator function that is judged when its first item is wanted."""

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        outside, parts = context.get_current(), Parts()
        with begun(args, kwargs) as action:
            inside = _inside(outside)
            if action.refusal is not None:
                raise action.refusal.error()
            with _noted(action, parts):
                made = function(*args, **kwargs)
                step = partial(next, made)
                while True:
                    try:
                        with inside():
                            item = step()
                    except StopIteration as end:
                        return end.value
                    parts.add(item)
                    try:
                        step = partial(made.send, (yield item))
                    except GeneratorExit:
                        with inside():
                            made.close()
                        raise
                    except BaseException as error:  # noqa: BLE001  # the generator's own business: it gets it
                        step = partial(made.throw, error)

    return guarded


def guarded_async_generator(function: Callable[..., Any], begun: Begun) -> Callable[..., Any]:
    """The same for an async generator function."""

    @wraps(function)
    async def guarded(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        outside, parts = context.get_current(), Parts()
        async with begun(args, kwargs) as action:
            inside = _inside(outside)
            if action.refusal is not None:
                raise action.refusal.error()
            with _noted(action, parts):
                made = function(*args, **kwargs)
                step = made.__anext__
                while True:
                    try:
                        with inside():
                            item = await step()
                    except StopAsyncIteration:
                        return
                    parts.add(item)
                    try:
                        step = partial(made.asend, (yield item))
                    except GeneratorExit:
                        with inside():
                            await made.aclose()
                        raise
                    except BaseException as error:  # noqa: BLE001  # the generator's own business: it gets it
                        step = partial(made.athrow, error)

    return guarded


@contextmanager
def _noted(action: Guarded, parts: Parts) -> Generator[None, None, None]:
    """Note how it ended: that nobody wants more of it is no error."""
    try:
        yield
    except GeneratorExit:
        action.finished(parts.text)
        raise
    except BaseException as error:
        action.finished(parts.text, said(error) or type(error).__name__, type(error).__qualname__)
        raise
    action.finished(parts.text)


def _inside(outside: context.Context) -> Callable[[], AbstractContextManager[None]]:
    """Leave the place that was just entered; what is given enters it again, for a while."""
    place, span = here(), trace.get_current_span()
    context.attach(outside)

    @contextmanager
    def inside() -> Generator[None, None, None]:
        if place is None:
            yield
            return
        stay = Stay(place, span)
        try:
            yield
        finally:
            stay.leave()

    return inside
