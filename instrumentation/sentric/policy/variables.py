"""The variables a rule may speak of: `run.*`, `action.*` or `observation.*`, and `signals.*`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeAlias

from sentric.events import Action, AnyEvent, Element, JsonValue, Observation
from sentric.policy.signals.family import Facts, variables
from sentric.policy.signals.registry import FAMILIES

Value: TypeAlias = bool | int | float | str | tuple[str, ...]


class Scope(StrEnum):
    """What a rule looks at, and so which variables it has."""

    ACTION = "action"
    OBSERVATION = "observation"


@dataclass(slots=True)
class RunFacts:
    """What is known of the run so far."""

    task: str = ""
    """The human's own words, all their turns."""
    agent: str = ""


_RUN: dict[str, tuple[Any, Callable[[RunFacts], Value]]] = {
    "run.task": (str, lambda run: run.task),
    "run.has_task": (bool, lambda run: bool(run.task)),
    "run.agent": (str, lambda run: run.agent),
}
_NO_ELEMENT = Element()
_ACTION: dict[str, tuple[Any, Callable[[Action], Value]]] = {
    "action.tool": (str, lambda action: action.tool),
    "action.server": (str, lambda action: action.server),
    "action.kind": (str, lambda action: action.kind.value),
    "action.effects": (tuple, lambda action: tuple(sorted(action.effects))),
    "action.irreversible": (bool, lambda action: action.irreversible),
    "action.url": (str, lambda action: action.url),
    "action.arguments": (str, lambda action: compact(action.arguments)),
    "action.reasoning": (str, lambda action: action.reasoning.text),
    "action.element": (str, lambda action: describe(action.element)),
    "action.element.tag": (str, lambda action: (action.element or _NO_ELEMENT).tag),
    "action.element.type": (str, lambda action: (action.element or _NO_ELEMENT).type),
    "action.element.name": (str, lambda action: (action.element or _NO_ELEMENT).name),
    "action.element.text": (str, lambda action: (action.element or _NO_ELEMENT).text),
    "action.element.xpath": (str, lambda action: (action.element or _NO_ELEMENT).xpath),
}
_OBSERVATION: dict[str, tuple[Any, Callable[[Observation], Value]]] = {
    "observation.source": (str, lambda observation: observation.source.value),
    "observation.origin": (str, lambda observation: observation.origin),
    "observation.text": (str, lambda observation: observation.text),
}
_EVENTS: dict[Scope, Mapping[str, tuple[Any, Callable[[Any], Value]]]] = {
    Scope.ACTION: _ACTION,
    Scope.OBSERVATION: _OBSERVATION,
}
_SIGNALS: dict[str, tuple[Any, int, str]] = {
    f"signals.{name}": (kind, index, name)
    for index, family in enumerate(FAMILIES)
    for name, kind in variables(family.facts).items()
}


@cache
def declared(scope: Scope) -> dict[str, Any]:
    """Every variable of a scope and its Python type."""
    stated = {name: kind for name, (kind, _) in (*_RUN.items(), *_EVENTS[scope].items())}
    return stated | {name: kind for name, (kind, _, _) in _SIGNALS.items()}


def values(
    names: tuple[str, ...], scope: Scope, run: RunFacts, event: AnyEvent, facts: tuple[Facts, ...]
) -> dict[str, Value]:
    """The values of some variables.

    Args:
        names: declared names.
        scope: the scope they are of.
        run: the run so far.
        event: the action or observation.
        facts: what each family states about it, in the order of the registry.
    """
    bound: dict[str, Value] = {}
    for name in names:
        if signal := _SIGNALS.get(name):
            bound[name] = getattr(facts[signal[1]], signal[2])
        elif of_event := _EVENTS[scope].get(name):
            bound[name] = of_event[1](event)
        else:
            bound[name] = _RUN[name][1](run)
    return bound


def compact(arguments: Mapping[str, JsonValue]) -> str:
    """Arguments as one line of JSON, for matching and reading; never fails."""
    return json.dumps(arguments, ensure_ascii=False, separators=(",", ":"), default=str)


def describe(element: Element | None) -> str:
    """A page element as a person would point at it."""
    if element is None:
        return ""
    marks = "".join(f' {name}="{value}"' for name, value in (("type", element.type), ("name", element.name)) if value)
    return f"<{element.tag or '?'}{marks}>{element.text[:80]}"
