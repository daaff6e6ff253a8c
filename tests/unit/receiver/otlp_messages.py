"""Random OTLP messages, and their OTLP/JSON as the specification has it."""

import base64
import math
import random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

_IDS = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
_BITS = {
    FieldDescriptor.CPPTYPE_INT32: (31, True),
    FieldDescriptor.CPPTYPE_INT64: (63, True),
    FieldDescriptor.CPPTYPE_UINT32: (32, False),
    FieldDescriptor.CPPTYPE_UINT64: (64, False),
}
_TEXTS = ("", "gen_ai.tool.name", "päivä ‹»", "a\0b", "\U0001f600", "x" * 200)
_DOUBLES = (0.0, -1.5, 1e300, math.inf, -math.inf, math.nan)


def random_message(kind: type[Message], source: random.Random, depth: int = 7) -> Message:
    """A message with some of its fields set, all the way down."""
    message = kind()
    _fill(message, source, depth)
    return message


def _fill(message: Message, source: random.Random, depth: int) -> None:
    for field in message.DESCRIPTOR.fields:
        taken = field.containing_oneof and message.WhichOneof(field.containing_oneof.name)
        if taken or source.random() < 0.3 or (field.message_type and not depth):
            continue
        if field.is_repeated:
            container = getattr(message, field.name)
            for _ in range(source.randrange(3)):
                if field.message_type:
                    _fill(container.add(), source, depth - 1)
                else:
                    container.append(_scalar(field, source))
        elif field.message_type:
            child = getattr(message, field.name)
            child.SetInParent()
            _fill(child, source, depth - 1)
        else:
            setattr(message, field.name, _scalar(field, source))


def _scalar(field: FieldDescriptor, source: random.Random) -> Any:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_BOOL:
            return source.random() < 0.5
        case FieldDescriptor.CPPTYPE_DOUBLE:
            return source.choice(_DOUBLES)
        case FieldDescriptor.CPPTYPE_ENUM:
            return source.randrange(len(field.enum_type.values))
        case FieldDescriptor.CPPTYPE_STRING if field.type == FieldDescriptor.TYPE_BYTES:
            return source.randbytes(_IDS.get(field.name, source.randrange(5)))
        case FieldDescriptor.CPPTYPE_STRING:
            return source.choice(_TEXTS)
        case kind:
            bits, signed = _BITS[kind]
            return source.choice((0, 1, (1 << bits) - 1, -(1 << bits) if signed else 7, source.getrandbits(bits)))


def to_json(message: Message, source: random.Random) -> dict[str, Any]:
    """OTLP/JSON in one of its spellings: 64-bit numbers as strings or not, ids in any case, enums by name or not."""
    return {
        field.json_name: [_json(field, item, source) for item in value]
        if field.is_repeated
        else _json(field, value, source)
        for field, value in message.ListFields()
    } | {"someFutureField": {"x": [1]}, "absent": None}


def _json(field: FieldDescriptor, value: Any, source: random.Random) -> Any:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_MESSAGE:
            return to_json(value, source)
        case FieldDescriptor.CPPTYPE_ENUM:
            return source.choice((value, field.enum_type.values_by_number[value].name))
        case FieldDescriptor.CPPTYPE_STRING if field.type == FieldDescriptor.TYPE_BYTES and field.name in _IDS:
            return source.choice((value.hex(), value.hex().upper()))
        case FieldDescriptor.CPPTYPE_STRING if field.type == FieldDescriptor.TYPE_BYTES:
            standard = base64.b64encode(value).decode()
            return source.choice((standard, standard.rstrip("="), base64.urlsafe_b64encode(value).decode()))
        case FieldDescriptor.CPPTYPE_DOUBLE if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case FieldDescriptor.CPPTYPE_INT64 | FieldDescriptor.CPPTYPE_UINT64:
            return source.choice((value, str(value)))
        case _:
            return value
