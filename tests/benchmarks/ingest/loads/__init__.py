"""The loads there are: what each sends, and what must be found in it."""

import random
from collections.abc import Callable

from benchmarks.ingest.loads.agent import agent_templates
from benchmarks.ingest.loads.plain import plain_templates
from benchmarks.ingest.loads.templates import Template

TEMPLATE_SPANS = 10_000
"""Spans encoded before a run begins: 33 MB of text."""
SPANS_PER_REQUEST = {"plain": 200, "agent": 200, "small": 10}
"""Spans in one request where nothing else is asked for, by load."""
CONNECTIONS = {"plain": 8, "agent": 8, "small": 32}
"""Requests in flight where nothing else is asked for: each waits for the disk."""
MEAN_BYTES = 3300
"""Mean size of a span on the wire."""

_MAKERS: dict[str, Callable[[random.Random, int, int, int], list[Template]]] = {
    "plain": plain_templates,
    "agent": agent_templates,
    "small": plain_templates,
}


def templates(load: str, spans_per_request: int, *, seed: int, spans: int = TEMPLATE_SPANS) -> list[Template]:
    """The requests of a load, encoded; the same for the same seed.

    Args:
        load: a key of `SPANS_PER_REQUEST`.
        spans_per_request: spans in each request.
        seed: of the random draws.
        spans: about how many spans the templates hold together.
    """
    return _MAKERS[load](random.Random(seed), spans, spans_per_request, MEAN_BYTES)
