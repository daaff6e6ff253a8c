"""Events as JSON objects and back: for rule examples, storage and reports.

An object has an `event` key (message, observation, action, outcome) and the event's fields; fields that hold their
default are left out. Reading is strict: an unknown key or a wrong value is an error that names it.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from sentric.errors import SentricError
from sentric.events import (
    Action,
    AgentState,
    AnyEvent,
    Author,
    Decision,
    Effect,
    Element,
    Kind,
    Message,
    Observation,
    Outcome,
    Reasoning,
    Score,
    Source,
)

_CLASSES: dict[str, type[AnyEvent]] = {
    "message": Message,
    "observation": Observation,
    "action": Action,
    "outcome": Outcome,
}
_NAMES = {cls: name for name, cls in _CLASSES.items()}
_ENUMS: dict[str, type[Author] | type[Source] | type[Kind] | type[Decision]] = {
    "author": Author,
    "source": Source,
    "kind": Kind,
    "decision": Decision,
}
_PARTS: dict[str, type[Element] | type[Reasoning] | type[AgentState] | type[Score]] = {
    "element": Element,
    "reasoning": Reasoning,
    "state": AgentState,
    "score": Score,
}
_TYPES: dict[str, type] = {"int": int, "str": str, "bool": bool}


class EventFormatError(SentricError):
    """A JSON object is not an event."""


def event_to_json(event: AnyEvent) -> dict[str, Any]:
    """An event as a JSON object, without fields that hold their default."""
    return {"event": _NAMES[type(event)], **_fields_to_json(event)}


def event_from_json(record: object, *, sequence: int | None = None) -> AnyEvent:
    """Read an event.

    Args:
        record: what `event_to_json` gives.
        sequence: used where the object has none.

    Raises:
        EventFormatError: the object is not an event; the message names the key.
    """
    if not isinstance(record, Mapping):
        raise EventFormatError(f"an event is an object, not {type(record).__name__}")
    values = dict(record)
    name = values.pop("event", None)
    cls = _CLASSES.get(name) if isinstance(name, str) else None
    if cls is None:
        raise EventFormatError(f"event is {name!r}: use one of {', '.join(_CLASSES)}")
    if sequence is not None:
        values.setdefault("sequence", sequence)
    return cls(**_values(cls, values, str(name)))


def _fields_to_json(part: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for field in fields(part):
        value = getattr(part, field.name)
        if not _is_default(field, value):
            out[field.name] = _value_to_json(value)
    return out


def _is_default(field: Field[Any], value: object) -> bool:
    if field.default_factory is not MISSING:
        return bool(value == field.default_factory())
    return field.default is not MISSING and bool(value == field.default)


def _value_to_json(value: Any) -> Any:
    match value:
        case Element() | Reasoning() | AgentState() | Score():
            return _fields_to_json(value)
        case frozenset():
            return sorted(str(item) for item in value)
        case Mapping():
            return dict(value)
        case _:
            return value


def _values(cls: type, record: Mapping[Any, Any], where: str) -> dict[str, Any]:
    known = {field.name: field for field in fields(cls)}
    if unknown := [str(key) for key in record if key not in known]:
        raise EventFormatError(f"{where} has no {unknown[0]!r}: it has {', '.join(known)}")
    required = [name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING]
    if missing := [name for name in required if name not in record]:
        raise EventFormatError(f"{where} needs {missing[0]!r}")
    return {key: _value(known[key], value, f"{where}.{key}") for key, value in record.items()}


def _value(field: Field[Any], value: Any, where: str) -> Any:
    if field.name in _ENUMS:
        return _member(_ENUMS[field.name], value, where)
    if field.name == "effects":
        return frozenset(_member(Effect, item, where) for item in _expect(list, value, where))
    if field.name in _PARTS:
        return _PARTS[field.name](**_values(_PARTS[field.name], _expect(dict, value, where), where))
    if field.name in {"arguments", "context"}:
        return dict(_expect(dict, value, where))
    return _expect(_TYPES[getattr(field.type, "__name__", str(field.type))], value, where)


def _member(enum: Any, value: Any, where: str) -> Any:
    try:
        return enum(value)
    except ValueError:
        raise EventFormatError(f"{where} is {value!r}: use one of {', '.join(enum)}") from None


def _expect(wanted: type, value: Any, where: str) -> Any:
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise EventFormatError(f"{where} is {type(value).__name__}: it must be {wanted.__name__}")
    return value
