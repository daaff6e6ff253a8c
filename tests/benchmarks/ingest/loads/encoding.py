"""Spans as protobuf."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

Value: TypeAlias = str | bool | int | float | Sequence[str]


def put(attributes: Any, values: Mapping[str, Value]) -> None:
    """Add attributes to a message's repeated `KeyValue`."""
    for key, value in values.items():
        attributes.add(key=key, value=_any(value))


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


def _any(value: Value) -> AnyValue:
    match value:
        case str():
            return AnyValue(string_value=value)
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case _:
            listed = AnyValue()
            for item in value:
                listed.array_value.values.add(string_value=item)
            return listed
