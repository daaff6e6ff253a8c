"""OTLP requests as Arrow, decoded outside Python.

The messages are those of OpenTelemetry, less what is not kept, and with one change: where a value can hold values
again, that part stays as its bytes, because Arrow has no type that holds itself. On the wire both are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from sentric_analyzer.storage.arrow import Array, compute

_NOT_KEPT = frozenset({
    "entity_refs",
    "dropped_attributes_count",
    "dropped_events_count",
    "dropped_links_count",
    "key_strindex",
    "string_value_strindex",
})  # fmt: skip
_NESTED = frozenset({"array_value", "kvlist_value"})


@dataclass(frozen=True, slots=True)
class Items:
    """What some requests hold, request after request: spans or log records.

    Attributes:
        fields: of the items, by name.
        scope_fields: of the scopes, by name, and `schema_url` of what holds them.
        resource_fields: of the resources, by name, and `schema_url` of what holds them.
        scope: the number of each item's scope.
        resource: the number of each scope's resource.
        request: the number of each resource's request.
    """

    fields: dict[str, Array]
    scope_fields: dict[str, Array]
    resource_fields: dict[str, Array]
    scope: Array
    resource: Array
    request: Array


def read_spans(bodies: Sequence[bytes]) -> Items:
    """The spans of `ExportTraceServiceRequest`s that are known to be valid."""
    return _items(_handler("opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest"), bodies, "spans")


def read_logs(bodies: Sequence[bytes]) -> Items:
    """The records of `ExportLogsServiceRequest`s that are known to be valid."""
    return _items(_handler("opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest"), bodies, "log_records")


def fields_of(messages: Array) -> dict[str, Array]:
    """The fields of messages by name; those of a message that is not there are null."""
    return dict(zip((field.name for field in messages.type), messages.flatten(), strict=True))


def counts_of(lists: Array) -> Any:
    """How many items each list has, as numpy integers; none where there is no list."""
    return compute().fill_null(compute().list_value_length(lists), 0).to_numpy(zero_copy_only=False)


def _items(handler: Any, bodies: Sequence[bytes], name: str) -> Items:
    batch = handler.list_to_record_batch(list(bodies))
    outer, request = _unfold(batch.column(0))
    by_resource = fields_of(outer)
    scopes_name = next(field for field in by_resource if field.startswith("scope_"))
    middle, resource = _unfold(by_resource[scopes_name])
    by_scope = fields_of(middle)
    inner, scope = _unfold(by_scope[name])
    return Items(
        fields=fields_of(inner),
        scope_fields={**fields_of(by_scope["scope"]), "schema_url": by_scope["schema_url"]},
        resource_fields={**fields_of(by_resource["resource"]), "schema_url": by_resource["schema_url"]},
        scope=scope,
        resource=resource,
        request=request,
    )


def _unfold(lists: Array) -> tuple[Array, Array]:
    """The items of lists behind each other, and the number of each item's list."""
    import numpy as np

    return lists.flatten(), np.repeat(np.arange(len(lists)), counts_of(lists))


@cache
def _handler(name: str) -> Any:
    import ptars

    pool = _pool()
    descriptor = pool.FindMessageTypeByName(name)
    return ptars.HandlerPool([descriptor.file]).get_for_message(descriptor)


@cache
def _pool() -> DescriptorPool:
    pool = DescriptorPool()
    for module in (trace_service_pb2, logs_service_pb2):
        _add(pool, module.DESCRIPTOR)
    return pool


def _add(pool: DescriptorPool, file: FileDescriptor) -> None:
    for needed in file.dependencies:
        _add(pool, needed)
    shape = FileDescriptorProto()
    file.CopyToProto(shape)
    del shape.service[:]
    for message in shape.message_type:
        _reshape(message)
    pool.AddSerializedFile(shape.SerializeToString())


def _reshape(message: DescriptorProto) -> None:
    for field in message.field:
        if field.name in _NESTED:
            field.type = FieldDescriptorProto.TYPE_BYTES
            field.ClearField("type_name")
    kept = [field for field in message.field if field.name not in _NOT_KEPT]
    del message.field[:]
    message.field.extend(kept)
    for nested in message.nested_type:
        _reshape(nested)
