"""Definitions of the tools that a model is offered, as observations: they are text that the model reads."""

import json
from collections.abc import Hashable, Iterator
from typing import Any

from sentric import semconv
from sentric.events import Observation, Source
from sentric_analyzer.dialects.values import moment, objects, parsed, plain, text_of
from sentric_analyzer.spans import Span

FIRST = 1 << 20
"""Ordinal of a span's first definition: behind all parts of its messages."""
DEFINITIONS_LIMIT = 1024
"""Definitions of one span that are read."""
_SCHEMAS = ("parameters", "inputSchema", "input_schema", "schema", "parameters_json_schema")
_REQUEST = "model_request_parameters"
"""Where pydantic-ai tells of tools, among other things, in spans older than the conventions."""


class Definitions:
    """The definitions of one run, each told once, until it changes.

    Several agents of a run may have tools of the same name that differ: of another agent's tool, a name that is known
    is not told again, because that is no change.
    """

    def __init__(self) -> None:
        self._heard: dict[tuple[Hashable, object], None] = {}
        self._owners: dict[str, Hashable] = {}
        self._told: dict[str, set[str]] = {}

    def fresh(self, span: Span, speaker: Hashable) -> Iterator[Observation]:
        """What a span tells that was not told before.

        Args:
            span: of a model or an agent.
            speaker: whose dialogue it is part of.
        """
        stated = span.attributes.get(semconv.GEN_AI_TOOL_DEFINITIONS, span.attributes.get(_REQUEST))
        if stated is None or (isinstance(stated, str) and not self._is_new(speaker, stated)):
            return
        for index, record in enumerate(_records(stated)[:DEFINITIONS_LIMIT]):
            name, text = _definition(record)
            told = self._told.setdefault(name, set())
            if not name or text in told or self._owners.setdefault(name, speaker) != speaker:
                continue
            told.add(text)
            yield Observation(
                sequence=0,
                time=moment(span.start),
                span_id=span.span_id,
                ordinal=FIRST + index,
                source=Source.TOOL_DEFINITION,
                origin=name,
                text=text,
            )

    def _is_new(self, speaker: Hashable, stated: str) -> bool:
        """Every call of a model tells the same definitions: they are read once."""
        known = (speaker, stated) in self._heard
        self._heard[speaker, stated] = None
        return not known


def _records(stated: Any) -> list[dict[Any, Any]]:
    found, _ = parsed(stated)
    if isinstance(found, dict) and "name" not in found:
        found = found.get("function_tools")
    return objects(found)[0]


def _definition(record: dict[Any, Any]) -> tuple[str, str]:
    """The tool's name and its definition, whatever an instrumentation calls their parts."""
    stated = record.get("function")
    found = stated if isinstance(stated, dict) else record
    name = text_of(found.get("name"))
    schema = next((found[key] for key in _SCHEMAS if found.get(key) is not None), None)
    if isinstance(schema, str):
        schema = text_of(schema)
    definition = {"name": name, "description": found.get("description"), "schema": schema}
    kept = {key: plain(value) for key, value in definition.items() if value is not None}
    return name, json.dumps(kept, ensure_ascii=False, sort_keys=True)
