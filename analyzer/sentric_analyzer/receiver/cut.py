"""Values that are too long are cut, and said to be.

Refusing the request instead would let a page blind us: one huge text in one span would cost all the spans sent with
it.
"""

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from sentric import semconv
from sentric_analyzer.receiver.shape import SMALLEST

_VALUE = AnyValue.DESCRIPTOR.full_name
_BODY = "body"
"""What stands for the key where the body of a log record was cut."""


def cut_values(request: Message, most: int) -> int:
    """Cut strings and bytes of attributes and log bodies to `most` bytes; how many were cut.

    A span or log record of which something was cut says so: the keys are added to its `sentric.truncated`.
    """
    return sum(_cut_under(part, most) for part in _parts(request) if part.ByteSize() > most)


def _parts(request: Message) -> Iterator[Any]:
    """Resources, scopes, spans and log records: their own sizes are asked, which is cheaper than that of the whole."""
    for outer in _children(request):
        for inner in _children(outer):
            if inner.DESCRIPTOR.name in ("ScopeSpans", "ScopeLogs"):
                yield from _children(inner)
            else:
                yield inner


def _cut_under(message: Any, most: int) -> int:
    """Cut what lies in a message that may hold something too long."""
    kind = message.WhichOneof("value") if message.DESCRIPTOR.full_name == _VALUE else None
    if kind in ("string_value", "bytes_value"):
        return _cut(message, kind, most)
    total = 0
    keys: list[str] = []
    for child in [child for child in _children(message, most) if child.ByteSize() > most]:
        if count := _cut_under(child, most):
            total += count
            keys.append(_BODY if child.DESCRIPTOR.full_name == _VALUE else getattr(child, "key", ""))
    if keys and message.DESCRIPTOR.name in ("Span", "LogRecord"):
        _mark(message, [key for key in keys if key])
    return total


def _cut(value: Any, kind: str, most: int) -> int:
    stated = getattr(value, kind)
    data = stated.encode() if isinstance(stated, str) else stated
    if len(data) <= most:
        return 0
    setattr(value, kind, data[:most].decode(errors="ignore") if isinstance(stated, str) else data[:most])
    return 1


def _mark(message: Any, keys: list[str]) -> None:
    """Say which attributes were cut, beside those of which the sender says so."""
    marks = [attribute for attribute in message.attributes if attribute.key == semconv.SENTRIC_TRUNCATED]
    mark = marks[0] if marks else message.attributes.add(key=semconv.SENTRIC_TRUNCATED)
    named = mark.value.array_value.values
    said = {value.string_value for value in named}
    for key in keys:
        if key not in said:
            named.add(string_value=key)


def _children(message: Message, most: int = 0) -> Iterator[Any]:
    """The messages in a message; not those of a field that takes no more than `most` bytes and 2 for each of them."""
    size = message.ByteSize() if most else 0
    for field, value in message.ListFields():
        if field.message_type and not field.is_repeated:
            yield value
        elif field.message_type and (not most or size - SMALLEST * len(value) >= most):
            yield from value
