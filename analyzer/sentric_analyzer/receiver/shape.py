"""How many messages a protobuf request would grow to, found without letting it grow.

The body is parsed once with a schema in which every nested message is singular, and everything else is unknown.
protobuf merges what comes again for a singular field and keeps what it does not know as it came, so a million
attributes become one message that holds the bytes of all of them: memory stays near the size of the body. What is
missing from its bytes afterwards is the tags and lengths of the messages: two bytes or more for each.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from sentric_analyzer.receiver.refusal import Reason, Refusal

SMALLEST = 2
"""Bytes of an empty nested message: its tag and its length."""
_LONGEST_HEADER = 6
"""Bytes of tag and length that a merged message has itself, at most."""
_PACKAGE = "sentric.shape"
_LEAF = "Leaf"
_VALUE = AnyValue.DESCRIPTOR.full_name
"""The message that nests in itself. Its first level is parsed with the rest, and each further one by itself."""
_MOST_LEVELS = 50
"""Levels of values in values; protobuf parses fewer."""


def check_shape(body: bytes, message: type[Message], most: int) -> None:
    """Refuse a request that may hold more messages of any kind than `most`.

    None is missed; each over 127 bytes counts as up to two and a half.

    Raises:
        Refusal: it may hold more, or is not protobuf.
    """
    left = most
    shape = _shape(message.DESCRIPTOR)
    for _ in range(_MOST_LEVELS):
        if len(body) <= left * SMALLEST:
            return
        try:
            merged = shape.FromString(body)
        except DecodeError:
            raise Refusal(Reason.MALFORMED, "the body is not a valid protobuf message") from None
        kept = list(_merged(merged))
        missing = len(body) - merged.ByteSize() + _LONGEST_HEADER * len(kept)
        if (left := left - missing // SMALLEST) < 0:
            raise Refusal(Reason.TOO_MANY, "the request has too many values: send fewer in each")
        body = b"".join(each.SerializeToString() for each in kept if each.DESCRIPTOR.name == _LEAF)
        shape = _shape(AnyValue.DESCRIPTOR)
    raise Refusal(Reason.MALFORMED, "the body is nested too deep")


def _merged(message: Message) -> Iterator[Message]:
    """The messages under a merged one, a few dozen."""
    for _, child in message.ListFields():
        yield child
        yield from _merged(child)


@cache
def _shape(descriptor: Any) -> type[Message]:
    """A message as described above."""
    file = FileDescriptorProto(name=f"{descriptor.full_name}.shape", package=_PACKAGE, syntax="proto3")
    file.message_type.add(name=_LEAF)
    root = _add(file, descriptor, 1 if descriptor.full_name == _VALUE else 0)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{root}"))


def _add(file: FileDescriptorProto, descriptor: Any, level: int) -> str:
    """Add the shape of a message that lies in so many values; its name."""
    if level > 1 and descriptor.full_name == _VALUE:
        return _LEAF
    name = f"{descriptor.name}{level}"
    if any(message.name == name for message in file.message_type):
        return name
    message = file.message_type.add(name=name)
    for field in descriptor.fields:
        if child := field.message_type:
            added = _add(file, child, level + (child.full_name == _VALUE))
            message.field.add(
                name=field.name,
                number=field.number,
                type=FieldDescriptorProto.TYPE_MESSAGE,
                label=FieldDescriptorProto.LABEL_OPTIONAL,
                type_name=f".{_PACKAGE}.{added}",
            )
    return name
