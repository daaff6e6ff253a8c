"""CEL conditions: compiled once, checked against declared variables.

Every variable is declared with its own type, under its dotted name, so that a misspelt name or a wrong type is an
error when the rule is loaded. (Fields of a map would not be checked: a misspelt one would silently never match.)
"""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from sentric.errors import SentricError
from sentric.policy.document import near
from sentric.policy.rule import Scope
from sentric.policy.syntax import asked_if_empty, names, needs
from sentric.policy.variables import Value, declared

if TYPE_CHECKING:
    from cel_expr_python import cel  # 50 MB of code: loaded when the first condition is compiled

_UNDECLARED = re.compile(r"undeclared reference to '([\w.]+)'")
_MIXED = re.compile(r"\((?:double, (?:list\()?int|int, (?:list\()?double)")
_OF_NUMBERS = ": a decimal is not compared with a whole number, write 100.0 for 100"
_POSITION = re.compile(r"<input>:(\d+):(\d+): ([^\n]*)")


REMEMBERED = 256
"""Combinations of values whose outcome is kept, for each condition."""
SHORT = 64
"""Longest value, in characters or items, of a combination that is kept."""


class ExpressionError(SentricError):
    """A condition cannot be compiled.

    Attributes:
        line: line within the condition, from 1.
    """

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


class Condition:
    """A condition of one rule in one scope."""

    def __init__(self, text: str, scope: Scope) -> None:
        """Compile a condition.

        Raises:
            ExpressionError: it has a syntax error, an unknown name or a type error.
        """
        self._program = _compile(text, scope)
        self.names = tuple(sorted(names(text, declared(scope))))
        """The variables it speaks of: no other need be known."""
        self.needs = needs(text, declared(scope))
        """Variables without any of which it is false, see `sentric.policy.syntax.needs`."""
        if_empty = asked_if_empty(text, declared(scope))
        self._if_empty = tuple(
            (at, "x" if declared(scope)[name] is str else ("x",))
            for at, name in enumerate(self.names)
            if name in if_empty
        )
        self._known: dict[tuple[Value, ...], bool | str] = {}

    def evaluate(self, values: tuple[Value, ...]) -> bool | str:
        """Evaluate the condition.

        Args:
            values: a value for each of `names`, in their order.

        Returns:
            Whether it holds, or a text that says why that cannot be told.
        """
        if self._if_empty:
            values = self._alike(values)
        known = self._known.get(values)
        if known is None:
            given = {name: _clean(value) for name, value in zip(self.names, values, strict=True)}
            known = _outcome(self._program.eval(data=given))
            self._remember(values, known)
        return known

    def _alike(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The values with all those made alike of which the condition asks only whether they are empty."""
        alike = list(values)
        for at, something in self._if_empty:
            if alike[at]:
                alike[at] = something
        return tuple(alike)

    def _remember(self, values: tuple[Value, ...], outcome: bool | str) -> None:
        # Most events give the signals the very values of an event before.
        if all(len(value) <= SHORT for value in values if isinstance(value, str | tuple)):
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[values] = outcome


def check(text: str, scope: Scope) -> None:
    """Compile a condition only to see that it can be.

    Raises:
        ExpressionError: it cannot.
    """
    _compile(text, scope)


@lru_cache(maxsize=2048)
def _compile(text: str, scope: Scope) -> "cel.Expression":
    try:
        program = _environment(scope).compile(text)
    except RuntimeError as error:
        raise _readable(str(error), tuple(declared(scope))) from None
    if program.return_type() != _types().BOOL:
        raise ExpressionError("a condition must be true or false, but this has another type")
    return program


def _readable(message: str, known: tuple[str, ...]) -> ExpressionError:
    if found := _POSITION.search(message):
        line, text = int(found[1]), found[3].replace(" (in container '')", "")
        unknown = _UNDECLARED.match(text)
        cure = near(unknown[1], known) if unknown else _OF_NUMBERS if _MIXED.search(text) else ""
        return ExpressionError(text + cure, line)
    return ExpressionError(" ".join(message.split())[:200])


def _outcome(value: "cel.Value") -> bool | str:
    if value.type() == _types().ERROR:
        return " ".join(str(value.value()).split())[:200]
    return bool(value.value())


def _clean(value: Value) -> Value:
    """Replace lone surrogates, which the evaluator refuses."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, tuple):
        return [_clean(item) for item in value]  # type: ignore[return-value]  # the evaluator knows lists only
    return value


@cache
def _environment(scope: Scope) -> "cel.Env":
    from cel_expr_python import cel

    return cel.NewEnv(variables={name: _cel_type(kind) for name, kind in declared(scope).items()})


def _cel_type(kind: Any) -> "cel.Type":
    types = _types()
    return {bool: types.BOOL, int: types.INT, float: types.DOUBLE, str: types.STRING}.get(kind) or types.List(
        types.STRING
    )


@cache
def _types() -> Any:
    from cel_expr_python import cel

    return cel.Type
