"""The variables a rule may speak of: `run.*`, `action.*` or `observation.*`, and `signals.*`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

from sentric.events import Action, AnyEvent, Element, JsonValue, Message, Observation
from sentric.policy.families import NO_FAILURES
from sentric.policy.readers.words.text import leaves
from sentric.policy.rule import Scope
from sentric.policy.signals.family import Facts, variables
from sentric.policy.signals.registry import FAMILIES

Value: TypeAlias = bool | int | float | str | tuple[str, ...]


@dataclass(slots=True)
class RunFacts:
    """What is known of the run so far."""

    task: str = ""
    """The human's own words, all their turns."""
    agent: str = ""
    project: str = ""
    risk: int = 0
    """Sum of the risks of the actions executed so far."""
    strikes: int = 0
    """Refusals so far: three shut the agent down."""
    stopped: str = ""
    """Why an operator has stopped the agent, if so."""
    projected_risk: int = 0
    """That sum with the action in question, by the rules that do not ask for it."""
    evicted: tuple[str, ...] = ()
    """What the signals have had to forget since the event before, each told once in a run."""


_RUN: dict[str, tuple[Any, Callable[[RunFacts], Value]]] = {
    "run.task": (str, lambda run: run.task),
    "run.has_task": (bool, lambda run: bool(run.task)),
    "run.agent": (str, lambda run: run.agent),
    "run.project": (str, lambda run: run.project),
    "run.risk": (int, lambda run: run.risk),
    "run.strikes": (int, lambda run: run.strikes),
    "run.stopped": (str, lambda run: run.stopped),
    "run.projected_risk": (int, lambda run: run.projected_risk),
    "run.evicted": (tuple, lambda run: run.evicted),
}
_NO_ELEMENT = Element()
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)
_ACTION: dict[str, tuple[Any, Callable[[Action], Value]]] = {
    "action.tool": (str, lambda action: action.tool),
    "action.server": (str, lambda action: action.server),
    "action.kind": (str, lambda action: action.kind.value),
    "action.effects": (tuple, lambda action: tuple(sorted(action.effects))),
    "action.irreversible": (bool, lambda action: action.irreversible),
    "action.url": (str, lambda action: action.url),
    "action.arguments": (str, lambda action: compact(action.arguments)),
    "action.reasoning": (str, lambda action: action.reasoning.text),
    "action.truncated": (bool, lambda action: action.truncated),
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
_MESSAGE: dict[str, tuple[Any, Callable[[Message], Value]]] = {
    "message.text": (str, lambda message: message.text),
    "message.author": (str, lambda message: message.author.value),
}
_EVENTS: dict[Scope, Mapping[str, tuple[Any, Callable[[Any], Value]]]] = {
    Scope.ACTION: _ACTION,
    Scope.OBSERVATION: _OBSERVATION,
    Scope.MESSAGE: _MESSAGE,
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


Getter: TypeAlias = "Callable[[Moment], Value]"


class Moment:
    """An event, with all that a rule may ask of it; each value is made when it is first asked for."""

    __slots__ = ("_heads", "_known", "event", "facts", "failed", "run", "scope")

    def __init__(
        self,
        scope: Scope,
        run: RunFacts,
        event: AnyEvent,
        facts: tuple[Facts, ...],
        failed: Mapping[str, str] = NO_FAILURES,
    ) -> None:
        """Note what there is.

        Args:
            scope: what the event is judged as.
            run: the run so far.
            event: the action, observation or message.
            facts: what each family states about it, in the order of the registry.
            failed: the variables that cannot be told, each with the reason.
        """
        self.scope, self.run, self.event, self.facts, self.failed = scope, run, event, facts, failed
        self._known: dict[str, Value] = {}
        self._heads: dict[int, str] = {}

    def again(self) -> "Moment":
        """The same, with the run as it is now."""
        return Moment(self.scope, self.run, self.event, self.facts, self.failed)

    def value(self, name: str) -> Value:
        """The value of a declared variable."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = getter(name, self.scope)(self)
        return known

    def beginning(self, name: str, length: int) -> Value:
        """The value of a declared variable, of which no more than the first characters are of interest."""
        if name != "action.arguments" or not isinstance(self.event, Action) or name in self._known:
            return self.value(name)
        if length not in self._heads:
            self._heads[length] = compact({key: _head(value, length) for key, value in self.event.arguments.items()})
        return self._heads[length]


def signal(name: str) -> tuple[int, str] | None:
    """The family that states a variable, by its place in the registry, and its field; None for other variables."""
    found = _SIGNALS.get(name)
    return None if found is None else found[1:]


@cache
def getter(name: str, scope: Scope) -> Getter:
    """What gives the value of a declared variable in a scope."""
    if found := signal(name):
        index, of_facts = found[0], attrgetter(found[1])
        return lambda moment: of_facts(moment.facts[index])
    if of_event := _EVENTS[scope].get(name):
        read = of_event[1]
        return lambda moment: read(moment.event)
    of_run = _RUN[name][1]
    return lambda moment: of_run(moment.run)


def compact(arguments: Mapping[str, JsonValue]) -> str:
    """Arguments as one line of JSON, for matching and reading.

    Never fails: what JSON cannot hold, or is nested too deeply, is given as its texts, each with its key.
    """
    try:
        return _ENCODER.encode(arguments)
    except (RecursionError, ValueError, TypeError):
        return ",".join(f"{key}:{text}" for key, text in leaves(arguments))


def _head(value: JsonValue, length: int) -> JsonValue:
    """A value without what is written out beyond some characters, if it is a text."""
    return value[:length] if isinstance(value, str) else value


def describe(element: Element | None) -> str:
    """A page element as a person would point at it."""
    if element is None:
        return ""
    marks = "".join(f' {name}="{value}"' for name, value in (("type", element.type), ("name", element.name)) if value)
    return f"<{element.tag or '?'}{marks}>{element.text[:80]}"
