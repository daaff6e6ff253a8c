"""Where a mapping finds a value: in an attribute, or at a place in the JSON that an attribute holds.

A place is a singular query of JSONPath (RFC 9535): names and indexes only. It leads to one value at most, in as many
looks as it has steps, whatever the JSON is.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from sentric_analyzer.dialects.values import read

Step: TypeAlias = str | int

_FIRST = r"A-Za-z_\x80-\ud7ff\ue000-\U0010ffff"
_BLANKS = r"[ \t\n\r]*"
_STEP = re.compile(
    rf"{_BLANKS}(?:"
    rf"\.(?P<name>[{_FIRST}][0-9{_FIRST}]*)"
    rf"|\[{_BLANKS}(?:"
    r"(?P<index>0|-?[1-9][0-9]{0,15})"
    r'|"(?P<double>(?:[^"\\]|\\.)*)"'
    r"|'(?P<single>(?:[^'\\]|\\.)*)'"
    rf"){_BLANKS}\])"
)
_IN_SINGLE_QUOTES = re.compile(r"""\\'|\\.|\"""")


@dataclass(frozen=True, slots=True)
class Source:
    """An attribute, and the steps from what it holds to the value that is meant.

    A step into a text goes into what the text is JSON of, or what Python's own writing of it says: JSON within JSON
    is one way.
    """

    attribute: str
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, text: str) -> Self:
        """A source as it is written: `ATTRIBUTE`, or `ATTRIBUTE$.PLACE`.

        Raises:
            ValueError: it is not one; the message says why, and what can be written.
        """
        attribute, dollar, path = text.partition("$")
        if not attribute:
            raise ValueError("names no attribute: write ATTRIBUTE, or ATTRIBUTE$.NAME for a place in its JSON")
        if dollar and not path:
            raise ValueError("ends with $: leave that out for the whole attribute")
        return cls(attribute, _steps(path))


@dataclass(slots=True)
class Values:
    """The values of one span. A text is parsed once, however many sources lie in it."""

    attributes: Mapping[str, Any]
    _opened: dict[tuple[Step, ...], Any] = field(default_factory=dict[tuple[Step, ...], Any])
    """What is stepped into, by the way to it."""

    def at(self, source: Source) -> Any:
        """The value of a source; None where it is not there."""
        value = self.attributes.get(source.attribute)
        way: tuple[Step, ...] = (source.attribute,)
        for step in source.steps:
            if way not in self._opened:
                self._opened[way] = read(value)[0] if isinstance(value, str) else value
            value, way = _below(self._opened[way], step), (*way, step)
        return value


def _below(value: Any, step: Step) -> Any:
    match value, step:
        case dict(), str():
            return value.get(step)
        case list() | tuple(), int() if -len(value) <= step < len(value):
            return value[step]
        case _:
            return None


def _steps(path: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    position = 0
    while position < len(path):
        if not (found := _STEP.match(path, position)):
            raise ValueError(
                f"has no step that can be taken at {path[position:]!r}: write .NAME, ['NAME'] or [NUMBER]; "
                "wildcards, slices, filters and .. are not read"
            )
        steps.append(_step(found))
        position = found.end()
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    if found["name"] is not None:
        return found["name"]
    if found["index"] is not None:
        return int(found["index"])
    quoted = found["double"] if found["double"] is not None else _IN_SINGLE_QUOTES.sub(_as_double, found["single"])
    try:
        name = json.loads(f'"{quoted}"')
    except ValueError:
        raise ValueError(f"has a name that cannot be read, {found[0].strip()}: escape as in JSON") from None
    return str(name)


def _as_double(found: re.Match[str]) -> str:
    """A character of a name in single quotes, as it is written in double quotes."""
    return {"\\'": "'", '"': '\\"'}.get(found[0], found[0])
