"""What the policy and the tools' definitions add to what an action is known to do."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sentric.events import Action, Kind, Observation, Source
from sentric.policy.readers.actions.effects import classify
from sentric.policy.rule import Tuning
from sentric.policy.tool_meaning import ToolMeaning

DEFINITION_LIMIT = 65_536
"""Longest definition that is read, in characters."""
DEFINITIONS_KEPT = 512
"""Definitions remembered; the one heard first is forgotten first."""
PARAMETERS_READ = 64
"""Parameters of one tool of which the names are remembered."""


@dataclass(frozen=True, slots=True)
class _Definition:
    description: str
    parameters: tuple[str, ...]
    read_only: bool | None


class KnownTools:
    """What is known of the tools of one run."""

    def __init__(self, tuning: Tuning) -> None:
        self.tune(tuning)
        self._definitions: OrderedDict[str, _Definition] = OrderedDict()

    def tune(self, tuning: Tuning) -> None:
        """Go on by another policy."""
        self._lexicon = tuning.lexicon

    def hear(self, observation: Observation) -> None:
        """Read a tool's definition; other observations say nothing."""
        if observation.source is Source.TOOL_DEFINITION and (found := _definition(observation.text)) is not None:
            self._definitions[observation.origin] = found
            while len(self._definitions) > DEFINITIONS_KEPT:
                self._definitions.popitem(last=False)

    def meant(self, action: Action) -> Action:
        """The action with the kind and effects it has under the policy; the same object where that changes nothing.

        The policy's word stands. A definition is its author's: it tells only of a tool of which nothing is known.
        """
        if self._lexicon and (stated := _stated(self._lexicon, action.tool, action.server)) is not None:
            effects = action.effects if stated.effects is None else frozenset(stated.effects)
            return replace(action, kind=stated.kind or action.kind, effects=effects)
        if action.kind is not Kind.OTHER or action.effects or not self._definitions:
            return action
        definition = self._definitions.get(f"{action.server}/{action.tool}") or self._definitions.get(action.tool)
        if definition is None:
            return action
        kind, found = classify(
            action.tool,
            action.arguments,
            action.element,
            description=definition.description,
            parameters=definition.parameters,
            read_only=definition.read_only,
        )
        return replace(action, kind=kind, effects=found) if found else action


@lru_cache(maxsize=1024)
def _stated(lexicon: tuple[ToolMeaning, ...], tool: str, server: str) -> ToolMeaning | None:
    return next((meaning for meaning in lexicon if meaning.is_about(tool, server)), None)


def _definition(text: str) -> _Definition | None:
    if len(text) > DEFINITION_LIMIT:
        return None
    try:
        stated = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(stated, dict):
        return None
    description = stated.get("description")
    return _Definition(description if isinstance(description, str) else "", _parameters(stated), _read_only(stated))


def _parameters(stated: Mapping[str, Any]) -> tuple[str, ...]:
    found = [stated[name] for name in ("schema", "inputSchema", "input_schema", "parameters") if name in stated]
    schema = found[0] if found else None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return tuple(properties)[:PARAMETERS_READ] if isinstance(properties, dict) else ()


def _read_only(stated: Mapping[str, Any]) -> bool | None:
    """The hint of MCP's tool annotations."""
    annotations = stated.get("annotations")
    hint = annotations.get("readOnlyHint") if isinstance(annotations, dict) else None
    return hint if isinstance(hint, bool) else None
