"""What one span tells, in the words that all conventions have in common: what a dialect makes of it."""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any, NamedTuple

from sentric.events import JsonValue
from sentric_analyzer.dialects.parts import NOTHING, Parts


class Operation(Enum):
    """What a span tells of."""

    AGENT = auto()
    MODEL = auto()
    TOOL = auto()


class Telling(NamedTuple):
    """What one span tells. Everything is as it was sent, and empty where it was not.

    Attributes:
        dialect: the name of the convention.
        model: that answered.
        given: what an agent or a model was told: instructions, messages, results.
        answer: what it said.
        definitions: of the tools it was offered, each an object, or JSON of one or of several.
        arguments: of a tool; None where they were not captured.
        cut: the arguments end in the middle.
        result: what the tool gave back; None where that was not captured.
        error: what went wrong; "" where nothing did.
        url: where it went.
    """

    dialect: str
    operation: Operation
    agent: str = ""
    agent_id: str = ""
    conversation: str = ""
    model: str = ""
    given: Parts = NOTHING
    answer: Parts = NOTHING
    definitions: Sequence[Any] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    tool: str = ""
    server: str = ""
    call_id: str = ""
    arguments: dict[str, JsonValue] | None = None
    cut: bool = False
    result: str | None = None
    error: str = ""
    url: str = ""
