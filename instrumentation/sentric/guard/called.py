"""What a program's own call looks like to the guard: its arguments by their names, and its result as text."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

from sentric.errors import SentricError
from sentric.events import Reasoning
from sentric.guard.boundary import shielded
from sentric.guard.bounded import copied
from sentric.guard.calls import Wanted
from sentric.tracing.limits import encode, plain

Context = Mapping[str, object] | Callable[[Mapping[str, object]], Mapping[str, object]] | None
"""What the caller asserts about an action: a mapping, or what makes one of the action's arguments."""

RESULT_LIMIT = 1 << 16
"""Characters of a result that are read: more than a span carries, so that what is cut there was redacted first."""
_OWN = frozenset({"self", "cls"})
_DATA = frozenset({type(None), bool, int, float, str, bytes, bytearray, list, tuple, dict, set, frozenset})
"""What no object of a program's own class is."""


def wanted(
    tool: str,
    arguments: Mapping[str, object],
    *,
    server: str = "",
    call_id: str = "",
    reasoning: str = "",
    context: Context = None,
) -> Wanted:
    """An action as it is now: of arguments that may still change, what they hold is kept.

    What is asserted comes first: a function of the arguments may change them, and what is done is what is judged.
    """
    asserted = (context(dict(arguments)) if callable(context) else context) or {}
    return Wanted(
        tool=tool,
        arguments={name: copied(value) for name, value in arguments.items()},
        server=server,
        call_id=call_id,
        reasoning=Reasoning(thinking=reasoning),
        context=asserted,
    )


def checked(tool: object, arguments: object) -> None:
    """See that an action is one.

    Raises:
        SentricError: it is none.
    """
    if not isinstance(tool, str) or not tool:
        raise SentricError(f"an action is named by a text, such as 'send_mail', and not by {type(tool).__name__}")
    if not isinstance(arguments, Mapping):
        cure = "decode them with json.loads first" if isinstance(arguments, str | bytes) else "use {name: value}"
        raise SentricError(f"the arguments of {tool} are a {type(arguments).__name__}, not a mapping: {cure}")
    if not all(isinstance(name, str) for name in cast("Mapping[object, object]", arguments)):
        raise SentricError(f"the arguments of {tool} are not all named by texts: use {{name: value}}")


def is_method(function: Callable[..., Any], signature: inspect.Signature) -> bool:
    """Whether a function's first parameter is the object, or the class, that it is a method of."""
    owner = str(getattr(function, "__qualname__", "")).rpartition(".")[0]
    in_class = bool(owner) and not owner.endswith("<locals>") and not inspect.ismethod(function)
    return in_class and next(iter(signature.parameters), "") in _OWN


def named(
    signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, has_self: bool
) -> dict[str, object]:
    """The arguments of a call by the names of its parameters; without the object that a method is of.

    Where they do not fit, which is for the function itself to say, they are named by their places.

    Args:
        signature: of the function.
        args: by their places.
        kwargs: by their names.
        has_self: whether the first parameter is that object. Plain data is none, whatever the parameter's name.
    """
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        return {str(place): value for place, value in enumerate(args)} | dict(kwargs)
    bound.apply_defaults()
    found: dict[str, object] = {}
    extra: dict[str, object] = {}
    for position, (name, parameter) in enumerate(signature.parameters.items()):
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            extra = bound.arguments[name]
        elif position or not has_self or type(bound.arguments[name]) in _DATA:
            found[name] = bound.arguments[name]
    return found | {name if name not in found else f"**{name}": value for name, value in extra.items()}


@shielded("")
def told(result: object) -> str:
    """What a call gave back, as a model may be shown it."""
    if result is None or inspect.isawaitable(result):
        return ""
    return result[:RESULT_LIMIT] if isinstance(result, str) else encode(plain(result, RESULT_LIMIT))[:RESULT_LIMIT]


class Parts:
    """What a call gives back little by little, as far as it is read."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = RESULT_LIMIT

    def add(self, part: object) -> None:
        """Take one more."""
        if self._room > 0:
            text = (part if isinstance(part, str) else f"{told(part)}\n")[: self._room]
            self._parts.append(text)
            self._room -= max(len(text), 1)

    @property
    def text(self) -> str:
        """All that was taken."""
        return "".join(self._parts)
