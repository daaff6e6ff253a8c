"""OTLP/JSON into protobuf messages.

protobuf's own JSON reader does not fit: OTLP writes trace and span ids in hex where protobuf has base64, and
wants unknown fields ignored. Rules: opentelemetry-proto, docs/specification.md, "JSON Protobuf Encoding".
"""

import base64
import binascii
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from sentric_analyzer.receiver.limits import check_json_items
from sentric_analyzer.receiver.refusal import Reason, Refusal

_HEX = frozenset({"traceId", "spanId", "parentSpanId"})


def parse_json(body: bytes, message: type[Message], most_items: int) -> Message:
    """An Export request from OTLP/JSON.

    Raises:
        Refusal: the body is not that, or has too many items.
    """
    try:
        document = json.loads(body)
        check_json_items(document, most_items)
        request = message()
        _fill(request, document, "the request")
    except RecursionError:
        raise Refusal(Reason.MALFORMED, "the body is nested too deep") from None
    except ValueError as error:
        raise Refusal(Reason.MALFORMED, f"the body is not valid OTLP/JSON: {error}") from None
    return request


def _fill(message: Message, value: object, name: str) -> None:
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object")
    table = _fields(message.DESCRIPTOR)
    for key, stated in cast(dict[str, object], value).items():
        if stated is None or (field := table.get(key)) is None:
            continue
        if field.oneof and message.WhichOneof(field.oneof):
            raise ValueError(f"{name} must have one value only")
        if field.repeated:
            _fill_repeated(getattr(message, field.name), field, stated, key)
        elif field.convert:
            setattr(message, field.name, field.convert(stated, key))
        else:
            child = getattr(message, field.name)
            child.SetInParent()
            _fill(child, stated, key)


def _fill_repeated(container: Any, field: "_Field", value: object, name: str) -> None:
    if not isinstance(value, list):
        raise ValueError(f"{name} must be an array")
    for item in cast(list[object], value):
        if field.convert:
            container.append(field.convert(item, name))
        else:
            _fill(container.add(), item, name)


_Convert = Callable[[object, str], object]


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    repeated: bool
    oneof: str
    convert: _Convert | None
    """From the JSON value, with the field's name for the error; None for a nested message."""


@cache
def _fields(descriptor: Descriptor) -> dict[str, _Field]:
    """Fields of a message by their names in JSON."""
    return {
        field.json_name: _Field(
            name=field.name,
            repeated=field.is_repeated,
            oneof=field.containing_oneof.name if field.containing_oneof else "",
            convert=_converter(field),
        )
        for field in descriptor.fields
    }


def _converter(field: FieldDescriptor) -> _Convert | None:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_MESSAGE:
            return None
        case FieldDescriptor.CPPTYPE_ENUM if field.enum_type:
            return _enum(field.enum_type)
        case FieldDescriptor.CPPTYPE_BOOL:
            return _boolean
        case FieldDescriptor.CPPTYPE_DOUBLE | FieldDescriptor.CPPTYPE_FLOAT:
            return _double
        case FieldDescriptor.CPPTYPE_STRING if field.type == FieldDescriptor.TYPE_BYTES:
            return _hex if field.json_name in _HEX else _base64
        case FieldDescriptor.CPPTYPE_STRING:
            return _string
        case kind:
            return _integer(*_RANGES[kind])


_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(1 << 31), 1 << 31),
    FieldDescriptor.CPPTYPE_INT64: (-(1 << 63), 1 << 63),
    FieldDescriptor.CPPTYPE_UINT32: (0, 1 << 32),
    FieldDescriptor.CPPTYPE_UINT64: (0, 1 << 64),
}


def _integer(low: int, high: int) -> _Convert:
    def convert(value: object, name: str) -> int:
        number = _whole(value)
        if number is None or not low <= number < high:
            raise ValueError(f"{name} must be a whole number from {low} to {high - 1}")
        return number

    return convert


def _whole(value: object) -> int | None:
    if isinstance(value, str):
        return int(value) if value.isascii() and value.removeprefix("-").isdigit() and len(value) <= 20 else None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _enum(descriptor: EnumDescriptor) -> _Convert:
    numbers = {value.name: value.number for value in descriptor.values}
    number_of = _integer(*_RANGES[FieldDescriptor.CPPTYPE_INT32])

    def convert(value: object, name: str) -> object:
        return numbers[value] if isinstance(value, str) and value in numbers else number_of(value, name)

    return convert


def _boolean(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value


def _double(value: object, name: str) -> float:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        with suppress(ValueError):
            return float(str(value))  # by way of text a number that is too large becomes infinite, as in JavaScript
    raise ValueError(f"{name} must be a number")


def _string(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a string")
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a pair: JavaScript cuts strings so, and the rest is worth having
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _hex(value: object, name: str) -> bytes:
    try:
        return binascii.unhexlify(value if isinstance(value, str) else "?")
    except ValueError:
        raise ValueError(f"{name} must be in hexadecimal") from None


def _base64(value: object, name: str) -> bytes:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a string of base64")
    plain = value.rstrip("=").translate(_FROM_URL_SAFE)
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        raise ValueError(f"{name} must be a string of base64") from None


_FROM_URL_SAFE = str.maketrans("-_", "+/")
