"""CEL conditions: compiled once, checked against declared variables, evaluated in one call for a whole rule list.

Every variable is declared with its own type, under its dotted name, so that a misspelt name or a wrong type is an
error when the rule is loaded. (Fields of a map would not be checked: a misspelt one would silently never match.)
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from sentric.errors import SentricError
from sentric.policy.variables import Scope, Value, declared

if TYPE_CHECKING:
    from cel_expr_python import cel  # 50 MB of code: loaded when the first condition is compiled

_NAME = re.compile(r"\b[a-z]\w*(?:\.\w+)+")
_POSITION = re.compile(r"<input>:(\d+):(\d+): ([^\n]*)")


REMEMBERED = 1024
"""Combinations of values whose outcome is kept, for each list of rules."""
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


class Conditions:
    """The conditions of a list of rules in one scope, compiled together."""

    def __init__(self, texts: Sequence[str], scope: Scope) -> None:
        """Compile the conditions.

        Raises:
            ExpressionError: a condition has a syntax error, an unknown name or a type error.
        """
        self._single = tuple(_compile(text, scope) for text in texts)
        self._all = _environment(scope).compile("[" + ",".join(_wrapped(text) for text in texts) + "]")
        self.names = tuple(sorted(set[str]().union(*(names(text, scope) for text in texts))))
        """The variables the conditions speak of: no other need be computed."""
        self._known: dict[tuple[Value, ...], list[bool | str]] = {}

    def evaluate(self, values: Mapping[str, Value]) -> "list[bool | str]":
        """Evaluate every condition.

        Args:
            values: a value for each of `names`, in their order.

        Returns:
            For each condition whether it holds, or a text that says why that cannot be told.
        """
        # Most events give the signals the very values of an event before: nothing to say.
        given = tuple(values.values())
        if (known := self._known.get(given)) is None:
            known = self._evaluate(values)
            self._remember(given, known)
        return known

    def _remember(self, given: tuple[Value, ...], outcome: "list[bool | str]") -> None:
        if all(len(value) <= SHORT for value in given if isinstance(value, str | tuple)):
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[given] = outcome

    def _evaluate(self, values: Mapping[str, Value]) -> "list[bool | str]":
        cleaned = {name: _clean(value) for name, value in values.items()}
        together = self._all.eval(data=cleaned)
        if together.type() != _types().ERROR:
            return cast("list[bool | str]", together.plain_value())
        return [_outcome(program.eval(data=cleaned)) for program in self._single]


def check(text: str, scope: Scope) -> None:
    """Compile a condition only to see that it can be.

    Raises:
        ExpressionError: it cannot.
    """
    _compile(text, scope)


def names(text: str, scope: Scope) -> set[str]:
    """The declared variables that a condition mentions."""
    known = declared(scope)
    found = set[str]()
    for dotted in _NAME.findall(text):
        parts = dotted.split(".")
        prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        found.update([prefix for prefix in prefixes if prefix in known][:1])
    return found


def _compile(text: str, scope: Scope) -> "cel.Expression":
    try:
        program = _environment(scope).compile(text)
        _environment(scope).compile("[" + _wrapped(text) + "]")  # as it will stand among others
    except RuntimeError as error:
        raise _readable(str(error)) from None
    if program.return_type() != _types().BOOL:
        raise ExpressionError("a condition must be true or false, but this has another type")
    return program


def _wrapped(text: str) -> str:
    """A condition as a list item; the line break ends a comment it may end with."""
    return f"({text}\n)"


def _readable(message: str) -> ExpressionError:
    if found := _POSITION.search(message):
        line, text = int(found[1]), found[3]
        return ExpressionError(text.replace(" (in container '')", ""), line)
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
