"""Spans as protobuf."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, TypeAlias

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from support.attributes import pairs

Value: TypeAlias = str | bool | int | float | Sequence[str]


class Sizes:
    """Draws how long spans are to be: most near the mean, some several times as long."""

    def __init__(self, random: Random, mean: float) -> None:
        self._random, self._mean, self._over = random, mean, 0.0

    def draw(self) -> int:
        """Bytes of the next span. What those before it are longer than drawn is taken off."""
        self._drawn = self._mean * self._random.gammavariate(4, 0.25)
        return round(self._drawn - self._over)

    def note(self, span: Span) -> None:
        """How long the span has become."""
        self._over += span.ByteSize() - self._drawn


def put(attributes: Any, values: Mapping[str, Value]) -> None:
    """Add attributes to a message's repeated `KeyValue`."""
    attributes.extend(pairs(values))


def scope_of(resource: Mapping[str, Value], scope: str, version: str) -> tuple[ResourceSpans, ScopeSpans]:
    """A resource without spans, and the one scope in it."""
    resource_spans = ResourceSpans()
    put(resource_spans.resource.attributes, resource)
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name, scope_spans.scope.version = scope, version
    return resource_spans, scope_spans


def request(of: Sequence[ResourceSpans]) -> bytes:
    """An Export request."""
    return ExportTraceServiceRequest(resource_spans=of).SerializeToString()
