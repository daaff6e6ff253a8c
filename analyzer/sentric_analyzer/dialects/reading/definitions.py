"""Definitions of the tools that a model is offered, as observations: they are text that the model reads."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import islice
from typing import Any

from sentric.events import Source
from sentric_analyzer.dialects.reading.entries import Shown
from sentric_analyzer.dialects.trace import Node
from sentric_analyzer.dialects.values import moment, objects, ordered, parsed, plain, text_of

FIRST = 1 << 20
"""Ordinal of a span's first definition: behind all parts of its messages."""
DEFINITIONS_LIMIT = 1024
"""Definitions of one span that are read."""
_SCHEMAS = ("parameters", "inputSchema", "input_schema", "schema", "parameters_json_schema")


class Definitions:
    """The definitions of one run, each told once, until it changes.

    Several agents of a run may have tools of the same name that differ: of another agent's tool, a name that is known
    is not told again, because that is no change.
    """

    def __init__(self) -> None:
        self._heard: dict[tuple[Hashable, object], None] = {}
        self._owners: dict[str, Hashable] = {}
        self._told: dict[str, set[str]] = {}

    def fresh(self, node: Node, stated: Sequence[Any], speaker: Hashable) -> Iterator[Shown]:
        """What a span tells that was not told before.

        Args:
            node: of a model or an agent.
            stated: its definitions, each an object, or JSON of one or of several.
            speaker: whose dialogue it is part of.
        """
        fresh = (one for one in stated if not isinstance(one, str) or self._is_new(speaker, one))
        records = islice((record for one in fresh for record in _records(one)), DEFINITIONS_LIMIT)
        for index, record in enumerate(records):
            name, text = _definition(record)
            told = self._told.setdefault(name, set())
            if not name or text in told or self._owners.setdefault(name, speaker) != speaker:
                continue
            told.add(text)
            yield Shown(
                time=moment(node.span.start),
                span_id=node.span.span_id,
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
    if isinstance(found, dict) and "function_tools" in found:  # Pydantic AI's, among other things of a request
        found = found["function_tools"]
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
    return name, ordered({key: plain(value) for key, value in definition.items() if value is not None})
